"""What listeners made of each arm's lists, as a protocol under the rules of `ports.py`."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import msgspec

from chalicelib.model import PlayKind


class ArmCount(msgspec.Struct, frozen=True, order=True):
    arm: str
    kind: PlayKind
    plays: int
    listeners: int


class ExperimentStore(Protocol):
    def count_plays(self, experiment: str, *, since: datetime, limit: int) -> list[ArmCount]:
        """Of the newest `limit` plays since then that came of a list of the experiment: by arm and kind, in their order."""
