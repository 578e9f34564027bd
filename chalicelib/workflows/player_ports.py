"""What the player's workflows ask of the world outside. Implemented in `storage`, and in memory by `tests/fakes`."""

from __future__ import annotations

from typing import Protocol

from chalicelib.model import Listening


class ListeningStore(Protocol):
    def save(self, listening: Listening) -> bool:
        """False, and nothing is changed, where a later change (by changed_at) is there. The same again is True."""

    def find(self, user_id: str) -> Listening | None: ...

    def remove(self, user_id: str) -> None:
        """One that is not there is no error."""
