"""Where each listener stopped, in memory."""

from __future__ import annotations

from msgspec.structs import replace

from chalicelib.model import Listening
from chalicelib.storage.times import truncate_time
from tests.fakes.switchable import Switchable, answering


class FakeListeningStore(Switchable):
    store = "listening"

    def __init__(self) -> None:
        super().__init__()
        self.listening: dict[str, Listening] = {}

    @answering
    def save(self, listening: Listening) -> bool:
        given = replace(listening, changed_at=truncate_time(listening.changed_at))
        known = self.listening.get(given.user_id)
        if known is not None and known.changed_at > given.changed_at:
            return False
        self.listening[given.user_id] = given
        return True

    @answering
    def find(self, user_id: str) -> Listening | None:
        return self.listening.get(user_id)

    @answering
    def remove(self, user_id: str) -> None:
        self.listening.pop(user_id, None)
