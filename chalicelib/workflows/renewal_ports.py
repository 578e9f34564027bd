"""Renewals: what a listener's list rests on has changed without a play, and the recommend function is to make it anew. A protocol under
the rules of `ports.py`.

A list has an epoch, which is raised whenever something that lists rest on is taken away or comes back. A run of `recommend` reads it
before anything else and gives it along with what it made: a list of a past epoch is never stored, however late it comes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol


class RenewalStore(Protocol):
    def read_epoch(self, user_id: str) -> int:
        """0 where nothing was ever taken away."""

    def read_epochs(self, user_ids: Sequence[str]) -> dict[str, int]:
        """`read_epoch` of each."""

    def is_renewal_wanted(self, user_id: str) -> bool:
        """What lists rest on was taken away or has come back (the stores that do so say it), and no list of the new epoch is stored."""

    def due_renewals(self, *, now: datetime, limit: int) -> list[str]:
        """Users whose wish nobody has met for a while, the longest waiting first."""

    def put_off_renewals(self, user_ids: Sequence[str], *, until: datetime) -> None:
        """They are not due before then. A wish that was met meanwhile stays met."""


class RenewalPublisher(Protocol):
    def publish_renewals(self, user_ids: Sequence[str], *, timeout_s: float) -> list[str]:
        """As with plays: those that all replicas acknowledged in time; never raises for a broker that is away."""
