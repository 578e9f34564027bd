from __future__ import annotations

from collections.abc import Callable

from chalicelib.workflows.renew_recommendations import relay_renewals, tell_of_renewal
from tests.fakes.queues import FakePlayPublisher
from tests.fakes.samples import at
from tests.fakes.stores import FakePlayStore, FakeRecommendationStore


class World:
    def __init__(self, users: int = 3) -> None:
        self.lists = FakeRecommendationStore(FakePlayStore())
        self.publisher = FakePlayPublisher()
        for number in range(users):
            self.lists.want_renewal(f"u{number}", now=at(number / 1000))

    def relay(self, after_s: float, *, is_time_up: Callable[[], bool] = lambda: False) -> int:
        return relay_renewals(
            renewals=self.lists,
            publisher=self.publisher,
            resend_after_s=120,
            clock=lambda: at(after_s),
            is_time_up=is_time_up,
            batch_size=2,
        )


def test_what_the_request_told_is_not_sent_again_at_once() -> None:
    world = World(1)
    assert tell_of_renewal("u0", publisher=world.publisher, timeout_s=1)
    assert world.relay(5) == 0
    assert world.publisher.renewals == ["u0"]


def test_a_wish_that_nobody_meets_is_sent_again_and_again_in_bounded_batches() -> None:
    world = World()
    assert world.relay(60) == 3
    assert world.relay(120) == 0
    assert world.relay(200) == 3
    assert world.publisher.renewals == ["u0", "u1", "u2"] * 2


def test_a_broker_that_is_away_ends_the_round_and_loses_no_wish() -> None:
    world = World()
    world.publisher.is_down = True
    assert not tell_of_renewal("u0", publisher=world.publisher, timeout_s=1)
    assert world.relay(60) == 0
    assert world.publisher.calls == ["publish_renewals"] * 2
    world.publisher.is_down = False
    assert world.relay(61) == 3


def test_a_wish_that_is_not_acknowledged_is_due_the_next_minute() -> None:
    world = World()
    world.publisher.refused = {"u1"}
    assert world.relay(60) == 1
    world.publisher.refused = set()
    assert world.relay(120) == 2


def test_the_round_ends_when_time_is_nearly_up() -> None:
    looks = iter([False, True])
    assert World().relay(60, is_time_up=lambda: next(looks)) == 2


def test_a_wish_that_is_met_is_not_due() -> None:
    world = World(1)
    world.lists.renewals.clear()
    assert world.relay(9_999) == 0
