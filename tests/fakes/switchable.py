"""What every fake store has: a lock (tests use threads) and a switch that makes it answer as a store that is away."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from chalicelib.errors import StoreUnavailableError

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S", bound="Switchable")


class Switchable:
    store = "the store"

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.is_down = False
        self.calls: list[str] = []  # names of the methods called, in order


def answering(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """One call at a time; StoreUnavailableError while the fake is switched off."""

    @wraps(method)
    def call(self: S, /, *args: Any, **kwargs: Any) -> R:
        with self.lock:
            self.calls.append(method.__name__)
            if self.is_down:
                raise StoreUnavailableError(self.store)
            return method(self, *args, **kwargs)

    return call
