"""How good lists of songs are, in the usual measures, each with a bootstrap interval (Efron and Tibshirani 1993). Pure arithmetic.

What was asked and what counts as right is left to the workflows `evaluate_labels` and `evaluate_plays`.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]

AT = 10  # songs of each list are judged
RESAMPLES = 2_000
RESAMPLES_OF_COVERAGE = 200  # each counts the songs of all lists anew
COUNTS_AT_ONCE = 2_000_000
SEED = 1
PERCENTILES = (2.5, 97.5)


class Measured(msgspec.Struct, frozen=True):
    value: float
    interval: tuple[float, float]  # 95 %


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """Of one way to make lists. None: cannot be told from what there is."""

    queries: int
    precision: Measured
    hit_rate: Measured
    ndcg: Measured
    coverage: Measured  # share of the catalogue that is in some list
    diversity: Measured | None = None  # mean distance between the songs of a list, by one ruler for all
    novelty: Measured | None = None  # bits: the mean surprise at a song, from its share of all plays
    recall: Measured | None = None  # of the exact nearest


@dataclass(frozen=True, slots=True)
class JudgedList:
    """What one query was answered with, best first, and how much of it was right."""

    songs: tuple[Hashable, ...]  # at most AT
    is_right: tuple[bool, ...]  # parallel
    findable: int  # right songs in the whole catalogue, more than 0
    group: Hashable  # queries of one group (a listener, an artist) are not independent
    places: int = AT  # fewer in a catalogue that has fewer songs to offer
    diversity: float | None = None
    recall: float | None = None


def score_lists(lists: Sequence[JudgedList], *, catalogue_size: int, surprise: Mapping[Hashable, float] | None = None) -> Score:
    """Of at least one list. `surprise`: bits by song, from `measure_surprise`."""
    groups = [each.group for each in lists]
    precisions = [measure_precision(each) for each in lists]
    hits = [float(any(each.is_right)) for each in lists]
    return Score(
        queries=len(lists),
        precision=bootstrap_mean(precisions, groups),
        hit_rate=bootstrap_mean(hits, groups),
        ndcg=bootstrap_mean([measure_ndcg(each) for each in lists], groups),
        coverage=_bootstrap_coverage([each.songs for each in lists], catalogue_size),
        diversity=_measure_some([each.diversity for each in lists], groups),
        novelty=None if surprise is None else _measure_some([_average_surprise(each.songs, surprise) for each in lists], groups),
        recall=_measure_some([each.recall for each in lists], groups),
    )


def measure_precision(judged: JudgedList) -> float:
    """Right songs among AT places, or as many as there are songs for; a place that stays empty is not right."""
    return sum(judged.is_right) / judged.places


def measure_ndcg(judged: JudgedList) -> float:
    """Normalized discounted cumulative gain (Järvelin and Kekäläinen 2002): 1 where all that is right comes first."""
    discounts = 1.0 / np.log2(np.arange(2, AT + 2))
    gained = float(discounts[: len(judged.is_right)] @ np.array(judged.is_right, dtype=np.float64))
    return min(1.0, gained / float(discounts[: min(AT, judged.findable)].sum()))  # the same numbers, added in another order, may differ


def measure_surprise(plays: Mapping[Hashable, int], catalogue_size: int) -> dict[Hashable, float]:
    """Bits by song: -log2 of its share of all plays, as if every song had been played once more."""
    total = sum(plays.values()) + catalogue_size
    return {song: float(-np.log2((count + 1) / total)) for song, count in plays.items()}


def measure_spread(units: Numbers) -> float | None:
    """Mean distance between the rows of (n, d), which have length 1; None where there is no pair."""
    count = len(units)
    if count < 2:
        return None
    cosines = np.clip(units @ units.T, -1.0, 1.0)[np.triu_indices(count, k=1)]
    return float(np.sqrt(2.0 * (1.0 - cosines)).mean())


def bootstrap_mean(values: Sequence[float], groups: Sequence[Hashable]) -> Measured:
    """The mean of at least one value; for the interval whole groups are drawn, with replacement."""
    numbers: dict[Hashable, int] = {}
    members = np.array([numbers.setdefault(group, len(numbers)) for group in groups])
    sums = np.bincount(members, weights=np.asarray(values, dtype=np.float64))
    sizes = np.bincount(members).astype(np.float64)
    dice = np.random.default_rng(SEED)
    means: list[Numbers] = []
    at_once = max(1, COUNTS_AT_ONCE // len(sums))
    for start in range(0, RESAMPLES, at_once):
        drawn = dice.multinomial(len(sums), np.full(len(sums), 1 / len(sums)), size=min(at_once, RESAMPLES - start))
        means.append((drawn @ sums) / (drawn @ sizes))
    low, high = np.percentile(np.concatenate(means), PERCENTILES)
    return Measured(_round(np.mean(values)), (_round(low), _round(high)))


def compare_lists(ours: Sequence[JudgedList], others: Sequence[JudgedList]) -> Measured:
    """How much more precise our lists are than the others', query by query: its interval tells more than the two of the precisions."""
    gains = [measure_precision(mine) - measure_precision(its) for mine, its in zip(ours, others, strict=True)]
    return bootstrap_mean(gains, [each.group for each in ours])


def _bootstrap_coverage(lists: Sequence[tuple[Hashable, ...]], catalogue_size: int) -> Measured:
    """Drawn with replacement, lists cover less than they do once each: only the spread of what is drawn makes the interval."""
    numbers: dict[Hashable, int] = {}
    songs = [np.array([numbers.setdefault(song, len(numbers)) for song in each], dtype=np.intp) for each in lists]
    share = len(numbers) / max(1, catalogue_size)
    dice = np.random.default_rng(SEED)
    drawn = np.empty(RESAMPLES_OF_COVERAGE)
    for place in range(len(drawn)):
        is_covered = np.zeros(max(1, len(numbers)), dtype=bool)
        for row in np.unique(dice.integers(len(lists), size=len(lists))):
            is_covered[songs[row]] = True
        drawn[place] = is_covered.sum() / max(1, catalogue_size)
    low, high = np.percentile(drawn - drawn.mean(), PERCENTILES)
    return Measured(_round(share), (_round(max(0.0, share + low)), _round(min(1.0, share + high))))


def _measure_some(values: Sequence[float | None], groups: Sequence[Hashable]) -> Measured | None:
    """Of those that are known."""
    known = [(value, group) for value, group in zip(values, groups, strict=True) if value is not None]
    return bootstrap_mean([value for value, _ in known], [group for _, group in known]) if known else None


def _average_surprise(songs: Sequence[Hashable], surprise: Mapping[Hashable, float]) -> float | None:
    return float(np.mean([surprise[song] for song in songs])) if songs else None


def _round(value: float | np.floating[npt.NBitBase]) -> float:
    return round(float(value), 4)
