"""Percentiles are numpy's."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.audio.order_statistics import take_percentiles

PERCENTS = st.lists(st.floats(0, 100), min_size=1, max_size=4)


@given(st.lists(st.floats(-100, 100, width=32), min_size=1, max_size=60), PERCENTS)
def test_percentiles_of_numbers_are_numpys(numbers: list[float], percents: list[float]) -> None:
    values = np.array(numbers, np.float32)
    np.testing.assert_allclose(take_percentiles(values, percents), np.percentile(values.astype(np.float64), percents), atol=1e-9)


@given(st.integers(1, 40), st.integers(0, 100))
def test_the_median_of_columns_is_numpys(count: int, seed: int) -> None:
    columns = np.random.default_rng(seed).standard_normal((count, 3)).astype(np.float32)
    np.testing.assert_allclose(take_percentiles(columns, [50])[0], np.median(columns, axis=0), atol=1e-6)
