"""What the exact scan is made of."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.index.scan import NO_POSITIONS, list_once

PLACES = st.lists(st.lists(st.integers(0, 30), max_size=12), max_size=5)


@given(PLACES)
def test_each_place_is_listed_once_and_they_rise(places: list[list[int]]) -> None:
    listed = list_once([np.array(some, dtype=NO_POSITIONS.dtype) for some in places])
    assert listed.dtype == NO_POSITIONS.dtype
    assert listed.tolist() == sorted({place for some in places for place in some})
