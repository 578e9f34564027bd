"""How often a song's nearest neighbours carry its own label (a genre, say), in each space and by chance. Neighbours by its own artist are
passed over: they would flatter what merely knows a studio again.

Where songs, labels and vectors come from is left to `evaluate_features` and `evaluate_catalogue`.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from chalicelib.index.angular import scale_to_unit
from chalicelib.index.recall import choose_search_k
from chalicelib.index.scaler import Vectors
from chalicelib.index.space_building import N_TREES, grow_trees
from chalicelib.index.space_building import SEED as TREES_SEED
from chalicelib.recommend.evaluation import AT, JudgedList, Measured, Score, compare_lists, measure_spread, score_lists
from chalicelib.workflows.evaluation_steps import Advance, pass_over

Rows = npt.NDArray[np.intp]
Units = npt.NDArray[np.float64]

QUERIES = 2_000  # songs at most that are asked for their neighbours
SPARE = 100  # of Annoy, for those that the artist filter passes over
RULER = "timbre"  # the space in which all lists' diversity is measured, where it is there
SEED = 1


@dataclass(frozen=True, slots=True)
class LabelledSongs:
    """Parallel. A song without a label is neither asked nor found; one without an artist is nobody's."""

    labels: Sequence[str | None]
    artists: Sequence[str | None]


class _Places:
    """Songs, labels and artists as numbers; which songs may answer which."""

    def __init__(self, songs: LabelledSongs) -> None:
        self.labels = _number(songs.labels)
        self.artists = _number(songs.artists)
        self.labelled: Rows = np.flatnonzero(self.labels >= 0)
        self._of_label = Counter(self.labels.tolist())
        self._of_both = Counter(zip(self.labels.tolist(), self.artists.tolist(), strict=True))

    def may_answer(self, query: int) -> npt.NDArray[np.bool_]:
        allowed = self.labels >= 0
        allowed[query] = False
        if self.artists[query] >= 0:
            allowed &= self.artists != self.artists[query]
        return allowed

    def choose_queries(self, limit: int) -> Rows:
        """Those that have somebody else's song of their label to find; a fixed sample where there are more than `limit`."""
        askable = [int(row) for row in self.labelled if self.count_findable(int(row))]
        queries: Rows = np.array(askable, dtype=np.intp)
        if len(queries) > limit:
            queries = np.sort(np.random.default_rng(SEED).choice(queries, limit, replace=False))
        return queries

    def count_findable(self, query: int) -> int:
        """Songs of its label, without its own artist's."""
        label, artist = int(self.labels[query]), int(self.artists[query])
        return self._of_label[label] - (self._of_both[label, artist] if artist >= 0 else 1)

    def group_of(self, query: int) -> object:
        """For the bootstrap: an artist's songs stand and fall together."""
        return f"artist {self.artists[query]}" if self.artists[query] >= 0 else query


class LabelReport:
    """By method: its lists judged, and their scores."""

    def __init__(self, places: _Places, queries: Rows, ruler: Units) -> None:
        self._places, self.queries, self._ruler = places, queries, ruler
        self.lists: dict[str, list[JudgedList]] = {}
        self.scores: dict[str, Score] = {}

    def add(self, method: str, found: Sequence[Rows], recalls: Sequence[float] | None = None) -> None:
        known: Sequence[float | None] = recalls or [None] * len(found)
        lists = [self._judge(int(query), rows, known[place]) for place, (query, rows) in enumerate(zip(self.queries, found, strict=True))]
        self.lists[method] = lists
        self.scores[method] = score_lists(lists, catalogue_size=len(self._places.labelled))

    def compare(self, one: str, other: str) -> Measured | None:
        """How much more precise the one is than the other."""
        both = one in self.lists and other in self.lists
        return compare_lists(self.lists[one], self.lists[other]) if both else None

    def _judge(self, query: int, rows: Rows, recall: float | None) -> JudgedList:
        places = self._places
        return JudgedList(
            songs=tuple(rows.tolist()),
            is_right=tuple((places.labels[rows] == places.labels[query]).tolist()),
            findable=places.count_findable(query),
            group=places.group_of(query),
            places=min(AT, int(np.count_nonzero(places.may_answer(query)))),
            diversity=measure_spread(self._ruler[rows]),
            recall=recall,
        )


