"""Builds one space of an artefact: its vectors, its trees, and what the manifest says of how well it searches.

One thread a space, fixed seed: the same vectors give the same bytes. Which vectors, and the gate, are left to `build.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from annoy import AnnoyIndex

from chalicelib.index.angular import measure_pairs
from chalicelib.index.manifest import DistanceQuantile, Space, SpaceFacts, name_files
from chalicelib.index.recall import choose_search_k
from chalicelib.index.scaler import Matrix, Vectors

N_TREES = 50
SEED = 1
ROWS_AT_ONCE = 10_000
PAIRS_SAMPLED = 200_000
ALL_PAIRS_UP_TO = 600  # tracks: 180,000 pairs
FRACTIONS = (0.0, 1e-4, 3e-4, 1e-3, 3e-3, *(percent / 100 for percent in range(1, 100)), 0.999, 1.0)  # fine where neighbours are


class SpaceScaler(Protocol):
    """What turns raw numbers into a space's vectors: `Scaler` or `TimbreSpace`."""

    @property
    def version(self) -> int: ...

    @property
    def dimension(self) -> int: ...

    def transform(self, raw: npt.ArrayLike) -> Vectors: ...

    def to_json(self) -> bytes: ...


def project_rows(rows: Iterable[Matrix], scaler: SpaceScaler, count: int) -> Vectors:
    """(count, dimension) float32, made batch by batch in its place."""
    vectors = np.empty((count, scaler.dimension), dtype=np.float32)
    filled = 0
    for batch in rows:
        vectors[filled : filled + len(batch)] = scaler.transform(batch)
        filled += len(batch)
    if filled != count:
        raise ValueError(f"{count} rows were announced, {filled} came.")
    return vectors


def write_tables(folder: Path, space: Space, scaler: SpaceScaler, vectors: Vectors) -> None:
    files = name_files(space)
    (folder / files.vectors).parent.mkdir(parents=True)
    np.save(folder / files.vectors, vectors, allow_pickle=False)
    (folder / files.scaler).write_bytes(scaler.to_json())


def grow_trees(vectors: Vectors, path: Path) -> Any:
    """The trees as saved in the file and mapped from it. Annoy carries no types, hence Any."""
    trees = AnnoyIndex(vectors.shape[1], "angular")
    trees.set_seed(SEED)
    for start in range(0, len(vectors), ROWS_AT_ONCE):
        for offset, row in enumerate(vectors[start : start + ROWS_AT_ONCE].tolist()):
            trees.add_item(start + offset, row)
    trees.build(N_TREES, n_jobs=1)  # two threads would give other bytes each time
    trees.save(str(path))  # Annoy maps the file afterwards and frees its memory
    return trees


def describe_space(trees: Any, scaler: SpaceScaler, vectors: Vectors, *, drift: float | None) -> SpaceFacts:
    """ArtefactError where the recall that is wanted cannot be had."""
    effort = choose_search_k(trees, vectors, n_trees=N_TREES, seed=SEED)
    return SpaceFacts(
        dimension=scaler.dimension,
        scaler_version=scaler.version,
        drift=drift,
        search_k=effort.search_k,
        recall_at_10=effort.recall_at_10,
        distance_quantiles=measure_distance_quantiles(vectors, seed=SEED),
    )


def measure_distance_quantiles(vectors: Vectors, *, seed: int) -> tuple[DistanceQuantile, ...]:
    """Of all pairs of a small catalogue, of a fixed random sample of pairs of a large one."""
    count = len(vectors)
    if count < 2:
        return ()
    if count <= ALL_PAIRS_UP_TO:
        one, other = np.triu_indices(count, k=1)
    else:
        random = np.random.default_rng(seed)
        one = random.integers(0, count, PAIRS_SAMPLED)
        other = (one + random.integers(1, count, PAIRS_SAMPLED)) % count  # never a track with itself
    distances = measure_pairs(vectors[one], vectors[other])
    values = np.quantile(distances, FRACTIONS)
    return tuple(DistanceQuantile(fraction, round(float(value), 6)) for fraction, value in zip(FRACTIONS, values, strict=True))
