"""Which plays come of a list that an arm made, and how many they are: whichever stores say so."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from msgspec.structs import replace

from chalicelib.model import PlayKind, RecommendationList, RecommendedTrack
from chalicelib.storage.experiments import MongoExperimentStore
from chalicelib.storage.plays import MongoPlayStore
from chalicelib.storage.recommendations import MongoRecommendationStore
from chalicelib.workflows.experiment_ports import ArmCount, ExperimentStore
from chalicelib.workflows.ports import PlayStore, RecommendationStore
from tests.fakes.experiment_store import FakeExperimentStore
from tests.fakes.samples import NOW, at, make_play
from tests.fakes.stores import FakePlayStore, FakeRecommendationStore


class Stores(NamedTuple):
    plays: PlayStore
    lists: RecommendationStore
    experiments: ExperimentStore


@pytest.fixture(params=["fake", "mongo"])
def stores(request: pytest.FixtureRequest) -> Stores:
    if request.param == "fake":
        plays = FakePlayStore()
        return Stores(plays, FakeRecommendationStore(plays), FakeExperimentStore(plays))
    database = request.getfixturevalue("database")
    return Stores(MongoPlayStore(database), MongoRecommendationStore(database), MongoExperimentStore(database))


def offer(
    stores: Stores, *track_ids: str, arm: str = "plays", user_id: str = "ann", seconds: float = 0, events: tuple[str, ...] = ()
) -> None:
    made = RecommendationList(
        user_id=user_id,
        items=tuple(RecommendedTrack(track_id=each, score=0.5, reasons=()) for each in track_ids),
        basis="plays",
        play_event_ids=(),
        index_build="b1",
        generated_at=at(seconds),
        experiment="autumn",
        arm=arm,
    )
    stores.lists.save_with_effect(made, events, now=at(seconds))


def play(stores: Stores, event_id: str, track_id: str, kind: PlayKind = "start", *, user_id: str = "ann", seconds: float = 1) -> str:
    stores.plays.record(replace(make_play(event_id, user_id=user_id, track_id=track_id, occurred_at=at(seconds)), kind=kind))
    return event_id


def arm_of(stores: Stores, event_id: str) -> tuple[str | None, str | None]:
    found = stores.plays.find_many([event_id])[event_id]
    return found.experiment, found.arm


def test_a_play_of_what_was_offered_is_attributed_and_another_is_not(stores: Stores) -> None:
    offer(stores, "a", "b")
    events = (play(stores, "event-1", "a"), play(stores, "event-2", "x"))
    offer(stores, "c", seconds=2, events=events)
    assert arm_of(stores, "event-1") == ("autumn", "plays")
    assert arm_of(stores, "event-2") == (None, None)


def test_what_follows_a_play_is_attributed_though_the_song_has_left_the_list(stores: Stores) -> None:
    offer(stores, "a", "b")
    offer(stores, "c", seconds=2, events=(play(stores, "event-1", "a"),))
    offer(
        stores,
        "d",
        seconds=4,
        events=(play(stores, "event-2", "a", "complete", seconds=3), play(stores, "event-3", "b", "skip", seconds=3)),
    )
    assert arm_of(stores, "event-2") == arm_of(stores, "event-3") == ("autumn", "plays")


def test_the_first_list_has_offered_nothing_before_it_was_there(stores: Stores) -> None:
    offer(stores, "a", events=(play(stores, "event-1", "a"),))
    assert arm_of(stores, "event-1") == (None, None)


def test_another_arm_begins_anew(stores: Stores) -> None:
    offer(stores, "a")
    offer(stores, "b", arm="mean", seconds=2)
    offer(stores, "c", arm="mean", seconds=4, events=(play(stores, "event-1", "a", seconds=3), play(stores, "event-2", "b", seconds=3)))
    assert arm_of(stores, "event-1") == (None, None)
    assert arm_of(stores, "event-2") == ("autumn", "mean")


def test_one_listeners_offers_are_not_anothers(stores: Stores) -> None:
    offer(stores, "a")
    offer(stores, "b", user_id="bob", events=(play(stores, "event-1", "a", user_id="bob"),))
    assert arm_of(stores, "event-1") == (None, None)


def test_plays_are_counted_by_arm_and_kind_with_their_listeners(stores: Stores) -> None:
    for user_id, arm in (("ann", "plays"), ("bob", "plays"), ("cat", "mean")):
        offer(stores, "a", "b", arm=arm, user_id=user_id)
        events = (
            play(stores, f"{user_id}-1", "a", user_id=user_id, seconds=10),
            play(stores, f"{user_id}-2", "a", "complete", user_id=user_id, seconds=11),
            play(stores, f"{user_id}-3", "b", user_id=user_id, seconds=12),
            play(stores, f"{user_id}-4", "b", "skip", user_id=user_id, seconds=13),
        )
        offer(stores, "c", arm=arm, user_id=user_id, seconds=20, events=events)
    counts = stores.experiments.count_plays("autumn", since=NOW, limit=100)
    assert counts == [
        ArmCount("mean", "complete", 1, 1),
        ArmCount("mean", "skip", 1, 1),
        ArmCount("mean", "start", 2, 1),
        ArmCount("plays", "complete", 2, 2),
        ArmCount("plays", "skip", 2, 2),
        ArmCount("plays", "start", 4, 2),
    ]
    assert stores.experiments.count_plays("spring", since=NOW, limit=100) == []
    assert [each.kind for each in stores.experiments.count_plays("autumn", since=at(12), limit=100)] == ["skip", "start", "skip", "start"]
    assert sum(each.plays for each in stores.experiments.count_plays("autumn", since=NOW, limit=3)) == 3


def test_it_is_counted_in_the_index_alone(request: pytest.FixtureRequest) -> None:
    database = request.getfixturevalue("database")
    stores = Stores(MongoPlayStore(database), MongoRecommendationStore(database), MongoExperimentStore(database))
    offer(stores, *"abcdef")
    events = tuple(play(stores, f"event-{each}", each) for each in "abcdef")
    offer(stores, "g", seconds=2, events=events)
    steps = [
        {"$match": {"experiment": "autumn", "occurred_at": {"$gte": NOW}}},
        {"$sort": {"occurred_at": -1}},
        {"$project": {"_id": 0, "arm": 1, "kind": 1, "user_id": 1}},
    ]
    plan = database.command(
        "explain", {"aggregate": "plays", "pipeline": steps, "cursor": {}, "hint": "by_experiment"}, verbosity="executionStats"
    )
    stages = plan.get("executionStats") or plan["stages"][0]["$cursor"]["executionStats"]
    assert (stages["nReturned"], stages["totalDocsExamined"]) == (6, 0), stages
