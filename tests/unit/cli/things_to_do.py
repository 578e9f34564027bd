"""What the processes of `test_workers` are asked to do: in a module of its own, so that they can import it."""

from __future__ import annotations

import os
import time


def double(number: int) -> int:
    return 2 * number


def double_slowly_at_first(number: int) -> int:
    time.sleep(0.3 if number == 0 else 0)
    return 2 * number


def die_of_unlucky_numbers(number: int) -> int:
    if number % 5 == 3:
        os._exit(1)
    return 2 * number


def refuse(number: int) -> int:
    raise ValueError(f"not {number}")
