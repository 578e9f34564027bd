"""Building and searching the index beside its peers, at several sizes, in both spaces, on made-up songs (`sounds.py`). One thread each.

    python -m tests.bench.index [SIZE …] [--without-peers]      10,000 and 100,000 unless said otherwise

Every size is measured in a process of its own, whose peak memory is that size's. `cpu` times leave out what a busy machine takes away.
Peers look for what the gate asks of us: the least effort on their own ladder that gives recall@10 ≥ 0.99, and Annoy as it is.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt

from chalicelib.index.artefact import open_index
from chalicelib.index.build import BuildPlan, build_artefact
from chalicelib.index.manifest import TRACK_IDS, Manifest, Space, name_files
from chalicelib.index.scan import scale_to_unit_singles
from chalicelib.index.space_fitting import PASSAGES_SAMPLED
from chalicelib.model import FEATURE_VERSION
from tests.bench.sounds import Sounds

SIZES = (10_000, 100_000)
JUDGED, TIMED = 200, 1_000  # queries whose answers are compared with the exact ones; whose time is taken
WIDEST = 100
RECALL_WANTED = 0.99
EFFORTS = (10, 20, 40, 80, 160, 320, 640, 1_280)
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

Rows = npt.NDArray[np.intp]
Vectors = npt.NDArray[np.float32]
Search = Callable[[Vectors, int], Sequence[int]]  # rows, nearest first


@dataclass(frozen=True)
class Subject:
    name: str
    build_s: float
    file_bytes: int
    load_s: float
    search: Search
    effort: int | None = None


def main(sizes: Sequence[int] = SIZES, *, has_peers: bool = True) -> None:
    for size in sizes:
        command = [sys.executable, "-m", "tests.bench.index", "--in-this-process", str(size)]
        subprocess.run([*command, *([] if has_peers else ["--without-peers"])], check=True, env={**os.environ, **ONE_THREAD})


def measure_size(size: int, *, has_peers: bool) -> None:
    with TemporaryDirectory(prefix="timbre-bench-index-") as name:
        folder = Path(name) / "build"
        sounds = Sounds(size)
        passages = partial(sounds.sample, feature_version=FEATURE_VERSION, limit=PASSAGES_SAMPLED)
        plan = BuildPlan(build_id="bench", max_seq=size, created_at=datetime.now(UTC), on_step=lambda step: tell_progress(size, step))
        built = build_artefact(sounds.stream_vectors(feature_version=FEATURE_VERSION), passages, folder, plan)
        assert built is not None
        manifest = built.manifest
        del built
        tell(
            bench="index_build",
            tracks=size,
            build_s=manifest.build_s,
            step_s=manifest.step_s,
            peak_memory_mb=manifest.peak_memory_bytes // 2**20,
            artefact_mb=round(sum(each.size_bytes for each in manifest.files.values()) / 2**20, 1),
        )
        for space in manifest.spaces:
            measure_space(folder, manifest, space, has_peers=has_peers)


def measure_space(folder: Path, manifest: Manifest, space: Space, *, has_peers: bool) -> None:
    vectors: Vectors = np.load(folder / name_files(space).vectors)
    units = scale_to_unit_singles(vectors)
    dice = np.random.default_rng(3)
    asked = dice.permutation(len(vectors))[: JUDGED + TIMED]
    judged, timed = asked[:JUDGED], asked[JUDGED:] if len(asked) > JUDGED else asked
    cosines = find_exact_bounds(units, judged)
    for make in list_makers(has_peers=has_peers):
        subject = make(folder, manifest, space, vectors, units, judged, cosines)
        spent, spent_cpu = time_queries(subject.search, vectors[timed])
        tell(
            bench="index_search",
            tracks=len(vectors),
            space=space,
            dimension=vectors.shape[1],
            subject=subject.name,
            effort=subject.effort,
            build_s=round(subject.build_s, 2),
            file_mb=round(subject.file_bytes / 2**20, 1),
            load_s=round(subject.load_s, 3),
            recall_at_10=measure_recall(subject.search, vectors, units, judged, cosines, count=10),
            recall_at_100=measure_recall(subject.search, vectors, units, judged, cosines, count=WIDEST),
            p50_ms=round(float(np.quantile(spent, 0.5)), 3),
            p99_ms=round(float(np.quantile(spent, 0.99)), 3),
            p50_cpu_ms=round(float(np.quantile(spent_cpu, 0.5)), 3),
            p99_cpu_ms=round(float(np.quantile(spent_cpu, 0.99)), 3),
        )


def find_exact_bounds(units: Vectors, rows: Rows) -> Vectors:
    """(queries, WIDEST) cosines of the exact nearest others, nearest first."""
    bounds = []
    for row in rows.tolist():
        cosines = units @ units[row]
        cosines[row] = -np.inf
        bounds.append(-np.sort(-np.partition(cosines, len(cosines) - WIDEST)[-WIDEST:]))
    return np.array(bounds, dtype=np.float32)


def measure_recall(search: Search, vectors: Vectors, units: Vectors, rows: Rows, cosines: Vectors, *, count: int) -> float:
    """A found one counts when it is as near as the exact last one: twins are no misses."""
    hits = 0
    for row, bound in zip(rows.tolist(), cosines[:, count - 1].tolist(), strict=True):
        found = [each for each in search(vectors[row], count + 1) if each != row][:count]
        hits += int(np.count_nonzero(units[found] @ units[row] >= bound - 1e-6))
    return round(hits / (count * len(rows)), 4)


def time_queries(search: Search, queries: Vectors) -> tuple[list[float], list[float]]:
    """(ms on the clock, ms of the processor) of the ten nearest to each."""
    spent, spent_cpu = [], []
    for query in queries:
        began, began_cpu = time.perf_counter(), time.thread_time()
        search(query, 10)
        spent.append((time.perf_counter() - began) * 1_000)
        spent_cpu.append((time.thread_time() - began_cpu) * 1_000)
    return spent, spent_cpu


def list_makers(*, has_peers: bool) -> list[Callable[..., Subject]]:
    peers = [make for package, make in (("hnswlib", make_hnswlib), ("voyager", make_voyager)) if find_spec(package) is not None]
    return [make_ours, make_annoy, make_exact, *(peers if has_peers else [])]


def make_ours(folder: Path, manifest: Manifest, space: Space, *_: Any) -> Subject:
    """As a process serves it: checked, loaded, and by Annoy or by scanning, as it chooses."""
    began = time.perf_counter()
    index = open_index(folder, space=space)
    load_s = time.perf_counter() - began
    files = [*name_files(space).names(), TRACK_IDS]
    size = sum(manifest.files[name].size_bytes for name in files)
    rows = {track_id: row for row, track_id in enumerate(index.track_ids.tolist())}
    search = partial(search_ours, index, rows)
    return Subject("timbre", manifest.step_s["trees"], size, load_s, search, manifest.spaces[space].search_k)


def search_ours(index: Any, rows: dict[bytes, int], query: Vectors, count: int) -> list[int]:
    return [rows[each.track_id.encode()] for each in index.search(query, count)]


def make_annoy(folder: Path, manifest: Manifest, space: Space, vectors: Vectors, *_: Any) -> Subject:
    """The same trees, with Annoy's own `search_k`."""
    from annoy import AnnoyIndex

    name = name_files(space).trees
    began = time.perf_counter()
    trees = AnnoyIndex(vectors.shape[1], "angular")
    trees.load(str(folder / name))
    load_s = time.perf_counter() - began
    search = partial(_search_annoy, trees)
    return Subject("annoy_defaults", manifest.step_s["trees"], manifest.files[name].size_bytes, load_s, search)


