"""What every PlayStore, RecommendationStore and FeedbackStore does."""

from __future__ import annotations

from datetime import datetime

import msgspec
import pytest

from chalicelib.errors import ConflictError, InvalidInputError
from chalicelib.model import Play, Reason, RecommendedTrack
from chalicelib.storage.feedback import MongoFeedbackStore
from chalicelib.storage.listener_states import MongoListenerStore
from chalicelib.storage.plays import MongoPlayStore
from chalicelib.storage.recommendations import MongoRecommendationStore
from chalicelib.storage.times import truncate_time, truncate_times
from chalicelib.storage.users import MongoUserStore
from chalicelib.way_model import IndexSearch, PlayArrival
from chalicelib.workflows.ports import FeedbackStore, ListenerStore, PlayStore, RecommendationStore, UserStore
from tests.fakes.samples import NOW, at, make_list, make_play, make_user
from tests.fakes.stores import FakeFeedbackStore, FakeListenerStore, FakePlayStore, FakeRecommendationStore, FakeUserStore

Stores = tuple[PlayStore, RecommendationStore]


@pytest.fixture(params=["fake", "mongo"])
def stores(request: pytest.FixtureRequest) -> Stores:
    if request.param == "fake":
        fake = FakePlayStore()
        return fake, FakeRecommendationStore(fake)
    database = request.getfixturevalue("database")
    return MongoPlayStore(database), MongoRecommendationStore(database)


@pytest.fixture
def plays(stores: Stores) -> PlayStore:
    return stores[0]


@pytest.fixture(params=["fake", "mongo"])
def feedback(request: pytest.FixtureRequest) -> FeedbackStore:
    return FakeFeedbackStore() if request.param == "fake" else MongoFeedbackStore(request.getfixturevalue("database"))


@pytest.fixture(params=["fake", "mongo"])
def listener_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def make_listener_stores(request: pytest.FixtureRequest, kind: str) -> tuple[UserStore, PlayStore, FeedbackStore, ListenerStore]:
    if kind == "fake":
        users, plays, feedback = FakeUserStore(), FakePlayStore(), FakeFeedbackStore()
        return users, plays, feedback, FakeListenerStore(users, plays, feedback)
    database = request.getfixturevalue("database")
    return MongoUserStore(database), MongoPlayStore(database), MongoFeedbackStore(database), MongoListenerStore(database)


def find_due(plays: PlayStore, now: datetime, *, limit: int = 9) -> list[str]:
    due = plays.due_for_relay(now=now, publish_grace_s=5, resend_after_s=120, limit=limit)
    return [play.event_id for play in due]


def ids(plays: list[Play] | tuple[Play, ...]) -> list[str]:
    return [play.event_id for play in plays]


def test_a_play_is_recorded_once(plays: PlayStore) -> None:
    assert plays.record(make_play("e1")) is True
    assert plays.record(make_play("e1", occurred_at=at(9))) is False
    assert plays.recent("ann", limit=9) == [msgspec.structs.replace(make_play("e1"), occurred_at=truncate_time(NOW))]


def test_the_event_of_another_user_is_refused_and_left_alone(plays: PlayStore) -> None:
    plays.record(make_play("e1", user_id="ann"))
    with pytest.raises(ConflictError):
        plays.record(make_play("e1", user_id="eve"))
    assert ids(plays.recent("ann", limit=9)) == ["e1"]
    assert plays.recent("eve", limit=9) == []


def test_recent_plays_come_newest_first_by_time_and_event(plays: PlayStore) -> None:
    for event_id, seconds in [("b", 1), ("a", 1), ("c", 0), ("d", 2)]:
        plays.record(make_play(event_id, occurred_at=at(seconds)))
    plays.record(make_play("other", user_id="bob"))
    assert ids(plays.recent("ann", limit=9)) == ["d", "b", "a", "c"]
    assert ids(plays.recent("ann", limit=2)) == ["d", "b"]


