"""How well songs do for a mix: near to what is chosen and rather not to what is avoided, or far from all that is avoided. Pure."""

from __future__ import annotations

import numpy as np

from chalicelib.recommend.agreement import Numbers, measure_affinity

FARTHEST = 0.5  # share of the catalogue's pairs: what is farther from all chosen songs than half of them is like none, and left out
SPARED = 0.1  # a difference in distance of which much is made: of songs as remote, those that differ from each other


def judge_near(near: Numbers, away: Numbers, reaches: Numbers) -> Numbers:
    """(n, m) of distances (n, m) to chosen songs and (n, k) to avoided ones: affinity, the less the nearer an avoided song is beside it,
    and 0 where one is nearer than any chosen song. So where both are alike, what is like the chosen one still comes first."""
    affinity = measure_affinity(near, reaches)
    if not away.shape[1]:
        return affinity
    nearest = away.min(axis=1, keepdims=True)
    apart = near + nearest
    share = np.divide(nearest, apart, out=np.full_like(near, 0.5), where=apart > 0)
    is_welcome = near.min(axis=1, keepdims=True) <= nearest
    worth: Numbers = affinity * share**2 * is_welcome
    return worth


def judge_remote(away: Numbers) -> Numbers:
    """(n, 1) of distances (n, k): by the nearest of the avoided songs, beside the remotest candidate."""
    nearest = away.min(axis=1, keepdims=True)
    worth: Numbers = np.exp((nearest - nearest.max(initial=0.0)) / SPARED)
    return worth


def list_alike(near: Numbers, farthest: float) -> np.ndarray:
    """(n,) which are within that distance of a chosen song; all, where none is."""
    is_alike: np.ndarray = near.min(axis=1) <= farthest
    return is_alike if is_alike.any() else np.ones(len(near), dtype=bool)


def place_opposite(avoided: Numbers, *, most: int) -> Numbers:
    """Points (≤ most, d) opposite to the middle of some songs, and to some of them."""
    some = avoided[np.unique(np.linspace(0, len(avoided) - 1, most - 1).astype(np.intp))]
    points: Numbers = -np.concatenate([avoided.mean(axis=0, keepdims=True), some])
    return points
