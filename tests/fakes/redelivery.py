"""The visibility of messages in memory: it records which were put off, and for how long."""

from __future__ import annotations

from tests.fakes.switchable import Switchable, answering


class FakeRedelivery(Switchable):
    store = "the queue"

    def __init__(self) -> None:
        super().__init__()
        self.put_off: list[tuple[str, int]] = []
        self.sent_again: list[tuple[str, int]] = []

    @answering
    def retry_after(self, receipt_handle: str, *, delay_s: int) -> None:
        self.put_off.append((receipt_handle, delay_s))

    @answering
    def send_again(self, body: str, *, delay_s: int) -> None:
        self.sent_again.append((body, delay_s))
