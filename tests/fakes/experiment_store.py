"""Plays by arm, in memory."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from chalicelib.model import PlayKind
from chalicelib.storage.times import truncate_time
from chalicelib.workflows.experiment_ports import ArmCount
from tests.fakes.listener_stores import FakePlayStore


class FakeExperimentStore:
    def __init__(self, plays: FakePlayStore) -> None:
        self.plays = plays

    def count_plays(self, experiment: str, *, since: datetime, limit: int) -> list[ArmCount]:
        of_it = [play for play in self.plays.plays.values() if play.experiment == experiment and play.occurred_at >= truncate_time(since)]
        newest = sorted(of_it, key=lambda play: play.occurred_at, reverse=True)[:limit]
        listeners: defaultdict[tuple[str, PlayKind], list[str]] = defaultdict(list)
        for play in newest:
            listeners[play.arm or "", play.kind].append(play.user_id)
        return sorted(ArmCount(arm, kind, len(users), len(set(users))) for (arm, kind), users in listeners.items())
