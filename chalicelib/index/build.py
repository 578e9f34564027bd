"""Builds an index artefact in a folder: the vectors and trees of each space, ids, map, manifest, and at last the gate.

Same tracks in the same order, same scalers in force, same CPU target: same bytes (but for times in the manifest). One thread a space, fixed
seed. Where tracks come from and where the artefact goes is left to the workflows; what goes on in one space to `space_building.py`.
"""

from __future__ import annotations

import platform
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from chalicelib.errors import ArtefactError
from chalicelib.index.gate import check_folder, pass_gate
from chalicelib.index.in_force import InForce
from chalicelib.index.layout import lay_out
from chalicelib.index.manifest import (
    MANIFEST,
    MAP,
    TRACK_IDS,
    FileFacts,
    Manifest,
    MapFacts,
    Space,
    SpaceFacts,
    describe_file,
    encode_manifest,
    name_files,
)
from chalicelib.index.scaler import Scaler, Vectors
from chalicelib.index.scan import TrackIds
from chalicelib.index.song_map import SongMap, describe_map, encode_map, pack_ids, sort_genres
from chalicelib.index.space_building import N_TREES, SEED, describe_space, grow_trees, project_rows, write_tables
from chalicelib.index.space_fitting import FittedSpaces, fit_spaces
from chalicelib.index.spool import Spool, spool_tracks
from chalicelib.log import log
from chalicelib.model import FEATURE_VERSION, PassageRows, TrackVector

LIBRARIES = ("annoy", "numpy", "scikit-learn")
NOTHING_IN_FORCE = InForce()
WORTH_TELLING_S = 1.0  # of a step, while the build goes on; the manifest has all of them


@dataclass(frozen=True, slots=True)
class BuiltIndex:
    """Rows are parallel, in the order in which the tracks came."""

    manifest: Manifest
    scaler: Scaler
    track_ids: TrackIds
    standardized: Vectors  # (n, 20) float32
    scaler_versions: npt.NDArray[np.int32]  # that documents had as they were read; -1: none
    is_new_scaler: bool  # every document's `mfcc_standardized` must be rewritten with `scaler.version`


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildPlan:
    """What a build is, beside its tracks. `max_seq` is TrackStore.max_seq() as read BEFORE the tracks were streamed, so that what changed
    meanwhile is in the delta."""

    build_id: str
    max_seq: int
    created_at: datetime
    in_force: InForce = NOTHING_IN_FORCE
    refit: bool = False
    feature_version: int = FEATURE_VERSION
    map_before: SongMap | None = None  # where songs stood ...
    map_before_space: Space = "mfcc"  # ... by this space: by another they begin anew
    on_step: Callable[[str], None] = lambda _: None  # a step has ended


class Steps:
    """What took how long."""

    def __init__(self, on_step: Callable[[str], None]) -> None:
        self._on_step = on_step
        self._started = self._last = time.perf_counter()
        self.durations_s: dict[str, float] = {}

    def end(self, name: str) -> None:
        now = time.perf_counter()
        self.durations_s[name] = round(now - self._last, 3)
        self._last = now
        if self.durations_s[name] >= WORTH_TELLING_S:
            log.info("index_build_step", step=name, duration_s=self.durations_s[name], peak_memory_bytes=measure_peak_memory())
        self._on_step(name)

    def measure_total(self) -> float:
        return round(time.perf_counter() - self._started, 3)


