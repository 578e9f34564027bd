"""Fits the `timbre` space to a catalogue, without labels: which directions tell songs apart and do not change within a song.

Every song is its own class of a regularized discriminant analysis over its passages (Fisher 1936; the metric is that of relevant component
analysis, Bar-Hillel et al. 2003); where artists are known, what differs among one artist's songs counts half as what differs within a song.
What songs are fitted on, and what becomes of a space, is left to the build.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from chalicelib.errors import ArtefactError
from chalicelib.feature_model import FEATURE_GROUPS
from chalicelib.index.timbre_space import FARTHEST, Floats64, TimbreSpace
from chalicelib.model import FEATURE_VERSION

MIN_SONGS = 50
DIMENSION = 32
DRIFT_TOLERATED = 0.02  # σ, or part of the metric: under it the space in force stays
RIDGE = 0.2  # of the mean variance within songs, added to each direction's
ARTIST_SHARE = 0.5  # of the covariance among one artist's songs, added to that within songs
SONGS_OF_ARTIST = 30  # whose weight in it grows no further: one must not speak for all
EXPONENT = 0.125  # each direction is stretched by its eigenvalue to this power: 0 is best for few songs, 0.25 for many
GROUP_WEIGHTS = {
    "mfcc_mean": 1.0,
    "mfcc_std": 0.7,
    "mfcc_delta_std": 0.7,
    "log_covariance": 1.0,
    "fluctuation": 0.7,
    "loudness": 0.7,
    "chroma_intervals": 0.5,
}
NO_ARTIST = frozenset(("unknown", "unknown artist", "<unknown>", "[unknown]", "various", "various artists", "va", "n/a", "none", "-"))
ROWS_AT_ONCE = 4_096


class FittedScales(Protocol):
    """What scikit-learn's StandardScaler knows after `partial_fit` over the features of all songs."""

    mean_: npt.NDArray[np.float64]
    scale_: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PassageSample:
    """Passages of some songs: `rows[i]` is of song number `song[i]`, whose artist is `artist[song[i]]`."""

    rows: npt.NDArray[np.float32]  # (m, features)
    song: npt.NDArray[np.int64]  # (m,)
    artist: Sequence[str | None]

    def __post_init__(self) -> None:
        if self.rows.ndim != 2 or len(self.rows) != len(self.song):
            raise ArtefactError("Every passage needs the number of its song.")
        if len(self.song) and not 0 <= self.song.min() <= self.song.max() < len(self.artist):
            raise ArtefactError("A passage is of a song that is not in the sample.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """What can be chosen about a fit. The defaults are what `timbre evaluate` favoured; see infrastructure/decisions.md."""

    dimension: int = DIMENSION
    ridge: float = RIDGE
    artist_share: float = ARTIST_SHARE
    exponent: float = EXPONENT


DEFAULT_FIT = Fit()


def fit_timbre_space(
    scaler: FittedScales,
    passages: PassageSample,
    *,
    version: int,
    in_force: TimbreSpace | None,
    refit: bool = False,
    feature_version: int = FEATURE_VERSION,
    fit: Fit = DEFAULT_FIT,
) -> tuple[TimbreSpace, float | None]:
    """(space to build with, drift of a fresh fit from the one in force): the one in force unless it drifted or `refit` asks.

    `version` is what a fresh fit would be called. ArtefactError with fewer than MIN_SONGS songs in the sample, or songs that do not differ.
    """
    fresh = _fit_afresh(scaler, passages, version, feature_version, fit)
    if in_force is None:
        return fresh, None
    drift = fresh.drift_from(in_force)
    drift_known = drift if np.isfinite(drift) else None  # JSON has no infinity: other features
    return (fresh if refit or drift > DRIFT_TOLERATED else in_force), drift_known


def balance_groups(scaler: FittedScales, *, version: int, feature_version: int = FEATURE_VERSION) -> TimbreSpace:
    """A space of all features with nothing learned: for evaluation, where songs are too few to learn from."""
    weights = weigh_features(len(scaler.mean_))
    return TimbreSpace(version, feature_version, scaler.mean_, scaler.scale_, np.diag(weights))


def weigh_features(count: int) -> Floats64:
    """(count,): a group counts by its weight, however many features it has."""
    weights = np.ones(count)
    for group in FEATURE_GROUPS:
        weights[group.start : group.stop] = GROUP_WEIGHTS[group.name] / np.sqrt(group.size)
    return weights


def _fit_afresh(scaler: FittedScales, passages: PassageSample, version: int, feature_version: int, fit: Fit) -> TimbreSpace:
    weights = weigh_features(len(scaler.mean_))
    scatter = _measure_scatter(scaler, passages, weights)
    if scatter.songs < MIN_SONGS:
        raise ArtefactError(f"A timbre space is fitted on at least {MIN_SONGS} songs, got {scatter.songs}.")
    directions = _find_directions(scatter, fit)
    return TimbreSpace(version, feature_version, scaler.mean_, scaler.scale_, weights[:, np.newaxis] * directions)


@dataclass(frozen=True, slots=True)
class _Scatter:
    songs: int
    spare_rows: int  # passages beyond the first of each song: what is known of variation within songs
    between: Floats64  # covariance of the songs' means
    within: Floats64  # mean covariance within a song
    within_artists: Floats64 | None  # mean covariance of an artist's song means; None: no artist with two songs


def _measure_scatter(scaler: FittedScales, passages: PassageSample, weights: Floats64) -> _Scatter:
    """In two passes over the passages, some rows at a time."""
    size, numbers = len(weights), len(passages.artist)
    counts, sums = np.zeros(numbers), np.zeros((numbers, size))
    for song, rows in _stream_rows(scaler, passages, weights):
        _add_rows(sums, song, rows)
        counts += np.bincount(song, minlength=numbers)
    means = np.divide(sums, counts[:, np.newaxis], out=np.zeros_like(sums), where=counts[:, np.newaxis] > 0)
    within, has_rows = np.zeros((size, size)), counts > 0
    for song, rows in _stream_rows(scaler, passages, weights):
        apart = rows - means[song]
        within += apart.T @ apart
    songs, spare_rows = int(has_rows.sum()), int(counts.sum() - has_rows.sum())
    of_songs = means[has_rows] - means[has_rows].mean(axis=0) if songs else means[has_rows]
    artists = [artist for artist, has in zip(passages.artist, has_rows, strict=True) if has]
    return _Scatter(
        songs=songs,
        spare_rows=spare_rows,
        between=of_songs.T @ of_songs / max(1, songs - 1),
        within=within / max(1, spare_rows),
        within_artists=_measure_artists(of_songs, artists),
    )


def _add_rows(sums: Floats64, song: npt.NDArray[np.int64], rows: Floats64) -> None:
    """Each row to its song's sum, whatever the order; many times faster than numpy's `add.at`."""
    if not len(song):
        return
    order = np.argsort(song, kind="stable")
    numbers, starts = np.unique(song[order], return_index=True)
    sums[numbers] += np.add.reduceat(rows[order], starts, axis=0)


def _stream_rows(
    scaler: FittedScales, passages: PassageSample, weights: Floats64
) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]]:
    """(songs, weighted standardized rows) of what is all numbers."""
    for start in range(0, len(passages.rows), ROWS_AT_ONCE):
        raw = passages.rows[start : start + ROWS_AT_ONCE].astype(np.float64)
        usable = np.isfinite(raw).all(axis=1)
        rows = np.clip((raw[usable] - scaler.mean_) / scaler.scale_, -FARTHEST, FARTHEST) * weights
        yield passages.song[start : start + ROWS_AT_ONCE][usable], rows


def _measure_artists(of_songs: Floats64, artists: Sequence[str | None]) -> Floats64 | None:
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, artist in enumerate(artists):
        name = name_one_artist(artist)
        if name is not None:
            places[name].append(place)
    total, weight = np.zeros((of_songs.shape[1], of_songs.shape[1])), 0
    for songs in places.values():
        if len(songs) > 1:
            apart = of_songs[songs] - of_songs[songs].mean(axis=0)
            spare = min(len(songs), SONGS_OF_ARTIST) - 1
            total += apart.T @ apart * (spare / (len(songs) - 1))
            weight += spare
    return total / weight if weight else None


def name_one_artist(artist: str | None) -> str | None:
    """As compared; None for nobody, and for many."""
    name = " ".join((artist or "").casefold().split())
    return None if not name or name in NO_ARTIST else name


def _find_directions(scatter: _Scatter, fit: Fit) -> Floats64:
    """(features, dimension): generalized eigenvectors of the covariance between songs against that within, the most telling first.

    The fewer passages tell of variation within songs, the more it is taken to be alike in all directions; with one passage a song that
    leaves the principal components.
    """
    size = len(scatter.between)
    within = scatter.within
    if scatter.within_artists is not None:
        within = within + fit.artist_share * scatter.within_artists
    spread = np.trace(within) / size
    if scatter.spare_rows == 0 or spread <= np.finfo(np.float64).eps * np.trace(scatter.between):
        noise = np.eye(size)
    else:
        noise = within + fit.ridge * (1 + size / scatter.spare_rows) * spread * np.eye(size)
    values, vectors = _solve(scatter.between, noise)
    kept = values[: fit.dimension] > values[0] * 1e-9
    if values[0] <= 0 or not kept.any():
        raise ArtefactError("The songs do not differ in any feature: there is no space to be fitted.")
    values, vectors = values[: fit.dimension][kept], vectors[:, : fit.dimension][:, kept]
    loudest = np.abs(vectors).argmax(axis=0)
    signs = np.where(np.take_along_axis(vectors, loudest[np.newaxis, :], axis=0)[0] < 0, -1.0, 1.0)
    stretched: Floats64 = vectors * signs * (values / values[0]) ** fit.exponent
    return stretched


def _solve(between: Floats64, noise: Floats64) -> tuple[Floats64, Floats64]:
    """Eigenvalues, the largest first, and vectors w with wᵀ noise w = 1: by Cholesky, so that no scipy is needed."""
    root = np.linalg.cholesky(noise)
    half = np.linalg.solve(root, between)
    whitened = np.linalg.solve(root, half.T)
    values, vectors = np.linalg.eigh((whitened + whitened.T) / 2)
    order = np.argsort(-values, kind="stable")
    return values[order], np.linalg.solve(root.T, vectors[:, order])
