"""Parts a list of recommendations into a first row, the best of all, and rows that each have one played song as their reason. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

import msgspec

from chalicelib.model import Reason, RecommendedTrack

FIRST_ROW = 11  # one large cover and ten small: whole lines of five and of two
ROWS = 3
ROW_LENGTH = 8
SHORTEST_ROW = 4  # fewer look like leftovers


class ReasonRow(msgspec.Struct, frozen=True):
    reason: Reason  # of the row's best song
    items: tuple[RecommendedTrack, ...]


class RowPlan(msgspec.Struct, frozen=True):
    first: tuple[RecommendedTrack, ...]
    rows: tuple[ReasonRow, ...]

    def list_shown(self) -> set[str]:
        return {item.track_id for items in (self.first, *(row.items for row in self.rows)) for item in items}


def plan_rows(items: Sequence[RecommendedTrack], *, without_reasons: Collection[str] = ()) -> RowPlan:
    """Each song once. What is left after the first row goes to the played song that speaks for most of it, then to the next; songs that
    no row takes are left out. `without_reasons`: played songs that shall head no row."""
    first, left = tuple(items[:FIRST_ROW]), list(items[FIRST_ROW:])
    rows: list[ReasonRow] = []
    used = set(without_reasons)
    while len(rows) < ROWS:
        row = _gather_row(left, used)
        if row is None:
            break
        rows.append(row)
        used.add(row.reason.track_id)
        taken = {item.track_id for item in row.items}
        left = [item for item in left if item.track_id not in taken]
    return RowPlan(first, tuple(rows))


def _gather_row(left: Sequence[RecommendedTrack], used: Collection[str]) -> ReasonRow | None:
    counts = Counter(reason.track_id for item in left for reason in item.reasons if reason.track_id not in used)
    if not counts:
        return None
    chosen, count = counts.most_common(1)[0]
    if count < SHORTEST_ROW:
        return None
    mine = tuple(item for item in left if any(reason.track_id == chosen for reason in item.reasons))[:ROW_LENGTH]
    return ReasonRow(next(reason for reason in mine[0].reasons if reason.track_id == chosen), mine)
