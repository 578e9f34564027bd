"""The scaler: scikit-learn's arithmetic, frozen, and a drift in σ."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from chalicelib.errors import ArtefactError
from chalicelib.index.scaler import Scaler, decode_scaler
from chalicelib.index.scaler_fitting import fit_scaler
from tests.unit.index.music_library import make_mfcc

MATRICES = arrays(np.float64, st.tuples(st.integers(1, 30), st.just(4)), elements=st.floats(-1e4, 1e4, width=32))


def test_standardized_columns_have_mean_0_and_deviation_1():
    mfcc = make_mfcc(500)
    standardized = fit_scaler(mfcc, 1).transform(mfcc)
    assert standardized.dtype == np.float32
    assert np.allclose(standardized.mean(axis=0), 0, atol=1e-4)
    assert np.allclose(standardized.std(axis=0), 1, atol=1e-4)


def test_transform_is_what_scikit_learn_computes():
    from sklearn.preprocessing import StandardScaler

    mfcc = make_mfcc(200)
    assert np.allclose(fit_scaler(mfcc, 1).transform(mfcc), StandardScaler().fit_transform(mfcc), atol=1e-6)


@pytest.mark.parametrize("count", [1, 2])
def test_a_column_without_variance_becomes_zeros_and_no_nan(count: int):
    mfcc = np.repeat(make_mfcc(1), count, axis=0)
    assert np.array_equal(fit_scaler(mfcc, 1).transform(mfcc), np.zeros((count, 20), dtype=np.float32))


@settings(deadline=None)
@given(MATRICES)
def test_a_scaler_written_and_read_is_the_same_to_the_last_bit(matrix: np.ndarray):
    scaler = fit_scaler(matrix, 3)
    assert decode_scaler(scaler.to_json()) == scaler


@settings(deadline=None)
@given(MATRICES)
def test_any_finite_matrix_stays_finite_and_does_not_drift_from_itself(matrix: np.ndarray):
    scaler = fit_scaler(matrix, 1)
    assert np.isfinite(scaler.transform(matrix)).all()
    assert scaler.drift_from(fit_scaler(matrix, 2)) == 0.0


def test_drift_is_the_largest_move_in_standard_deviations():
    old = Scaler(1, (0.0, 10.0), (2.0, 4.0))
    assert Scaler(2, (1.0, 10.0), (2.0, 4.0)).drift_from(old) == pytest.approx(0.5)
    assert Scaler(2, (0.0, 10.0), (2.0, 5.0)).drift_from(old) == pytest.approx(0.25)
    assert Scaler(2, (0.0,), (2.0,)).drift_from(old) == float("inf")


def test_a_vector_of_another_length_is_refused():
    with pytest.raises(ArtefactError, match="20 numbers"):
        fit_scaler(make_mfcc(5), 1).transform([1.0, 2.0])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b'{"version":1,"means":[],"scales":[]}',
        b'{"version":1,"means":[1],"scales":[0]}',
        b'{"version":1,"means":[1,2],"scales":[1]}',
        b'{"version":1,"means":[NaN],"scales":[1]}',
        b'{"version":1,"means":["1"],"scales":[1]}',
        b"\xff\xfe",
    ],
)
def test_what_is_no_scaler_is_refused(content: bytes):
    with pytest.raises(ArtefactError):
        decode_scaler(content)
