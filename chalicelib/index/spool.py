"""The tracks of a build, read from their store once and kept on disk as flat numbers, so that a build can go over them twice (fitting, then
projecting) while it holds a batch of them, and so that both times they are the same, whatever changes in the store meanwhile.

For a million tracks: a gigabyte on disk, 30 MB in memory.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from chalicelib.errors import ArtefactError
from chalicelib.feature_model import FEATURE_COUNT
from chalicelib.index.scaler import Matrix
from chalicelib.index.scaler_fitting import Moments
from chalicelib.index.scan import TrackIds
from chalicelib.log import log
from chalicelib.model import MFCC_COUNT, TrackVector

BATCH = 4_000  # tracks
MFCC_BYTES = MFCC_COUNT * 8
FEATURE_BYTES = FEATURE_COUNT * 4
NO_VERSION = -1
MAY_LACK_FEATURES = 0.01  # of the tracks, one at least: those that could not be analysed anew must not keep the rest from the richer space
MOST_LACKING = 1_000  # tracks: beyond this many the features are no longer kept


class Spool:
    """Rows are in the order in which the tracks came. `has_features`: all but a few tracks have them; the few get the average's, with MFCC
    means of their own, so that they are found at all."""

    def __init__(self, folder: Path) -> None:
        self.mfcc_file = folder / "mfcc.f64"
        self.features_file = folder / "features.f32"
        self.track_ids: TrackIds = np.empty(0, dtype=bytes)
        self.genres: list[str | None] = []
        self.scaler_versions: npt.NDArray[np.int32] = np.empty(0, dtype=np.int32)  # of the standardized MFCCs that documents have
        self.mfcc_moments = Moments()
        self.feature_moments = Moments()
        self.without_features = 0

    def __len__(self) -> int:
        return len(self.track_ids)

    @property
    def has_features(self) -> bool:
        return len(self) > 0 and self.without_features <= min(max(MAY_LACK_FEATURES * len(self), 1), MOST_LACKING)

    def mfcc(self) -> Iterator[Matrix]:
        """(m, 20) float64, batch after batch."""
        return _read_rows(self.mfcc_file, MFCC_COUNT, np.dtype(np.float64))

    def features(self) -> Iterator[Matrix]:
        """(m, 204) float32, batch after batch. Only where `has_features`."""
        for rows in _read_rows(self.features_file, FEATURE_COUNT, np.dtype(np.float32)):
            yield np.where(np.isnan(rows), self.feature_moments.mean_.astype(np.float32), rows) if self.without_features else rows


def spool_tracks(tracks: Iterable[TrackVector], folder: Path) -> Spool:
    """Reads the stream to its end. What cannot be indexed is left out and logged: one bad row must not keep the gate shut for all.
    ArtefactError where ids are not such that an index can be made of them."""
    spool = Spool(folder)
    ids: list[TrackIds] = []
    versions: list[npt.NDArray[np.int32]] = []
    remaining = iter(tracks)
    with ExitStack() as files:
        mfcc, features = (files.enter_context(path.open("wb")) for path in (spool.mfcc_file, spool.features_file))
        while batch := list(islice(remaining, BATCH)):
            if not (usable := _keep_usable(batch)):
                continue
            ids.append(_encode_ids(usable))
            versions.append(np.array([NO_VERSION if one.scaler_version is None else one.scaler_version for one in usable], dtype=np.int32))
            spool.genres += [sys.intern(one.genre) if one.genre else None for one in usable]  # a few names, a million times
            _write_numbers(usable, spool, mfcc, features)
    if ids:
        spool.track_ids, spool.scaler_versions = np.concatenate(ids), np.concatenate(versions)
        _check_unique(spool.track_ids)
    return spool


def _write_numbers(tracks: list[TrackVector], spool: Spool, mfcc: BinaryIO, features: BinaryIO) -> None:
    rows = np.array([each.mfcc for each in tracks], dtype=np.float64)
    spool.mfcc_moments.add(rows)
    mfcc.write(rows.tobytes())
    has_features = np.array([bool(each.features) for each in tracks])
    spool.without_features += int(np.count_nonzero(~has_features))
    if spool.without_features > MOST_LACKING:
        return  # the features of the others are of no use to this build
    numbers = np.full((len(tracks), FEATURE_COUNT), np.nan, dtype="<f4")
    numbers[:, :MFCC_COUNT] = rows
    if has_features.any():
        content = b"".join(each.features for each in tracks if each.features)
        numbers[has_features] = np.frombuffer(content, dtype="<f4").reshape(-1, FEATURE_COUNT)
        spool.feature_moments.add(numbers[has_features])
    features.write(numbers.tobytes())


def _keep_usable(tracks: list[TrackVector]) -> list[TrackVector]:
    shaped = [each for each in tracks if len(each.mfcc) == MFCC_COUNT and len(each.features or b"") in (0, FEATURE_BYTES)]
    is_sound = _are_finite(np.array([each.mfcc for each in shaped], dtype=np.float64).reshape(-1, MFCC_COUNT))
    rich = [row for row, each in enumerate(shaped) if each.features]
    features = np.frombuffer(b"".join(shaped[row].features or b"" for row in rich), dtype="<f4").reshape(-1, FEATURE_COUNT)
    is_sound[rich] &= _are_finite(features)
    usable = [each for each, fits in zip(shaped, is_sound.tolist(), strict=True) if fits]
    if len(usable) < len(tracks):
        kept = {each.track_id for each in usable}
        for each in tracks:
            if each.track_id not in kept:
                log.error("track_left_out_of_build", track_id=each.track_id)
    return usable


def _are_finite(rows: Matrix) -> npt.NDArray[np.bool_]:
    return np.asarray(np.isfinite(rows).all(axis=1))


def _encode_ids(tracks: list[TrackVector]) -> TrackIds:
    odd = next((each.track_id for each in tracks if not each.track_id or not each.track_id.isascii() or "\0" in each.track_id), None)
    if odd is not None:
        raise ArtefactError(f"A track id must be ASCII, got {odd!r}.")
    return np.array([each.track_id.encode() for each in tracks], dtype=bytes)


def _check_unique(track_ids: TrackIds) -> None:
    found = len(np.unique(track_ids))
    if found != len(track_ids):
        raise ArtefactError(f"{len(track_ids) - found} track ids are there more than once.")


def _read_rows(path: Path, width: int, dtype: np.dtype[Any]) -> Iterator[Matrix]:
    with path.open("rb") as file:
        while len(numbers := np.fromfile(file, dtype=dtype, count=BATCH * width)):
            rows: Matrix = numbers.reshape(-1, width)
            yield rows
