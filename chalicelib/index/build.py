"""Builds an index artefact in a folder: scaler, vectors, Annoy trees, ids, manifest, and at last the gate.

Same tracks in the same order, same scaler in force, same CPU target: same bytes (but for times in the manifest). One thread, fixed seed.
Where tracks come from and where the artefact goes is left to the workflows.
"""

from __future__ import annotations

import platform
import resource
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from annoy import AnnoyIndex

from chalicelib.errors import ArtefactError
from chalicelib.index.angular import measure_pairs
from chalicelib.index.gate import check_input, pass_gate
from chalicelib.index.layout import lay_out
from chalicelib.index.manifest import (
    MANIFEST,
    MAP,
    REQUIRED_FILES,
    SCALER,
    TRACK_IDS,
    TREES,
    VECTORS,
    DistanceQuantile,
    Manifest,
    MapFacts,
    describe_file,
    encode_manifest,
)
from chalicelib.index.recall import SearchEffort, choose_search_k
from chalicelib.index.scaler import Matrix, Scaler, Vectors
from chalicelib.index.scaler_fitting import fit_scaler
from chalicelib.index.song_map import SongMap, describe_map, encode_map, pack_ids, sort_genres
from chalicelib.log import log
from chalicelib.model import FEATURE_VERSION

N_TREES = 50
SEED = 1
DRIFT_TOLERATED = 0.02  # σ: under it the scaler in force stays, and no document is rewritten
ROWS_AT_ONCE = 10_000
PAIRS_SAMPLED = 200_000
ALL_PAIRS_UP_TO = 600  # tracks: 180,000 pairs
FRACTIONS = (0.0, 1e-4, 3e-4, 1e-3, 3e-3, *(percent / 100 for percent in range(1, 100)), 0.999, 1.0)  # fine where neighbours are
LIBRARIES = ("annoy", "numpy", "scikit-learn")


@dataclass(frozen=True, slots=True)
class BuiltIndex:
    manifest: Manifest
    scaler: Scaler
    standardized: Vectors  # (n, 20) float32, rows in the order of the track_ids that were given
    is_new_scaler: bool  # every document's `mfcc_standardized` must be rewritten with `scaler.version`


def build_artefact(
    track_ids: Sequence[str],
    mfcc: Matrix,
    folder: Path,
    *,
    build_id: str,
    max_seq: int,
    scaler_in_force: Scaler | None,
    created_at: datetime,
    refit: bool = False,
    feature_version: int = FEATURE_VERSION,
    genres: Sequence[str | None] = (),
    map_before: SongMap | None = None,
) -> BuiltIndex:
    """Writes `spaces/mfcc/{tracks.ann,vectors.npy,scaler.json}`, `track_ids.json`, `map.bin` and `manifest.json` below `folder` (made if
    missing, must be empty), opens them again as a reader would and puts them through the gate.

    `mfcc` is (n, 20), raw means, n ≥ 1, row i of track_ids[i]; ids are unique. `max_seq` is TrackStore.max_seq() as read BEFORE the
    vectors were streamed, so that what changed meanwhile is in the delta. `scaler_in_force` comes from
    `workflows.scaler_in_force.read_scaler_in_force`. ArtefactError with the reason where the gate is not passed: publish nothing then.
    """
    started = time.perf_counter()
    check_input(track_ids, mfcc, folder, build_id=build_id)
    scaler, drift = choose_scaler(mfcc, scaler_in_force, refit=refit)
    standardized = scaler.transform(mfcc)
    _write_tables(folder, track_ids, scaler, standardized)
    trees = _grow_trees(standardized, folder / TREES)
    song_map = _draw_map(folder, track_ids, standardized, genres or [None] * len(track_ids), map_before)
    effort = choose_search_k(trees, standardized, n_trees=N_TREES, seed=SEED)
    origin = _Origin(build_id=build_id, created_at=created_at, max_seq=max_seq, feature_version=feature_version, scaler_drift=drift)
    manifest = _describe_build(folder, origin, scaler, standardized, effort=effort, started=started, song_map=song_map)
    (folder / MANIFEST).write_bytes(encode_manifest(manifest))
    pass_gate(folder, track_ids)
    return BuiltIndex(manifest, scaler, standardized, is_new_scaler=scaler != scaler_in_force)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Origin:
    """What a manifest tells that does not stand in the files."""

    build_id: str
    created_at: datetime
    max_seq: int
    feature_version: int
    scaler_drift: float | None


