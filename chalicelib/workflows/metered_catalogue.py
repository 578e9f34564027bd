"""A catalogue that notes how long it was searched, and how many songs it named: what the way of a play tells of the index."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from chalicelib.index.catalogue import Catalogue
from chalicelib.index.scaler import Vectors
from chalicelib.index.search import Neighbour
from chalicelib.way_model import IndexSearch


class MeteredCatalogue(Catalogue):
    """For one list of one listener: what it notes is that list's. Shares all else with the catalogue that it is of, which is immutable."""

    def __init__(self, catalogue: Catalogue, monotonic: Callable[[], float]) -> None:
        vars(self).update(vars(catalogue))
        self._monotonic = monotonic
        self._searched_s = 0.0
        self._named: set[str] = set()

    def search_each(self, vectors: Iterable[Vectors], k: int, *, exclude: Collection[str] = ()) -> list[list[Neighbour]]:
        """`search` goes this way too."""
        return self._note(lambda: super(MeteredCatalogue, self).search_each(vectors, k, exclude=exclude))

    def search_others(self, track_ids: Sequence[str], vectors: Iterable[Vectors], k: int) -> list[list[Neighbour]]:
        return self._note(lambda: super(MeteredCatalogue, self).search_others(track_ids, vectors, k))

    def _note(self, search: Callable[[], list[list[Neighbour]]]) -> list[list[Neighbour]]:
        started = self._monotonic()
        found = search()
        self._searched_s += self._monotonic() - started
        self._named.update(each.track_id for near in found for each in near)
        return found

    def read_meter(self) -> IndexSearch:
        return IndexSearch(duration_ms=round(self._searched_s * 1000, 3), candidates=len(self._named))
