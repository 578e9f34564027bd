"""Angular distance as Annoy defines it: the length between two unit vectors, 0 (same direction) to 2 (opposite), in float64.

A vector of zeros has no direction: it is 0 from another of zeros and √2 from all else (Annoy calls both √2).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Distances = npt.NDArray[np.float64]

UNRELATED = math.sqrt(2.0)  # at right angles


def scale_to_unit(vectors: Floats) -> npt.NDArray[np.float64]:
    """Rows of (n, d), or one vector (d,), at length 1; zeros stay zeros."""
    units = np.array(vectors, dtype=np.float64)  # changed in place: fresh memory for each step costs more than the arithmetic
    lengths = np.sqrt(np.einsum("...j,...j->...", units, units))[..., np.newaxis]
    lengths[lengths == 0] = 1.0
    units /= lengths
    return units


def measure_distances(query: Floats, units: npt.NDArray[np.float64]) -> Distances:
    """Distances (n,) of one vector (d,) from unit rows (n, d). By differences, not by the cosine, whose rounding blurs what is near."""
    return measure_distances_each(query[np.newaxis, :], units)[:, 0]


def measure_distances_each(queries: Floats, units: npt.NDArray[np.float64]) -> Distances:
    """(n, m) distances of unit rows (n, d) from each of m vectors (m, d), as `measure_distances` has them."""
    has_direction = np.any(units != 0.0, axis=1)
    distances = np.empty((len(units), len(queries)))
    difference = np.empty_like(units)  # one for all: new memory for each would cost as much as the arithmetic
    for column, unit in enumerate(scale_to_unit(queries)):
        if not unit.any():
            distances[:, column] = np.where(has_direction, UNRELATED, 0.0)
            continue
        np.subtract(units, unit, out=difference)
        distances[:, column] = np.where(has_direction, np.sqrt(np.einsum("ij,ij->i", difference, difference)), UNRELATED)
    return distances


def measure_distances_roughly(queries: Floats, units: npt.NDArray[np.float64]) -> Distances:
    """`measure_distances_each` by one product: right to some 1e-8, which what is near to nothing does not suffer from."""
    squares = 2.0 - 2.0 * (units @ scale_to_unit(queries).T)
    distances = np.sqrt(np.maximum(squares, 0.0))
    has_direction, asked_has = np.any(units != 0.0, axis=1), np.any(np.asarray(queries) != 0.0, axis=1)
    if not (has_direction.all() and asked_has.all()):
        distances[~(has_direction[:, np.newaxis] | asked_has)] = 0.0  # what has no direction is where the others are that have none
    return distances


def measure_between(left: npt.NDArray[np.float64], right: npt.NDArray[np.float64]) -> Distances:
    """Distances (n,) between unit rows of two matrices (n, d), row by row."""
    difference = left - right
    distances: Distances = np.sqrt(np.einsum("ij,ij->i", difference, difference))
    distances[_have_direction(left) != _have_direction(right)] = UNRELATED
    return distances


def _have_direction(units: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """(n,) which of the rows, of length 1 or 0, are of length 1."""
    squares: Distances = np.einsum("ij,ij->i", units, units)
    return squares > 0.0


def measure_pairs(one: Floats, other: Floats) -> Distances:
    """Distances (n,) between the rows of two matrices (n, d), row by row."""
    return measure_between(scale_to_unit(one), scale_to_unit(other))
