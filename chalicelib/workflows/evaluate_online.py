"""How the arms of an experiment do with real listeners: plays of what each offered, how many were heard to the end, how many skipped.

Work is bounded by time and by number: it is read from an index, and of very many plays the newest are taken.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import msgspec

from chalicelib.recommend.arms import Experiment
from chalicelib.workflows.experiment_ports import ArmCount, ExperimentStore

DAYS = 28
PLAYS_MOST = 2_000_000
_Z95 = 1.959964


class Rate(msgspec.Struct, frozen=True):
    """Of plays that were started, with a 95 % interval (Wilson 1927), which takes plays as independent: those of one listener are not
    quite, so that the truth is somewhat wider."""

    value: float
    low: float
    high: float


class ArmReport(msgspec.Struct, frozen=True, kw_only=True):
    arm: str
    share: float  # of listeners, as the settings say; 0: an arm of before
    listeners: int  # who played something of it
    plays: int
    completions: int
    skips: int
    completion_rate: Rate | None  # None: no plays yet
    skip_rate: Rate | None


class OnlineReport(msgspec.Struct, frozen=True, kw_only=True):
    experiment: str
    since: datetime
    is_cut: bool  # there were more plays than are looked at: only the newest count
    arms: tuple[ArmReport, ...]


def evaluate_online(
    experiment: Experiment, *, experiments: ExperimentStore, now: datetime, days: int = DAYS, most: int = PLAYS_MOST
) -> OnlineReport:
    since = now - timedelta(days=days)
    counts = experiments.count_plays(experiment.name, since=since, limit=most)
    whole = sum(arm.share for arm in experiment.arms)
    shares = {arm.name: arm.share / whole for arm in experiment.arms}
    names = dict.fromkeys([*shares, *(count.arm for count in counts)])
    arms = tuple(_report_arm(name, shares.get(name, 0.0), [each for each in counts if each.arm == name]) for name in names)
    return OnlineReport(experiment=experiment.name, since=since, is_cut=sum(each.plays for each in counts) >= most, arms=arms)


def _report_arm(name: str, share: float, counts: list[ArmCount]) -> ArmReport:
    by_kind = {each.kind: each for each in counts}
    plays, completions, skips = (by_kind[kind].plays if kind in by_kind else 0 for kind in ("start", "complete", "skip"))
    return ArmReport(
        arm=name,
        share=round(share, 4),
        listeners=max((each.listeners for each in counts), default=0),
        plays=plays,
        completions=completions,
        skips=skips,
        completion_rate=estimate_rate(completions, plays),
        skip_rate=estimate_rate(skips, plays),
    )


def estimate_rate(happened: int, plays: int) -> Rate | None:
    """A completion whose start lies before the time looked at is counted, so that there can be more of them than plays: then 1."""
    if plays < 1:
        return None
    value = min(1.0, happened / plays)
    spread = _Z95 * math.sqrt(value * (1 - value) / plays + _Z95**2 / (4 * plays**2))
    middle, scale = value + _Z95**2 / (2 * plays), 1 + _Z95**2 / plays
    return Rate(round(value, 4), round(max(0.0, (middle - spread) / scale), 4), round(min(1.0, (middle + spread) / scale), 4))
