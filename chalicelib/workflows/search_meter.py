"""How long the index was searched for one list, and how many songs it named: what the way of a play tells of the index."""

from __future__ import annotations

from chalicelib.index.scan import Positions, list_once
from chalicelib.way_model import IndexSearch
from chalicelib.workflows.ask_together import Nearby


class SearchMeter:
    """For one list of one listener."""

    def __init__(self) -> None:
        self._searched_s = 0.0
        self._named: list[Positions] = []

    def note(self, nearby: Nearby) -> None:
        self._searched_s += nearby.seconds
        self._named += [places for places, _ in nearby.ranked]

    def read(self) -> IndexSearch:
        return IndexSearch(duration_ms=round(self._searched_s * 1000, 3), candidates=len(list_once(self._named)))
