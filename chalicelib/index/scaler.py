"""The scaler of an index: means and scales that turn raw MFCC means into comparable numbers, frozen with the build that fitted them.

Applying it is plain numpy, so that searching and ingesting never pay for scikit-learn; fitting is left to `scaler_fitting`.
"""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from chalicelib.errors import ArtefactError

Matrix = npt.NDArray[np.floating[Any]]
Vectors = npt.NDArray[np.float32]


class Scaler(msgspec.Struct, frozen=True):
    """`version` names these very numbers: documents and artefacts that carry it were standardized alike."""

    version: int
    means: tuple[float, ...]
    scales: tuple[float, ...]  # never 0: a column without variance has scale 1

    @property
    def dimension(self) -> int:
        return len(self.means)

    def transform(self, raw: npt.ArrayLike) -> Vectors:
        """Standardized float32 of one vector (d,) or of many (n, d)."""
        values = np.asarray(raw, dtype=np.float64)
        if values.shape[-1:] != (self.dimension,):
            raise ArtefactError(f"Vectors of {self.dimension} numbers expected, got shape {values.shape}.")
        standardized: Vectors = ((values - np.asarray(self.means)) / np.asarray(self.scales)).astype(np.float32)
        return standardized

    def drift_from(self, other: Scaler) -> float:
        """How far this scaler is from `other`, in σ of `other`: the largest move of any mean or scale."""
        if self.dimension != other.dimension:
            return math.inf
        scales = np.asarray(other.scales)
        means_moved = np.abs(np.asarray(self.means) - np.asarray(other.means)) / scales
        scales_moved = np.abs(np.asarray(self.scales) - scales) / scales
        return float(max(means_moved.max(), scales_moved.max()))

    def to_json(self) -> bytes:
        return msgspec.json.encode(self)


def decode_scaler(content: bytes) -> Scaler:
    """ArtefactError for anything but the finite numbers of a scaler."""
    try:
        scaler = msgspec.json.decode(content, type=Scaler)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise ArtefactError(f"scaler.json cannot be read: {exc}.") from exc
    numbers = (*scaler.means, *scaler.scales)
    if not scaler.means or len(scaler.means) != len(scaler.scales) or not all(map(math.isfinite, numbers)) or min(scaler.scales) <= 0:
        raise ArtefactError("scaler.json does not hold as many finite means as positive scales.")
    return scaler