def _describe_build(
    folder: Path, origin: _Origin, scaler: Scaler, standardized: Vectors, *, effort: SearchEffort, started: float, song_map: MapFacts | None
) -> Manifest:
    return Manifest(
        build_id=origin.build_id,
        created_at=origin.created_at,
        track_count=len(standardized),
        dimension=scaler.dimension,
        feature_version=origin.feature_version,
        scaler_version=scaler.version,
        max_seq=origin.max_seq,
        n_trees=N_TREES,
        seed=SEED,
        search_k=effort.search_k,
        recall_at_10=effort.recall_at_10,
        scaler_drift=origin.scaler_drift,
        distance_quantiles=measure_distance_quantiles(standardized, seed=SEED),
        files={name: describe_file(folder / name) for name in (*REQUIRED_FILES, *([MAP] if song_map else []))},
        libraries=describe_libraries(LIBRARIES),
        build_s=round(time.perf_counter() - started, 3),
        peak_memory_bytes=measure_peak_memory(),
        map=song_map,
    )


def choose_scaler(mfcc: Matrix, in_force: Scaler | None, *, refit: bool) -> tuple[Scaler, float | None]:
    """(scaler to build with, drift in σ of a fresh fit from the one in force): the one in force unless it drifted or `refit` asks."""
    if in_force is None:
        return fit_scaler(mfcc, 1), None
    fresh = fit_scaler(mfcc, in_force.version + 1)
    drift = fresh.drift_from(in_force)
    drift_known = drift if np.isfinite(drift) else None  # JSON has no infinity: another number of coefficients
    return (fresh if refit or drift > DRIFT_TOLERATED else in_force), drift_known


def measure_distance_quantiles(standardized: Vectors, *, seed: int) -> tuple[DistanceQuantile, ...]:
    """Of all pairs of a small catalogue, of a fixed random sample of pairs of a large one."""
    count = len(standardized)
    if count < 2:
        return ()
    if count <= ALL_PAIRS_UP_TO:
        one, other = np.triu_indices(count, k=1)
    else:
        random = np.random.default_rng(seed)
        one = random.integers(0, count, PAIRS_SAMPLED)
        other = (one + random.integers(1, count, PAIRS_SAMPLED)) % count  # never a track with itself
    distances = measure_pairs(standardized[one], standardized[other])
    values = np.quantile(distances, FRACTIONS)
    return tuple(DistanceQuantile(fraction, round(float(value), 6)) for fraction, value in zip(FRACTIONS, values, strict=True))


def describe_libraries(names: Iterable[str]) -> dict[str, str]:
    versions = {"python": platform.python_version(), "machine": platform.machine()}
    for name in names:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:  # a layer may be packed without the metadata
            versions[name] = "unknown"
    return versions


def measure_peak_memory() -> int:
    """Bytes that this process has ever held at once."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _write_tables(folder: Path, track_ids: Sequence[str], scaler: Scaler, standardized: Vectors) -> None:
    (folder / VECTORS).parent.mkdir(parents=True)
    np.save(folder / VECTORS, standardized, allow_pickle=False)
    (folder / SCALER).write_bytes(scaler.to_json())
    (folder / TRACK_IDS).write_bytes(msgspec.json.encode(list(track_ids)))


def _draw_map(
    folder: Path, track_ids: Sequence[str], standardized: Vectors, genres: Sequence[str | None], before: SongMap | None
) -> MapFacts | None:
    """None where ids are not such as a map can hold: the index is worth publishing without."""
    try:
        packed = pack_ids(track_ids)
    except ArtefactError as exc:
        log.error("map_left_out_of_build", reason=exc.message)
        return None
    places, named = sort_genres(genres)
    (folder / MAP).write_bytes(encode_map(packed, lay_out(packed, standardized, before), places))
    return describe_map(named, len(packed))


def _grow_trees(standardized: Vectors, path: Path) -> Any:
    """The trees as saved in the file and mapped from it. Annoy carries no types, hence Any."""
    trees = AnnoyIndex(standardized.shape[1], "angular")
    trees.set_seed(SEED)
    for start in range(0, len(standardized), ROWS_AT_ONCE):
        for offset, row in enumerate(standardized[start : start + ROWS_AT_ONCE].tolist()):
            trees.add_item(start + offset, row)
    trees.build(N_TREES, n_jobs=1)  # two threads would give other bytes each time
    trees.save(str(path))  # Annoy maps the file afterwards and frees its memory
    return trees