def evaluate_labels(
    vectors: Mapping[str, Vectors],
    songs: LabelledSongs,
    *,
    limit: int = QUERIES,
    advance: Advance = pass_over,
) -> LabelReport | None:
    """Of vectors (n, d) by space; None where no song has another of its label to find. `advance` is called as work goes on."""
    places = _Places(songs)
    queries = places.choose_queries(limit)
    if not len(queries) or not vectors:
        return None
    units = {space: scale_to_unit(each) for space, each in vectors.items()}
    report = LabelReport(places, queries, units.get(RULER, next(iter(units.values()))))
    for space in vectors:
        exact = list(_search_exactly(units[space], places, queries))
        report.add(space, exact)
        advance(space, len(queries), len(queries))
        proposed = list(_search_trees(vectors[space], places, queries))
        report.add(
            f"{space}_annoy", proposed, [_measure_recall(units[space], *each) for each in zip(queries, exact, proposed, strict=True)]
        )
        advance(f"{space}_annoy", len(queries), len(queries))
    report.add("random", list(_draw_at_random(places, queries)))
    advance("random_neighbours", len(queries), len(queries))  # `random` is a step of the part on plays
    return report


def _search_exactly(units: Units, places: _Places, queries: Rows) -> Iterator[Rows]:
    for query in queries:
        cosines = np.where(places.may_answer(int(query)), units @ units[query], -np.inf)
        yield _take_best(cosines)


def _take_best(cosines: npt.NDArray[np.float64]) -> Rows:
    order = np.argsort(-cosines, kind="stable")[:AT]
    best: Rows = order[np.isfinite(cosines[order])]
    return best


def _search_trees(vectors: Vectors, places: _Places, queries: Rows) -> Iterator[Rows]:
    """Trees as a build grows them, asked as it chose to: exactly ranked, with as many spare as the filter may take."""
    with tempfile.TemporaryDirectory() as folder:
        trees = grow_trees(vectors, Path(folder) / "tracks.ann")
        search_k = choose_search_k(trees, vectors, n_trees=N_TREES, seed=TREES_SEED).search_k
        units = scale_to_unit(vectors)
        for query in queries:
            yield _ask_trees(trees, units, places, int(query), search_k)
        trees.unload()


def _ask_trees(trees: Any, units: Units, places: _Places, query: int, search_k: int) -> Rows:
    """Annoy carries no types, hence Any."""
    allowed = places.may_answer(query)
    wanted = AT + SPARE
    while True:
        found: Rows = np.array(trees.get_nns_by_item(query, wanted, max(search_k, N_TREES * wanted)), dtype=np.intp)
        found = found[allowed[found]]
        if len(found) >= AT or wanted >= len(units):
            return found[np.argsort(-(units[found] @ units[query]), kind="stable")][:AT]
        wanted = min(4 * wanted, len(units))


def _draw_at_random(places: _Places, queries: Rows) -> Iterator[Rows]:
    dice = np.random.default_rng(SEED)
    for query in queries:
        others = np.flatnonzero(places.may_answer(int(query)))
        yield dice.choice(others, min(AT, len(others)), replace=False)


def _measure_recall(units: Units, query: int, exact: Rows, proposed: Rows) -> float:
    """A proposed song counts when it is as near as the last of the exact: twins are no misses."""
    if not len(exact):
        return 1.0
    bound = float(units[exact[-1]] @ units[query]) - 1e-6
    return min(1.0, float(np.count_nonzero(units[proposed] @ units[query] >= bound)) / len(exact))


def _number(names: Sequence[str | None]) -> npt.NDArray[np.int64]:
    """-1 for no name."""
    numbers: dict[str, int] = {}
    return np.array([-1 if name is None else numbers.setdefault(name, len(numbers)) for name in names], dtype=np.int64)