def _search_annoy(trees: Any, query: Vectors, count: int) -> list[int]:
    found: list[int] = trees.get_nns_by_vector(query, count)
    return found


def make_exact(_folder: Path, manifest: Manifest, space: Space, vectors: Vectors, *_: Any) -> Subject:
    began = time.perf_counter()
    units = scale_to_unit_singles(vectors)
    size = manifest.files[name_files(space).vectors].size_bytes
    return Subject("exact_numpy", 0.0, size, time.perf_counter() - began, partial(_search_exactly, units))


def _search_exactly(units: Vectors, query: Vectors, count: int) -> list[int]:
    cosines = units @ (query / np.linalg.norm(query))
    near = np.argpartition(cosines, len(cosines) - count)[-count:]
    found: list[int] = near[np.argsort(-cosines[near])].tolist()
    return found


def make_hnswlib(
    folder: Path, _manifest: Manifest, _space: Space, vectors: Vectors, units: Vectors, judged: Rows, cosines: Vectors
) -> Subject:
    import hnswlib

    began = time.perf_counter()
    graph = hnswlib.Index(space="cosine", dim=vectors.shape[1])
    graph.init_index(max_elements=len(vectors), ef_construction=200, M=16, random_seed=1)
    graph.add_items(vectors, num_threads=1)
    build_s = time.perf_counter() - began
    path = folder / "hnswlib.bin"
    graph.save_index(str(path))
    began = time.perf_counter()
    loaded = hnswlib.Index(space="cosine", dim=vectors.shape[1])
    loaded.load_index(str(path))
    load_s = time.perf_counter() - began
    loaded.set_num_threads(1)

    def search_with(effort: int, query: Vectors, count: int) -> list[int]:
        loaded.set_ef(max(effort, count))
        found: list[int] = loaded.knn_query(query, k=count)[0][0].tolist()
        return found

    effort = choose_effort(search_with, vectors, units, judged, cosines)
    return Subject("hnswlib", build_s, path.stat().st_size, load_s, partial(search_with, effort), effort)


