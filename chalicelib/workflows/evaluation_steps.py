"""How an evaluation tells how far it is, for whoever shows it."""

from __future__ import annotations

from typing import Protocol


class Advance(Protocol):
    def __call__(self, step: str, count: int, total: int | None = None, /) -> None:
        """So much more of a step is done. `total`: of the whole step, where that is known."""


def pass_over(_step: str, _count: int, _total: int | None = None, /) -> None:
    """Nobody looks."""
