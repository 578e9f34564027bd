"""Which spaces a build has, and what makes their vectors: the scaler, and the timbre space where the catalogue can bear one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chalicelib.errors import ArtefactError
from chalicelib.feature_model import FEATURE_COUNT
from chalicelib.index.in_force import InForce
from chalicelib.index.manifest import Space
from chalicelib.index.scaler import Scaler
from chalicelib.index.scaler_fitting import choose_scaler
from chalicelib.index.space_building import SpaceScaler
from chalicelib.index.spool import Spool
from chalicelib.index.timbre_fitting import MIN_SONGS, PassageSample, fit_timbre_space
from chalicelib.index.timbre_space import TimbreSpace
from chalicelib.log import log
from chalicelib.model import PassageRows

PASSAGES_SAMPLED = 5_000  # songs, at most 8 passages each: 33 MB


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedSpaces:
    scaler: Scaler
    scaler_drift: float | None
    timbre: TimbreSpace | None
    timbre_drift: float | None
    timbre_missing_because: str | None

    def list_scalers(self) -> dict[Space, SpaceScaler]:
        return {"mfcc": self.scaler} if self.timbre is None else {"mfcc": self.scaler, "timbre": self.timbre}

    def list_drifts(self) -> dict[Space, float | None]:
        return {"mfcc": self.scaler_drift, "timbre": self.timbre_drift}


def fit_spaces(
    spool: Spool, passages: Callable[[], Iterable[PassageRows]], in_force: InForce, *, refit: bool, feature_version: int
) -> FittedSpaces:
    """Each as it is in force, unless it drifted or `refit` asks."""
    scaler, scaler_drift = choose_scaler(spool.mfcc_moments, in_force.scaler, refit=refit)
    try:
        timbre, timbre_drift = _fit_timbre(spool, passages, in_force.timbre, refit=refit, feature_version=feature_version)
        reason = None
    except ArtefactError as exc:  # no reason to keep the catalogue without an index: the space comes with a later build
        log.info("timbre_left_out_of_build", reason=exc.message)
        timbre, timbre_drift, reason = None, None, exc.message
    return FittedSpaces(scaler=scaler, scaler_drift=scaler_drift, timbre=timbre, timbre_drift=timbre_drift, timbre_missing_because=reason)


def _fit_timbre(
    spool: Spool, passages: Callable[[], Iterable[PassageRows]], in_force: TimbreSpace | None, *, refit: bool, feature_version: int
) -> tuple[TimbreSpace, float | None]:
    if not spool.has_features:
        raise ArtefactError(f"{spool.without_features} of {len(spool)} songs are without the features of version {feature_version}.")
    if len(spool) < MIN_SONGS:
        raise ArtefactError(f"A timbre space needs at least {MIN_SONGS} songs, there are {len(spool)}.")
    version = 1 if in_force is None else in_force.version + 1
    sample = gather_passages(passages())
    return fit_timbre_space(spool.feature_moments, sample, version=version, in_force=in_force, refit=refit, feature_version=feature_version)


def gather_passages(passages: Iterable[PassageRows]) -> PassageSample:
    """Halves become float32 as they come. What is no whole number of rows is left out and logged."""
    rows: list[npt.NDArray[np.float32]] = []
    songs: list[npt.NDArray[np.int64]] = []
    artists: list[str | None] = []
    for each in passages:
        if not each.rows or len(each.rows) % (2 * FEATURE_COUNT):
            log.error("passages_left_out_of_build", track_id=each.track_id)
            continue
        found = np.frombuffer(each.rows, dtype="<f2").reshape(-1, FEATURE_COUNT).astype(np.float32)
        rows.append(found)
        songs.append(np.full(len(found), len(artists), dtype=np.int64))
        artists.append(each.artist)
    if not rows:
        return PassageSample(np.empty((0, FEATURE_COUNT), dtype=np.float32), np.empty(0, dtype=np.int64), artists)
    return PassageSample(np.concatenate(rows), np.concatenate(songs), artists)
