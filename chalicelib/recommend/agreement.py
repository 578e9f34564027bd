"""How well each candidate agrees with a listener's played tracks, taken one by one: an average of tastes is nobody's taste.

A played track's reach is the distance to its tenth neighbour (local scaling, Zelnik-Manor and Perona 2004), so that one in a thin region of
the catalogue has as much to say as one in a crowd.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date
from itertools import chain

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]

REACH_RANK = 10
SMALLEST_REACH = 0.05  # where ten near-copies lie around a track
DAILY_VARIATION = 0.5  # how much a day can raise a candidate
GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2⁶⁴ over the golden ratio


def measure_reach(nearest: Sequence[float]) -> float:
    """Reach of a played track from the distances of its neighbours, nearest first; √2 where it has none."""
    if not nearest:
        return float(np.sqrt(2.0))
    return max(SMALLEST_REACH, nearest[min(REACH_RANK, len(nearest)) - 1])


def measure_affinity(distances: Numbers, reaches: Numbers | float) -> Numbers:
    """(n candidates, m played) in 0-1 from distances of the same shape: 1 where they sound the same, 0.37 at the reach, then soon 0."""
    affinity: Numbers = np.exp(-((distances / reaches) ** 2))
    return affinity


def vary_by_day(track_ids: Sequence[str] | npt.NDArray[np.bytes_], *, user_id: str, day: date) -> Numbers:
    """A factor per candidate, 1 to 1.5, the same all day for one listener whatever the other candidates are. Ids as text, or as bytes."""
    begun = np.frombuffer(hashlib.blake2b(f"{user_id}\n{day.isoformat()}\n".encode(), digest_size=8).digest(), dtype="<u8")
    factors: Numbers = 1.0 + DAILY_VARIATION * (_mix_bits(_fold_ids(track_ids) ^ begun) / 2**64)
    return factors


def _fold_ids(track_ids: Sequence[str] | npt.NDArray[np.bytes_]) -> npt.NDArray[np.uint64]:
    """(n,) a number for each: of its bytes, eight at a time. What is filled up to the longest of them counts nothing."""
    raw = track_ids if isinstance(track_ids, np.ndarray) else np.array([track_id.encode() for track_id in track_ids], dtype=bytes)
    words = -(-raw.dtype.itemsize // 8)
    numbers = raw.astype(f"S{8 * words}").view("<u8").reshape(len(raw), words)
    places = _mix_bits(np.arange(1, words + 1, dtype=np.uint64) * GOLDEN) | np.uint64(1)
    folded: npt.NDArray[np.uint64] = (numbers * places).sum(axis=1, dtype=np.uint64)
    return folded


def _mix_bits(numbers: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Every bit of each hangs on all of them: the end of SplitMix64 (Steele, Lea and Flood 2014)."""
    mixed = numbers + GOLDEN
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def score_agreement(affinity: Numbers, weights: Numbers) -> Numbers:
    """(n,) sum over the played tracks of weight × affinity: near to two of them counts double, near to a skipped one counts against."""
    scores: Numbers = affinity @ weights
    return scores


def shortlist_candidates(affinity: Numbers, weights: Numbers, variation: Numbers, *, size: int) -> npt.NDArray[np.intp]:
    """At most `size` rows worth reading: half by agreement, half by turns from what is nearest to each liked played track, so that
    the many neighbours of a larger taste do not crowd out those of a smaller one."""
    scores = score_agreement(affinity, weights) * variation
    if len(scores) <= size:
        return np.argsort(-scores, kind="stable")
    (by_agreement,) = _rank_best_each(scores[np.newaxis], size // 2)
    varied = np.ascontiguousarray(affinity[:, np.flatnonzero(weights > 0)].T) * variation
    rounds = size // max(1, len(varied)) + 1
    while True:  # of one played track alone `size` rounds are enough
        turns = _rank_best_each(varied, min(rounds, size))
        wanted = dict.fromkeys([*by_agreement, *chain.from_iterable(zip(*turns, strict=True))])
        if len(wanted) >= size or rounds >= size:
            return np.array(list(wanted)[:size], dtype=np.intp)
        rounds *= 2


def _rank_best_each(scores: Numbers, count: int) -> list[list[int]]:
    """Of each line (m, n) the places of the largest, at most `count`, fewer than there are, as in the whole order: by score, and as they
    came where that is equal. All lines at once, as far as they have no such ties."""
    if count < 1:
        return [[] for _ in scores]
    falling = -scores
    bounds = np.partition(falling, count - 1, axis=1)[:, count - 1 : count]
    lines, places = np.divmod(np.flatnonzero(falling <= bounds), scores.shape[1])
    order = np.lexsort((falling[lines, places], lines))  # stable
    ends = np.searchsorted(lines, np.arange(1, len(scores) + 1)).tolist()
    ranked = places[order].tolist()
    return [ranked[start:end][:count] for start, end in zip([0, *ends], ends, strict=False)]
