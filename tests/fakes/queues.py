"""The queues and the play publisher in memory: they record what they were asked, and fail when told to."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.model import Play, StoredObject
from tests.fakes.switchable import Switchable, answering


class FakeBuildQueue(Switchable):
    store = "the build queue"

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[int] = []  # the delays asked for

    @answering
    def request_build(self, *, delay_s: int) -> None:
        self.requests.append(delay_s)


class FakeUploadQueue(Switchable):
    store = "the uploads queue"

    def __init__(self) -> None:
        super().__init__()
        self.queued: list[StoredObject] = []

    @answering
    def queue_object(self, stored: StoredObject) -> None:
        self.queued.append(stored)


class FakePlayPublisher(Switchable):
    """`is_down`: acknowledges nothing, raises nothing. `refused`: event ids that are never acknowledged."""

    store = "Kafka"

    def __init__(self) -> None:
        super().__init__()
        self.published: list[tuple[Play, str]] = []
        self.refused: set[str] = set()

    def publish(self, plays: Sequence[tuple[Play, str]], *, timeout_s: float) -> list[str]:
        with self.lock:
            self.calls.append("publish")
            if self.is_down:
                return []
            sent = [(play, title) for play, title in plays if play.event_id not in self.refused]
            self.published.extend(sent)
            return [play.event_id for play, _ in sent]