def make_voyager(
    folder: Path, _manifest: Manifest, _space: Space, vectors: Vectors, units: Vectors, judged: Rows, cosines: Vectors
) -> Subject:
    import voyager

    began = time.perf_counter()
    graph = voyager.Index(voyager.Space.Cosine, num_dimensions=vectors.shape[1], M=16, ef_construction=200, random_seed=1)
    graph.add_items(vectors, num_threads=1)
    build_s = time.perf_counter() - began
    path = folder / "voyager.bin"
    graph.save(str(path))
    began = time.perf_counter()
    loaded = voyager.Index.load(str(path))
    load_s = time.perf_counter() - began

    def search_with(effort: int, query: Vectors, count: int) -> list[int]:
        found: list[int] = loaded.query(query, k=count, query_ef=max(effort, count))[0].tolist()
        return found

    effort = choose_effort(search_with, vectors, units, judged, cosines)
    return Subject("voyager", build_s, path.stat().st_size, load_s, partial(search_with, effort), effort)


def choose_effort(
    search_with: Callable[[int, Vectors, int], list[int]], vectors: Vectors, units: Vectors, judged: Rows, cosines: Vectors
) -> int:
    for effort in EFFORTS:
        if measure_recall(partial(search_with, effort), vectors, units, judged, cosines, count=10) >= RECALL_WANTED:
            return effort
    return EFFORTS[-1]


def tell(**facts: Any) -> None:
    print(json.dumps(facts), flush=True)


def tell_progress(size: int, step: str) -> None:
    print(f"index, {size} tracks: {step} done", file=sys.stderr, flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=SIZES)
    parser.add_argument("--without-peers", action="store_true")
    parser.add_argument("--in-this-process", action="store_true")
    given = parser.parse_args()
    if given.in_this_process:
        measure_size(given.sizes[0], has_peers=not given.without_peers)
    else:
        main(given.sizes, has_peers=not given.without_peers)
