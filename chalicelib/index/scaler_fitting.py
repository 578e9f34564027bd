"""Fits a scaler with scikit-learn: in a build only. Applying it is left to `scaler`."""

from __future__ import annotations

import numpy as np

from chalicelib.index.scaler import Matrix, Scaler


def fit_scaler(matrix: Matrix, version: int) -> Scaler:
    """Means and scales of all rows of (n, d), n ≥ 1, as scikit-learn's StandardScaler defines them."""
    from sklearn.preprocessing import StandardScaler

    fitted = StandardScaler().fit(np.asarray(matrix, dtype=np.float64))
    return Scaler(version, tuple(map(float, fitted.mean_)), tuple(map(float, fitted.scale_)))
