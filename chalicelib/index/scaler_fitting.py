"""Fits scalers, as a build does. Needs scikit-learn, which is imported when something is fitted."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from chalicelib.errors import ArtefactError
from chalicelib.index.scaler import Matrix, Scaler

DRIFT_TOLERATED = 0.02  # σ: under it the scaler in force stays, and no document is rewritten


class Moments:
    """Mean and scale of rows that come in batches, called as StandardScaler calls them. The same batches give the same bits."""

    mean_: npt.NDArray[np.float64]
    scale_: npt.NDArray[np.float64]  # never 0

    def __init__(self) -> None:
        from sklearn.preprocessing import StandardScaler

        self._fitted: Any = StandardScaler()  # scikit-learn carries no types
        self.count = 0

    def add(self, rows: Matrix) -> None:
        self._fitted.partial_fit(np.asarray(rows, dtype=np.float64))
        self.mean_, self.scale_ = self._fitted.mean_, self._fitted.scale_
        self.count += len(rows)

    def make_scaler(self, version: int) -> Scaler:
        return Scaler(version, tuple(map(float, self.mean_)), tuple(map(float, self.scale_)))


def fit_scaler(matrix: Matrix, version: int) -> Scaler:
    """Means and scales of all rows of (n, d), n ≥ 1, as scikit-learn's StandardScaler defines them."""
    moments = Moments()
    moments.add(matrix)
    return moments.make_scaler(version)


def choose_scaler(moments: Moments, in_force: Scaler | None, *, refit: bool) -> tuple[Scaler, float | None]:
    """(scaler to build with, drift in σ of a fresh fit from the one in force): the one in force unless it drifted or `refit` asks."""
    if not moments.count:
        raise ArtefactError("There is no track to fit a scaler to.")
    if in_force is None:
        return moments.make_scaler(1), None
    fresh = moments.make_scaler(in_force.version + 1)
    drift = fresh.drift_from(in_force)
    drift_known = drift if np.isfinite(drift) else None  # JSON has no infinity: another number of coefficients
    return (fresh if refit or drift > DRIFT_TOLERATED else in_force), drift_known
