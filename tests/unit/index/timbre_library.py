"""Songs made of numbers, with passages: what tells styles apart is small, what changes within a song is large; features are correlated
and have heavy tails, as those of music do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chalicelib.feature_model import FEATURE_COUNT
from chalicelib.index.timbre_fitting import PassageSample

HIDDEN = 40  # what the features are mixtures of
PASSAGES = 8


@dataclass(frozen=True)
class Songs:
    features: np.ndarray  # (n, FEATURE_COUNT) float32
    passages: PassageSample
    style: np.ndarray  # (n,)


def make_songs(
    count: int = 200,
    *,
    styles: int = 4,
    artists: int = 40,
    passages: int = PASSAGES,
    has_artists: bool = True,
    seed: int = 1,
) -> Songs:
    dice = np.random.default_rng(seed)
    mixture = dice.normal(size=(HIDDEN, FEATURE_COUNT)) / np.sqrt(HIDDEN)
    units = np.exp(dice.normal(0, 2, FEATURE_COUNT))  # as different as decibels and logarithms
    lively = np.linspace(0.2, 3.0, HIDDEN)  # how much each hidden number changes within a song
    style_of_artist = dice.integers(styles, size=artists)
    maker = dice.integers(artists, size=count)
    of_style = dice.normal(0, 0.7, (styles, HIDDEN))[style_of_artist[maker]]
    of_artist = dice.normal(0, 0.5, (artists, HIDDEN))[maker]
    own = of_style + of_artist + dice.standard_t(4, (count, HIDDEN)) * 0.4
    moments = own[:, np.newaxis, :] + dice.standard_t(4, (count, passages, HIDDEN)) * lively
    rows = ((moments @ mixture + dice.normal(0, 0.1, (count, passages, FEATURE_COUNT))) * units).astype(np.float32)
    names = [f"artist {number}" if has_artists else None for number in maker]
    return Songs(
        features=rows.mean(axis=1),
        passages=PassageSample(rows.reshape(-1, FEATURE_COUNT), np.repeat(np.arange(count), passages), names),
        style=style_of_artist[maker],
    )


def share_of_style(vectors: np.ndarray, style: np.ndarray, among: int = 10) -> float:
    """Of the nearest neighbours by angle, how many are of the song's own style, on average."""
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    likeness = units @ units.T
    np.fill_diagonal(likeness, -np.inf)
    nearest = np.argsort(-likeness, axis=1)[:, :among]
    return float((style[nearest] == style[:, np.newaxis]).mean())
