"""Arms: who gets which, and what was offered."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.config import Settings
from chalicelib.errors import ConfigError
from chalicelib.model import PlayKind
from chalicelib.recommend.arms import OFFERED_KEPT, Arm, Experiment, choose_arm, read_experiment, remember_offered, was_offered
from chalicelib.workflows.evaluate_online import estimate_rate, evaluate_online
from chalicelib.workflows.experiment_ports import ArmCount
from tests.fakes.samples import NOW


def settings(arms: str, **others: str) -> Settings:
    return Settings(mongodb_uri="x", music_bucket="m", index_bucket="i", arms=arms, **others)  # type: ignore[arg-type]


def test_without_arms_everybody_has_the_taste_of_the_settings():
    assert read_experiment(settings("", taste="mean")) == Experiment("default", (Arm("mean", "mean", 1),))


def test_arms_are_read_with_or_without_names():
    found = read_experiment(settings("plays:90, mean:10", experiment="autumn"))
    assert found == Experiment("autumn", (Arm("plays", "plays", 90), Arm("mean", "mean", 10)))
    named = read_experiment(settings("control=plays:1,twin=plays:1"))
    assert [arm.name for arm in named.arms] == ["control", "twin"]


@pytest.mark.parametrize("text", ["plays", "plays:", "plays:-1", "sound:10", "plays:1,plays:2", "plays:0", "Plays:1", "a b=plays:1", ","])
def test_what_is_no_arm_is_named(text: str):
    with pytest.raises(ConfigError, match="ARMS"):
        read_experiment(settings(text))


def test_arms_are_dealt_by_their_shares_and_stay():
    experiment = read_experiment(settings("plays:90,mean:10"))
    users = [f"user-{n}" for n in range(4000)]
    counts = Counter(choose_arm(user, experiment).name for user in users)
    assert 0.07 < counts["mean"] / len(users) < 0.13
    assert [choose_arm(user, experiment) for user in users[:50]] == [choose_arm(user, experiment) for user in users[:50]]


def test_another_experiment_deals_anew_and_a_larger_share_takes_nobody_away():
    one, other, larger = (
        read_experiment(settings(arms, experiment=name))
        for arms, name in (("mean:50,plays:50", "a"), ("mean:50,plays:50", "b"), ("mean:70,plays:30", "a"))
    )
    users = [f"user-{n}" for n in range(400)]
    moved = sum(choose_arm(user, one) != choose_arm(user, other) for user in users)
    assert 140 < moved < 260
    assert all(choose_arm(user, larger).name == "mean" for user in users if choose_arm(user, one).name == "mean")


@given(st.text(), st.lists(st.integers(0, 100), min_size=1, max_size=4).filter(any))
def test_nobody_gets_an_arm_without_a_share(user_id: str, shares: list[int]):
    experiment = Experiment("x", tuple(Arm(f"arm-{n}", "plays", share) for n, share in enumerate(shares)))
    assert choose_arm(user_id, experiment).share > 0


def test_what_was_offered_is_remembered_newest_first_and_bounded():
    offered = remember_offered(["a", "b"])
    assert was_offered("a", offered)
    assert not was_offered("x", offered)
    later = remember_offered([f"song-{n}" for n in range(OFFERED_KEPT - 1)], offered)
    assert was_offered("a", later)
    assert not was_offered("b", later)
    assert len(later) == 6 * OFFERED_KEPT


class Counted:
    def __init__(self, *counts: tuple[str, PlayKind, int, int]) -> None:
        self.counts = [ArmCount(*each) for each in counts]

    def count_plays(self, experiment: str, *, since: object, limit: int) -> list[ArmCount]:
        return self.counts if experiment == "autumn" else []


def test_the_report_has_counts_and_rates_of_every_arm():
    experiment = read_experiment(settings("plays:75,mean:25", experiment="autumn"))
    counted = Counted(("plays", "start", 200, 40), ("plays", "complete", 120, 35), ("plays", "skip", 20, 9), ("old", "start", 5, 1))
    report = evaluate_online(experiment, experiments=counted, now=NOW)
    plays, mean, old = report.arms
    assert (plays.arm, plays.share, plays.listeners, plays.plays, plays.completions, plays.skips) == ("plays", 0.75, 40, 200, 120, 20)
    assert plays.completion_rate is not None
    assert plays.completion_rate.low < 0.6 == plays.completion_rate.value < plays.completion_rate.high
    assert (mean.arm, mean.plays, mean.completion_rate) == ("mean", 0, None)
    assert (old.arm, old.share, old.plays) == ("old", 0.0, 5)
    assert not report.is_cut
    assert evaluate_online(experiment, experiments=counted, now=NOW, most=325).is_cut


@given(st.integers(1, 10_000), st.integers(0, 12_000))
def test_a_rate_lies_within_its_interval(plays: int, happened: int):
    rate = estimate_rate(happened, plays)
    assert rate is not None
    assert 0 <= rate.low <= rate.value + 1e-4
    assert rate.value <= rate.high + 1e-4 <= 1 + 1e-4
