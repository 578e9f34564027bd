"""Rhythms written as text: a bar is a string, a step a character. `-` holds, `.` rests, `X`, `x` and `o` are loud, normal, soft."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

ACCENTS = {"X": 1.0, "x": 0.8, "o": 0.5}


@dataclass(frozen=True, slots=True)
class Step:
    """Where a stroke falls and how long it lasts, as shares of the bar; `symbol` says how loud, or which degree or voice."""

    start: float
    length: float
    symbol: str

    @property
    def velocity(self) -> float:
        return ACCENTS.get(self.symbol, 0.8)


@lru_cache(maxsize=512)
def read_pattern(pattern: str) -> tuple[Step, ...]:
    """The strokes of one bar. Spaces only separate groups for the eye."""
    cells = pattern.replace(" ", "")
    steps: list[Step] = []
    for i, symbol in enumerate(cells):
        if symbol in ".-":
            continue
        held = len(cells[i + 1 :]) - len(cells[i + 1 :].lstrip("-"))
        steps.append(Step(i / len(cells), (1 + held) / len(cells), symbol))
    return tuple(steps)