def build_artefact(
    tracks: Iterable[TrackVector], passages: Callable[[], Iterable[PassageRows]], folder: Path, plan: BuildPlan
) -> BuiltIndex | None:
    """Writes the files of each space, `track_ids.json`, `map.bin` and `manifest.json` below `folder` (made if missing, must be empty),
    opens them again as a reader would and puts them through the gate.

    None where there is no track to build of. `passages` gives a bounded sample, and is asked only where every track has features.
    ArtefactError with the reason where the gate is not passed, in any space: publish nothing then.
    """
    steps = Steps(plan.on_step)
    check_folder(folder, build_id=plan.build_id)
    with tempfile.TemporaryDirectory(prefix=".spool-", dir=folder.parent) as spooled:
        spool = spool_tracks(tracks, Path(spooled))
        steps.end("read")
        if not len(spool):
            return None
        fitted = fit_spaces(spool, passages, plan.in_force, refit=plan.refit, feature_version=plan.feature_version)
        steps.end("fit")
        vectors = _project(spool, fitted)
        steps.end("project")
    folder.mkdir(parents=True, exist_ok=True)
    spaces = _build_spaces(folder, vectors, fitted, steps)
    (folder / TRACK_IDS).write_bytes(_encode_ids(spool.track_ids))
    drawn: Space = "timbre" if "timbre" in vectors else "mfcc"
    song_map = _draw_map(folder, spool, vectors[drawn], drawn, plan.map_before if plan.map_before_space == drawn else None)
    steps.end("map")
    parts = _Parts(len(spool), spaces, fitted.timbre_missing_because, song_map, _hash_files(folder, spaces))
    _write_manifest(folder, plan, parts, steps)
    pass_gate(folder, spool.track_ids)
    steps.end("gate")
    manifest = _write_manifest(folder, plan, parts, steps)  # with the time that the gate took
    is_new = fitted.scaler != plan.in_force.scaler
    return BuiltIndex(manifest, fitted.scaler, spool.track_ids, vectors["mfcc"], spool.scaler_versions, is_new_scaler=is_new)


def _project(spool: Spool, fitted: FittedSpaces) -> dict[Space, Vectors]:
    vectors: dict[Space, Vectors] = {"mfcc": project_rows(spool.mfcc(), fitted.scaler, len(spool))}
    if fitted.timbre is not None:
        vectors["timbre"] = project_rows(spool.features(), fitted.timbre, len(spool))
    return vectors


def _build_spaces(folder: Path, vectors: Mapping[Space, Vectors], fitted: FittedSpaces, steps: Steps) -> dict[Space, SpaceFacts]:
    scalers = fitted.list_scalers()
    for space, scaler in scalers.items():
        write_tables(folder, space, scaler, vectors[space])
    with ThreadPoolExecutor(len(scalers)) as threads:  # Annoy lets go of the interpreter while it builds
        grown = {space: threads.submit(grow_trees, vectors[space], folder / name_files(space).trees) for space in scalers}
        trees = {space: growing.result() for space, growing in grown.items()}
    steps.end("trees")
    facts = {
        space: describe_space(trees[space], scaler, vectors[space], drift=fitted.list_drifts()[space]) for space, scaler in scalers.items()
    }
    steps.end("recall")
    return facts


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a manifest tells of the files."""

    track_count: int
    spaces: dict[Space, SpaceFacts]
    timbre_missing_because: str | None
    map: MapFacts | None
    files: dict[str, FileFacts]


def _hash_files(folder: Path, spaces: Iterable[Space]) -> dict[str, FileFacts]:
    names = [TRACK_IDS, *(name for space in spaces for name in name_files(space).names()), MAP]
    return {name: describe_file(folder / name) for name in names if name != MAP or (folder / MAP).exists()}


def _write_manifest(folder: Path, plan: BuildPlan, parts: _Parts, steps: Steps) -> Manifest:
    manifest = Manifest(
        build_id=plan.build_id,
        created_at=plan.created_at,
        track_count=parts.track_count,
        feature_version=plan.feature_version,
        max_seq=plan.max_seq,
        n_trees=N_TREES,
        seed=SEED,
        spaces=parts.spaces,
        timbre_missing_because=parts.timbre_missing_because,
        files=parts.files,
        libraries=describe_libraries(LIBRARIES),
        build_s=steps.measure_total(),
        step_s=dict(steps.durations_s),
        peak_memory_bytes=measure_peak_memory(),
        map=parts.map,
    )
    (folder / MANIFEST).write_bytes(encode_manifest(manifest))
    return manifest


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


def _encode_ids(track_ids: TrackIds) -> bytes:
    """A JSON list, without a million strings at once."""
    return b"[" + b",".join(msgspec.json.encode(each.decode()) for each in track_ids.tolist()) + b"]"


def _draw_map(folder: Path, spool: Spool, vectors: Vectors, space: Space, before: SongMap | None) -> MapFacts | None:
    """None where ids are not such as a map can hold: the index is worth publishing without."""
    try:
        packed = pack_ids([each.decode() for each in spool.track_ids.tolist()])
    except ArtefactError as exc:
        log.error("map_left_out_of_build", reason=exc.message)
        return None
    places, named = sort_genres(spool.genres)
    (folder / MAP).write_bytes(encode_map(packed, lay_out(packed, vectors, before), places))
    return describe_map(named, len(packed), space)
