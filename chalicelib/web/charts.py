"""Bars for the statistics' pictures: numbers to places in an SVG's own coordinates. Colours, type and words are the templates'."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 720.0, 160.0
_GAP = 0.28  # of a bar's place
_LEAST = 3.0  # a bar that is there must be seen


@dataclass(frozen=True, slots=True)
class Column:
    label: str  # for the table, whole
    tick: str  # under the bar, where there is room
    plays: int
    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 2)


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    url: str
    plays: int
    percent: float  # of the longest


def make_columns(values: Sequence[tuple[str, str, int]]) -> tuple[Column, ...]:
    """Of (label, tick, plays)."""
    most = max((plays for _, _, plays in values), default=0) or 1
    place = WIDTH / max(1, len(values))
    return tuple(
        _make_column(label, tick, plays, x=(number + _GAP / 2) * place, width=place * (1 - _GAP), share=plays / most)
        for number, (label, tick, plays) in enumerate(values)
    )


def _make_column(label: str, tick: str, plays: int, *, x: float, width: float, share: float) -> Column:
    height = max(_LEAST, HEIGHT * share) if plays else 0.0
    return Column(label, tick, plays, round(x, 2), round(HEIGHT - height, 2), round(width, 2), round(height, 2))


def make_rows(values: Sequence[tuple[str, str, int]]) -> tuple[Row, ...]:
    """Of (name, link, plays), the greatest first."""
    most = max((plays for _, _, plays in values), default=0) or 1
    return tuple(Row(name, url, plays, round(100 * plays / most, 1)) for name, url, plays in values)
