"""When two sounds are one recording: by how near they lie in a space, and by whether they are as long. Names are left to `duplicates`.

The numbers are those that `tests/bench/same_sound.py` measures; see infrastructure/decisions.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

SAME_LENGTH_S = 2.0  # encoders add a tenth of a second, editions a second of silence

Numbers = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class SameSound:
    """Angular distances under which two sounds of a space are one recording."""

    at_any_length: float
    at_one_length: float

    @property
    def farthest(self) -> float:
        """No two that are as far apart are one recording."""
        return max(self.at_any_length, self.at_one_length)

    def tell(self, squares: Numbers, seconds_apart: Numbers) -> npt.NDArray[np.bool_]:
        """Of each pair, by the square of its distance."""
        is_same: npt.NDArray[np.bool_] = squares < self.at_one_length**2
        is_same &= (np.abs(seconds_apart) <= SAME_LENGTH_S) | (squares < self.at_any_length**2)
        return is_same


SAME_SOUND = {"mfcc": SameSound(0.05, 0.12), "timbre": SameSound(0.05, 0.12)}  # by space
DEFAULT_SPACE = "timbre"
