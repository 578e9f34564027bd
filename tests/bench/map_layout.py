"""How well the map keeps neighbours together, against the two principal axes, and how long it takes on one core: one JSON line a size.

`python -m tests.bench.map_layout [COUNT …]`. The songs are made up: genres, artists within them, most songs by few artists, heavy tails.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chalicelib.index.angular import scale_to_unit
from chalicelib.index.layout import lay_out
from chalicelib.index.song_map import decode_map, encode_map, pack_ids

COUNTS = (1_000, 100_000)
GENRES = 24
NEAREST = 10
NEW = 0.02  # of the songs, in the build after

Floats = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Kept:
    trustworthiness: float  # 1: whoever is near on the map is near in sound (Venna and Kaski 2001)
    kept: float  # part of the ten nearest in sound that are among the ten nearest on the map


def main(counts: Sequence[int] = COUNTS) -> None:
    for count in counts:
        print(json.dumps({"bench": "map_layout", "songs": count, **measure(count)}), flush=True)


def measure(count: int) -> dict[str, float]:
    vectors, _ = make_songs(count)
    units = scale_to_unit(vectors)
    ids = pack_ids([f"{(number * 2_654_435_761) % 2**96:024x}" for number in range(count)])
    began = time.process_time()
    placed = lay_out(ids, vectors)
    cold_s = time.process_time() - began
    stay = count - int(NEW * count)
    before = decode_map(encode_map(ids[:stay], placed[:stay], np.zeros(stay, dtype=np.uint8)))
    began = time.process_time()
    again = lay_out(ids, vectors, before)
    warm_s = time.process_time() - began
    moves = np.linalg.norm(again[:stay] - before.positions, axis=1) / np.ptp(placed, axis=0).max()
    ours, flat, later = (measure_kept_neighbours(units, each) for each in (placed, project_on_principal_axes(units), again))
    return {
        "cold_cpu_s": round(cold_s, 1),
        "warm_cpu_s": round(warm_s, 1),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "trustworthiness": round(ours.trustworthiness, 4),
        "trustworthiness_pca": round(flat.trustworthiness, 4),
        "trustworthiness_warm": round(later.trustworthiness, 4),
        "kept_at_10": round(ours.kept, 4),
        "kept_at_10_pca": round(flat.kept, 4),
        "kept_at_10_warm": round(later.kept, 4),
        "moved_p50": round(float(np.median(moves)), 4),
        "moved_p95": round(float(np.quantile(moves, 0.95)), 4),
    }


def make_songs(count: int, *, seed: int = 0) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.intp]]:
    """((n, 20) standardized vectors, the genre of each)."""
    random = np.random.default_rng(seed)
    artist_count = max(20, count // 25)
    centres, axes = random.normal(size=(GENRES, 20)), 0.5 * random.normal(size=(GENRES, 3, 20))
    of_artist = random.choice(GENRES, artist_count, p=random.dirichlet(np.full(GENRES, 2.0)))
    along = np.einsum("ak,akd->ad", random.normal(size=(artist_count, 3)), axes[of_artist])
    artists = centres[of_artist] + along + 0.2 * random.normal(size=(artist_count, 20))
    fame = random.pareto(1.5, artist_count) + 1.0
    of_song = random.choice(artist_count, count, p=fame / fame.sum())
    songs = artists[of_song] + 0.35 * random.standard_t(5, size=(count, 20))
    return ((songs - songs.mean(axis=0)) / songs.std(axis=0)).astype(np.float32), of_artist[of_song]


def project_on_principal_axes(units: Floats) -> Floats:
    centred = units - units.mean(axis=0)
    flat: Floats = centred @ np.linalg.eigh(centred.T @ centred)[1][:, -2:]
    return flat


def measure_kept_neighbours(units: Floats, placed: Floats, *, sample: int = 1_000) -> Kept:
    """Over a fixed sample of songs, each compared with all."""
    count = len(units)
    rows = np.random.default_rng(1).choice(count, min(sample, count), replace=False)
    strange = kept = 0.0
    for row in rows:
        in_sound, on_map = (np.einsum("ij,ij->i", all_ - all_[row], all_ - all_[row]) for all_ in (units, placed))
        in_sound[row] = on_map[row] = np.inf
        nearest = np.argpartition(on_map, NEAREST)[:NEAREST]
        ranks = (in_sound[None, :] < in_sound[nearest][:, None]).sum(axis=1) + 1
        strange += float(np.maximum(0, ranks - NEAREST).sum())
        kept += float((ranks <= NEAREST).mean())
    worst = len(rows) * NEAREST * (2 * count - 3 * NEAREST - 1)
    return Kept(1.0 - 2.0 * strange / worst, kept / len(rows))


if __name__ == "__main__":
    main([int(each) for each in sys.argv[1:]] or COUNTS)