def test_pages_of_a_history_hold_every_play_once(plays: PlayStore) -> None:
    for number in range(5):
        plays.record(make_play(f"e{number}", occurred_at=at(number // 3)))
    first = plays.history("ann", limit=2)
    second = plays.history("ann", limit=2, cursor=first.next_cursor)
    third = plays.history("ann", limit=2, cursor=second.next_cursor)
    assert [ids(page.items) for page in (first, second, third)] == [["e4", "e3"], ["e2", "e1"], ["e0"]]
    assert third.next_cursor is None
    for cursor in ["garbage", "WyJhIiwiYiJd", "WyIwMDAxLTAxLTAxVDAwOjAwKzIzOjAwIiwiYSJd"]:
        with pytest.raises(InvalidInputError):
            plays.history("ann", limit=2, cursor=cursor)


def test_a_play_that_was_not_sent_is_due_after_the_grace(plays: PlayStore) -> None:
    plays.record(make_play("e1"))
    assert find_due(plays, at(4)) == find_due(plays, at(5)) == []
    assert find_due(plays, at(6)) == ["e1"]


def test_a_play_that_was_sent_is_due_again_while_it_has_no_effect(stores: Stores) -> None:
    plays, recommendations = stores
    plays.record(make_play("e1"))
    plays.mark_published(["e1", "nothing"], at=at(10))
    assert find_due(plays, at(129)) == find_due(plays, at(130)) == []
    assert find_due(plays, at(131)) == ["e1"]
    plays.mark_published(["e1"], at=at(131))
    assert find_due(plays, at(200)) == []
    recommendations.save_with_effect(make_list(), ["e1"], now=at(201))
    assert find_due(plays, at(9999)) == []
    assert plays.recent("ann", limit=1)[0].processed_at == truncate_time(at(201))


def test_a_play_that_took_effect_before_it_was_marked_as_sent_is_not_sent_again(stores: Stores) -> None:
    plays, recommendations = stores
    plays.record(make_play("e1"))
    recommendations.save_with_effect(make_list(), ["e1"], now=at(1))
    plays.mark_published(["e1"], at=at(2))
    assert find_due(plays, at(9999)) == []
    assert plays.recent("ann", limit=1)[0].published_at == truncate_time(at(2))


def test_the_plays_that_have_waited_longest_are_due_first(plays: PlayStore) -> None:
    for event_id, seconds in [("d", 300), ("a", 0), ("c", 200), ("b", 0)]:
        plays.record(make_play(event_id, occurred_at=at(seconds)))
    plays.mark_published(["a"], at=at(250))
    assert find_due(plays, at(9999)) == ["b", "c", "a", "d"]
    assert find_due(plays, at(9999), limit=3) == ["b", "c", "a"]


def test_unprocessed_are_the_recorded_plays_without_effect(stores: Stores) -> None:
    plays, recommendations = stores
    for event_id in ["e1", "e2", "e3"]:
        plays.record(make_play(event_id))
    recommendations.save_with_effect(make_list(), ["e2"], now=NOW)
    assert plays.unprocessed(["e1", "e2", "nothing"]) == {"e1"}
    assert plays.unprocessed([]) == set()
    assert plays.count_unprocessed() == 2


def test_recorded_plays_are_found_by_their_events(plays: PlayStore) -> None:
    asked = msgspec.structs.replace(make_play("e1"), request_id="r1")
    plays.record(asked)
    plays.record(make_play("e2"))
    found = plays.find_many(["e1", "e2", "never"])
    assert set(found) == {"e1", "e2"}
    assert found["e1"] == msgspec.structs.replace(asked, occurred_at=truncate_time(asked.occurred_at))
    assert plays.find_many([]) == {}


def test_the_oldest_play_that_waits_is_known_published_or_not(stores: Stores) -> None:
    plays, recommendations = stores
    assert plays.oldest_unprocessed() is None
    for event_id, seconds in [("b", 5), ("a", 3), ("c", 9)]:
        plays.record(make_play(event_id, occurred_at=at(seconds)))
    plays.mark_published(["a"], at=at(10))
    assert plays.oldest_unprocessed() == truncate_time(at(3))
    recommendations.save_with_effect(make_list(), ["a", "b"], now=at(11))
    assert plays.oldest_unprocessed() == truncate_time(at(9))


def test_the_newest_effects_are_told_in_seconds_from_the_act(stores: Stores) -> None:
    plays, recommendations = stores
    for number in range(3):
        plays.record(make_play(f"e{number}", occurred_at=at(number)))
    assert plays.newest_effects(limit=9) == []
    recommendations.save_with_effect(make_list(), ["e0"], now=at(10))
    recommendations.save_with_effect(make_list(generated_at=at(2)), ["e2"], now=at(12.5))
    assert plays.newest_effects(limit=9) == [10.5, 10.0]
    assert plays.newest_effects(limit=1) == [10.5]


def test_the_request_that_brought_a_play_is_kept_with_it_and_with_the_list(stores: Stores) -> None:
    plays, recommendations = stores
    plays.record(msgspec.structs.replace(make_play("e1"), request_id="request-1"))
    plays.record(make_play("e2", occurred_at=at(1)))
    assert [play.request_id for play in plays.recent("ann", limit=9)] == [None, "request-1"]
    recommendations.save_with_effect(msgspec.structs.replace(make_list(), request_ids=("request-1",)), ["e1"], now=NOW)
    stored = recommendations.find("ann")
    assert stored is not None
    assert stored.request_ids == ("request-1",)


def test_a_list_is_read_back_with_its_reasons(stores: Stores) -> None:
    _, recommendations = stores
    reason = Reason(track_id="t1", display_title="Über", artist=None, distance=0.25, percentile=99.5)
    item = RecommendedTrack(track_id="t2", score=0.75, reasons=(reason,))
    offered = msgspec.structs.replace(make_list(play_event_ids=("e2", "e1")), items=(item,))
    assert recommendations.find("ann") is None
    recommendations.save_with_effect(offered, [], now=NOW)
    assert recommendations.find("ann") == msgspec.structs.replace(offered, generated_at=truncate_time(NOW))


def test_each_play_takes_effect_once(stores: Stores) -> None:
    plays, recommendations = stores
    for event_id in ["e1", "e2", "e3"]:
        plays.record(make_play(event_id))
    assert recommendations.save_with_effect(make_list(), ["e1", "e2", "e1", "nothing"], now=NOW) == 2
    assert recommendations.save_with_effect(make_list(generated_at=at(1)), ["e1", "e2"], now=at(1)) == 0
    assert recommendations.save_with_effect(make_list(generated_at=at(2)), ["e2", "e3"], now=at(2)) == 1
    stored = recommendations.find("ann")
    assert stored is not None
    assert (stored.plays_processed, stored.generated_at) == (3, truncate_time(at(2)))
    assert [play.processed_at for play in plays.recent("ann", limit=3)] == [truncate_time(at(2)), truncate_time(NOW), truncate_time(NOW)]


def test_a_list_that_comes_late_counts_its_plays_but_replaces_nothing(stores: Stores) -> None:
    plays, recommendations = stores
    plays.record(make_play("e1"))
    recommendations.save_with_effect(make_list(generated_at=at(5), play_event_ids=("late",)), [], now=at(5))
    assert recommendations.save_with_effect(make_list(generated_at=at(4)), ["e1"], now=at(6)) == 1
    stored = recommendations.find("ann")
    assert stored is not None
    assert (stored.generated_at, stored.play_event_ids, stored.plays_processed) == (truncate_time(at(5)), ("late",), 1)


def test_the_plays_of_another_user_are_left_alone(stores: Stores) -> None:
    plays, recommendations = stores
    plays.record(make_play("e1", user_id="bob"))
    assert recommendations.save_with_effect(make_list("ann"), ["e1"], now=NOW) == 0
    assert plays.unprocessed(["e1"]) == {"e1"}


def test_the_states_of_several_listeners_are_what_their_stores_say(request: pytest.FixtureRequest, listener_kind: str) -> None:
    users, plays, feedback, listeners = make_listener_stores(request, listener_kind)
    users.add(make_user("ann", "Ann"))
    users.add(make_user("bob", "Bob"))
    for number, user_id in enumerate(("ann", "bob", "ann", "ann", "gone")):
        plays.record(make_play(f"e{number}", user_id=user_id, occurred_at=at(number)))
    feedback.put("ann", "t1", "like", now=NOW)
    feedback.put("ann", "t2", "dislike", now=at(1))
    feedback.put("ann", "t1", "not_now", now=at(2), until=at(60))
    for now in (at(30), at(90)):
        states = listeners.read_states(["ann", "bob", "gone"], plays=2, now=now)
        assert ids(list(states["ann"].recent)) == ["e3", "e2"] == ids(plays.recent("ann", limit=2))
        assert list(states["ann"].opinions.items()) == list(feedback.for_user("ann", now=now).items())
        assert (ids(list(states["bob"].recent)), states["bob"].opinions) == (["e1"], {})
        assert (list(states["gone"].recent), states["gone"].opinions) == ([], {})
    same = [(play.track_id, play.kind, play.position_s, play.occurred_at) for play in plays.recent("bob", limit=1)]
    assert [(play.track_id, play.kind, play.position_s, play.occurred_at) for play in states["bob"].recent] == same


def test_the_last_opinion_counts(feedback: FeedbackStore) -> None:
    feedback.put("ann", "t1", "like", now=NOW)
    feedback.put("ann", "t2", "like", now=at(1))
    feedback.put("ann", "t1", "dislike", now=at(2))
    feedback.put("bob", "t1", "like", now=at(3))
    assert list(feedback.for_user("ann").items()) == [("t1", "dislike"), ("t2", "like")]
    feedback.remove("ann", "t1")
    feedback.remove("ann", "t1")
    assert feedback.for_user("ann") == {"t2": "like"}
    assert feedback.for_user("bob") == {"t1": "like"}
    assert feedback.for_user("nobody") == {}
    assert (feedback.find("ann", "t1"), feedback.find("ann", "t2"), feedback.find("nobody", "t2")) == (None, "like", None)


def test_what_holds_for_a_time_covers_the_opinion_and_no_longer(feedback: FeedbackStore) -> None:
    feedback.put("ann", "t1", "like", now=NOW)
    feedback.put("ann", "t1", "not_now", now=at(1), until=at(60))
    feedback.put("ann", "t2", "not_now", now=at(2), until=at(60))
    assert feedback.for_user("ann", now=at(59)) == {"t1": "not_now", "t2": "not_now"}
    assert feedback.for_user("ann", now=at(61)) == {"t1": "like"}
    assert feedback.for_user("ann") == {"t1": "like"}
    assert [feedback.find("ann", each, now=at(59)) for each in ("t1", "t2")] == ["not_now", "not_now"]
    assert [feedback.find("ann", each, now=at(61)) for each in ("t1", "t2")] == ["like", None]
    assert feedback.find("ann", "t1") == "like"


def test_a_later_word_ends_what_held_for_a_time(feedback: FeedbackStore) -> None:
    feedback.put("ann", "t1", "not_now", now=NOW, until=at(60))
    feedback.put("ann", "t1", "like", now=at(1))
    assert feedback.for_user("ann", now=at(2)) == {"t1": "like"}
    feedback.put("ann", "t1", "not_now", now=at(3), until=at(60))
    feedback.remove("ann", "t1")
    assert feedback.for_user("ann", now=at(4)) == {}


def test_the_times_of_a_plays_way_are_kept_with_it(stores: Stores) -> None:
    plays, recommendations = stores
    for event_id in ("e1", "e2", "e3"):
        plays.record(make_play(event_id))
    plays.mark_published(["e1"], at=at(2), recorded_at=at(1))
    plays.mark_published(["e1"], at=at(3))
    arrivals = {
        "e1": PlayArrival(kafka_at=at(1.5), stamped_by="producer", received_at=at(2.5)),
        "e2": PlayArrival(received_at=at(2.5)),
    }
    search = IndexSearch(duration_ms=1.25, candidates=60)
    offered = msgspec.structs.replace(make_list(), search=search)
    assert recommendations.save_with_effect(offered, ["e1", "e2", "e3"], now=at(4), arrivals=arrivals) == 3
    found = plays.find_many(["e1", "e2", "e3"])
    assert (found["e1"].recorded_at, found["e1"].published_at) == (truncate_time(at(1)), truncate_time(at(3)))
    assert found["e1"].arrival == truncate_times(arrivals["e1"])
    assert found["e2"].arrival == truncate_times(arrivals["e2"])
    assert found["e3"].arrival == PlayArrival()
    assert {play.search for play in found.values()} == {search}
    stored = recommendations.find("ann")
    assert stored is not None
    assert stored.search == search


def test_a_play_that_came_late_is_judged_by_its_arrival(stores: Stores) -> None:
    plays, recommendations = stores
    late = msgspec.structs.replace(make_play("late", occurred_at=at(-9_000)), arrived_at=at(100))
    assert plays.record(late)
    assert plays.recent("ann", limit=9) == [
        msgspec.structs.replace(late, occurred_at=truncate_time(late.occurred_at), arrived_at=truncate_time(at(100)))
    ]
    assert find_due(plays, at(104)) == []  # the request that brought it may still be sending it
    assert find_due(plays, at(106)) == ["late"]
    assert plays.oldest_unprocessed() == truncate_time(at(100))
    recommendations.save_with_effect(make_list(), ["late"], now=at(103))
    assert plays.newest_effects(limit=9) == [3.0]
