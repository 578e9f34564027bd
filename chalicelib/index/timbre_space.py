"""The `timbre` space: from the features of a song to the few numbers in which songs that sound alike point the same way.

Applying it is plain numpy; fitting it is left to `timbre_fitting`, where the numbers of a song come from to `audio`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import msgspec
import numpy as np
import numpy.typing as npt

from chalicelib.errors import ArtefactError
from chalicelib.index.scaler import Vectors

Floats64 = npt.NDArray[np.float64]

FARTHEST = 6.0  # σ: beyond it a number says that a song is odd, not how it sounds; one such number would drown the others


@dataclass(frozen=True, slots=True, eq=False)
class TimbreSpace:
    """`version` names these very numbers: vectors that carry it can be compared. Two are equal when every number is."""

    version: int
    feature_version: int
    means: Floats64  # (features,)
    scales: Floats64  # (features,), all positive
    projection: Floats64  # (features, dimension), of what was standardized
    _map: Floats64 = field(init=False, repr=False)  # the same for what was only centred

    def __post_init__(self) -> None:
        """ArtefactError where the tables do not fit together or hold what is no number."""
        for name in ("means", "scales", "projection"):
            table = np.array(getattr(self, name), dtype=np.float64)
            table.setflags(write=False)
            object.__setattr__(self, name, table)
        size = len(self.means) if self.means.ndim == 1 else 0
        if not size or self.scales.shape != (size,) or self.projection.ndim != 2 or len(self.projection) != size or not self.dimension:
            raise ArtefactError("A timbre space needs as many means as scales and rows of its projection.")
        if not all(np.isfinite(table).all() for table in (self.means, self.scales, self.projection)) or self.scales.min() <= 0:
            raise ArtefactError("A timbre space needs finite numbers and positive scales.")
        object.__setattr__(self, "_map", self.projection / self.scales[:, np.newaxis])

    @property
    def dimension(self) -> int:
        return int(self.projection.shape[1])

    @property
    def feature_count(self) -> int:
        return len(self.means)

    def transform(self, features: npt.ArrayLike) -> Vectors:
        """float32 (dimension,) of one song's features, or (n, dimension) of many songs'."""
        values = np.asarray(features, dtype=np.float64)
        if values.shape[-1:] != (self.feature_count,):
            raise ArtefactError(f"{self.feature_count} features expected, got shape {values.shape}.")
        reach = FARTHEST * self.scales
        projected: Vectors = (np.clip(values - self.means, -reach, reach) @ self._map).astype(np.float32)
        return projected

    def drift_from(self, other: TimbreSpace) -> float:
        """How far this space is from `other`: the largest move of any mean or scale in σ of `other`, or the relative change of the metric
        that the projection stands for, whichever is more. Columns of a projection may change sign or turn into each other: that moves
        no song away from another."""
        if self.feature_count != other.feature_count or self.feature_version != other.feature_version:
            return math.inf
        means_moved = np.abs(self.means - other.means) / other.scales
        scales_moved = np.abs(self.scales - other.scales) / other.scales
        metric_moved = np.linalg.norm(self._metric(other.scales) - other._metric(other.scales))
        return float(max(means_moved.max(), scales_moved.max(), metric_moved))

    def _metric(self, scales: Floats64) -> Floats64:
        """P Pᵀ at unit size, for features in units of `scales`: angular distances know no size."""
        in_units = self._map * scales[:, np.newaxis]
        metric: Floats64 = in_units @ in_units.T
        size = np.linalg.norm(metric)
        return metric / size if size > 0 else metric

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TimbreSpace):
            return NotImplemented
        mine, its = ((one.version, one.feature_version) for one in (self, other))
        tables = ("means", "scales", "projection")
        return mine == its and all(np.array_equal(getattr(self, name), getattr(other, name)) for name in tables)

    def __hash__(self) -> int:
        return hash((self.version, self.feature_version, self.projection.tobytes()))

    def to_json(self) -> bytes:
        return msgspec.json.encode(
            _Tables(self.version, self.feature_version, self.means.tolist(), self.scales.tolist(), self.projection.tolist())
        )


class _Tables(msgspec.Struct):
    """A space as a file holds it. JSON numbers keep every bit of a float64."""

    version: int
    feature_version: int
    means: list[float]
    scales: list[float]
    projection: list[list[float]]


def decode_timbre_space(content: bytes) -> TimbreSpace:
    """ArtefactError for anything but the numbers of a space."""
    try:
        tables = msgspec.json.decode(content, type=_Tables)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise ArtefactError(f"The timbre space cannot be read: {exc}.") from exc
    if len({len(row) for row in tables.projection}) != 1:
        raise ArtefactError("The rows of a timbre space's projection are not of one length.")
    return TimbreSpace(
        version=tables.version,
        feature_version=tables.feature_version,
        means=np.array(tables.means),
        scales=np.array(tables.scales),
        projection=np.array(tables.projection),
    )
