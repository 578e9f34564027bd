"""How well Annoy's trees find what an exact scan finds, and the least work (`search_k`) with which they do so well enough.

Measured on a fixed sample of the catalogue's own tracks, each looking for its 10 nearest others. A found track counts when it is as near
as the exact tenth, so that twins do not count as misses.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from chalicelib.errors import ArtefactError
from chalicelib.index.scaler import Vectors
from chalicelib.index.scan import scale_to_unit_singles

NEIGHBOURS = 10
RECALL_WANTED = 0.99
RECALL_AIMED = 0.995  # on the sample, so that all tracks have what is wanted: 300 of a million tell it to some thousandths
SAMPLE_SIZE = 300
SMALLEST_SEARCH_K = 100
STEP = 1.5  # from one search_k tried to the next
QUERIES_AT_ONCE = 16  # 64 MB of similarities for a million tracks
ROUNDING = 1e-6  # of float32 cosines


class SearchEffort(msgspec.Struct, frozen=True):
    search_k: int
    recall_at_10: float


def choose_search_k(trees: Any, vectors: Vectors, *, n_trees: int, seed: int) -> SearchEffort:
    """The smallest of a ladder of `search_k` that reaches recall@10 ≥ 0.995. ArtefactError where looking at all does not reach 0.99."""
    units = scale_to_unit_singles(vectors)
    sample = sample_rows(units, SAMPLE_SIZE, seed=seed)
    if len(units) < 2 or not len(sample):
        return SearchEffort(SMALLEST_SEARCH_K, 1.0)  # nothing to find, nothing to miss
    bounds = _find_exact_bounds(units, sample)
    search_k, everything = SMALLEST_SEARCH_K, n_trees * len(units)
    while True:
        recall = _measure_recall(trees, units, sample, bounds, search_k)
        if recall >= RECALL_AIMED or (search_k > everything and recall >= RECALL_WANTED):
            return SearchEffort(search_k, recall)
        if search_k > everything:
            raise ArtefactError(f"Recall@10 is {recall:.3f} with search_k {search_k}, must be at least {RECALL_WANTED}.")
        search_k = int(search_k * STEP)


def sample_rows(vectors: npt.NDArray[np.float32], count: int, *, seed: int) -> npt.NDArray[np.intp]:
    """At most `count` rows, always the same for the same vectors; none without a direction, of which no order of neighbours is right."""
    rows = np.flatnonzero(np.any(vectors != 0.0, axis=1))
    if len(rows) <= count:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, size=count, replace=False))


def _find_exact_bounds(units: npt.NDArray[np.float32], sample: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
    """Per sampled row the cosine of its exact tenth (or last) neighbour."""
    nth = min(NEIGHBOURS, len(units) - 1)
    bounds = []
    for start in range(0, len(sample), QUERIES_AT_ONCE):
        rows = sample[start : start + QUERIES_AT_ONCE]
        cosines = units[rows] @ units.T
        cosines[np.arange(len(rows)), rows] = -np.inf  # a track is not its own neighbour here
        bounds.append(np.partition(cosines, -nth, axis=1)[:, -nth])
    return np.concatenate(bounds)


def _measure_recall(
    trees: Any, units: npt.NDArray[np.float32], sample: npt.NDArray[np.intp], bounds: npt.NDArray[np.float32], search_k: int
) -> float:
    nth = min(NEIGHBOURS, len(units) - 1)
    hits = 0
    for row, bound in zip(sample.tolist(), bounds.tolist(), strict=True):
        found = [each for each in trees.get_nns_by_item(row, nth + 1, search_k) if each != row][:nth]
        hits += int(np.count_nonzero(units[found] @ units[row] >= bound - ROUNDING))
    return hits / (nth * len(sample))
