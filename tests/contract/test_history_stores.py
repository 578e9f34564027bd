"""What every store behind history, statistics, settings and erasure does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import msgspec
import pytest

from chalicelib.account_model import DayCount, Erasure, SongCount
from chalicelib.errors import ConflictError, NotFoundError
from chalicelib.model import HistoryPause, RecommendedTrack
from chalicelib.query_model import SoundQuery
from chalicelib.storage.account_stores import make_account_stores
from chalicelib.storage.feedback import MongoFeedbackStore
from chalicelib.storage.mongo import MongoDatabase
from chalicelib.storage.plays import MongoPlayStore
from chalicelib.storage.recommendations import MongoRecommendationStore
from chalicelib.storage.sessions import MongoSessionStore
from chalicelib.storage.sound_queries import MongoQueryStore
from chalicelib.storage.times import truncate_time
from chalicelib.storage.tracks import MongoTrackStore
from chalicelib.storage.uploads import MongoUploadStore
from chalicelib.storage.users import MongoUserStore
from chalicelib.way_model import PlayArrival
from chalicelib.workflows import ports
from chalicelib.workflows.account_ports import AccountStores
from chalicelib.workflows.listener_ports import ListEffect
from chalicelib.workflows.query_ports import QueryStore
from tests.fakes.account_stores import make_fake_account_stores
from tests.fakes.query_store import FakeQueryStore
from tests.fakes.samples import (
    NOW,
    at,
    attach_track,
    make_analysis,
    make_list,
    make_play,
    make_recommended,
    make_session,
    make_upload,
    make_user,
)
from tests.fakes.stores import (
    FakeFeedbackStore,
    FakePlayStore,
    FakeRecommendationStore,
    FakeSessionStore,
    FakeTrackStore,
    FakeUploadStore,
    FakeUserStore,
)


@dataclass
class World:
    plays: ports.PlayStore
    recommendations: ports.RecommendationStore
    users: ports.UserStore
    sessions: ports.SessionStore
    tracks: ports.TrackStore
    uploads: ports.UploadStore
    feedback: ports.FeedbackStore
    queries: QueryStore
    own: AccountStores

    def take_effect(self, *events: str, user_id: str = "ann") -> int:
        return self.recommendations.save_with_effect(make_list(user_id, generated_at=NOW), events, now=NOW)

    def play(self, event_id: str, *, user_id: str = "ann", track_id: str = "t1", seconds: float = 0.0) -> None:
        self.plays.record(make_play(event_id, user_id=user_id, track_id=track_id, occurred_at=at(seconds)))
        self.take_effect(event_id, user_id=user_id)

    def history(self, user_id: str = "ann") -> list[str]:
        return [play.event_id for play in self.plays.history(user_id, limit=50).items]


@pytest.fixture(params=["fake", "mongo"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "mongo":
        yield make_mongo_world(request.getfixturevalue("database"))
        return
    users, sessions, tracks, uploads, feedback = (
        FakeUserStore(),
        FakeSessionStore(),
        FakeTrackStore(),
        FakeUploadStore(),
        FakeFeedbackStore(),
    )
    plays = FakePlayStore()
    recommendations = FakeRecommendationStore(plays, tracks)
    queries = FakeQueryStore()
    own = make_fake_account_stores(
        users=users,
        sessions=sessions,
        plays=plays,
        feedback=feedback,
        recommendations=recommendations,
        uploads=uploads,
        tracks=tracks,
        queries=queries,
    )
    yield World(plays, recommendations, users, sessions, tracks, uploads, feedback, queries, own)


def make_mongo_world(database: MongoDatabase) -> World:
    return World(
        MongoPlayStore(database),
        MongoRecommendationStore(database),
        MongoUserStore(database),
        MongoSessionStore(database),
        MongoTrackStore(database),
        MongoUploadStore(database),
        MongoFeedbackStore(database),
        MongoQueryStore(database),
        make_account_stores(database),
    )


def test_a_removed_play_is_nowhere_and_comes_back_whole(world: World) -> None:
    track = attach_track(world.tracks, make_analysis("song"))
    world.play("e1", track_id=track.track_id)
    world.play("e2", track_id=track.track_id, seconds=1)
    before = world.plays.find_many(["e1"])
    assert world.own.history.remove("ann", ["e1"], now=NOW) == ("e1",)
    assert world.history() == ["e2"]
    assert [play.event_id for play in world.plays.recent("ann", limit=9)] == ["e2"]
    assert world.plays.find_many(["e1"]) == {}
    assert world.plays.removed(["e1", "e2"]) == {"e1"}
    assert [play.event_id for play in world.own.history.stream("ann")] == ["e2"]
    assert world.own.statistics.count_plays("ann") == 1
    found = world.tracks.find(track.track_id)
    assert found is not None
    assert found.play_count == 1
    assert world.own.history.restore("ann", ["e1"], removed_after=at(-60), now=NOW) == ("e1",)
    assert world.history() == ["e2", "e1"]
    assert world.plays.find_many(["e1"]) == before
    assert world.own.statistics.top_songs("ann", limit=5) == [SongCount(track_id=track.track_id, plays=2)]
    found = world.tracks.find(track.track_id)
    assert found is not None
    assert found.play_count == 2


def test_removing_and_restoring_twice_is_once(world: World) -> None:
    world.play("e1")
    for _ in range(2):
        assert world.own.history.remove("ann", ["e1"], now=NOW) == ("e1",)
    assert world.own.statistics.count_plays("ann") == 0
    for _ in range(2):
        assert world.own.history.restore("ann", ["e1"], removed_after=at(-60), now=NOW) == ("e1",)
    assert world.own.statistics.count_plays("ann") == 1


def test_a_removed_event_is_never_recorded_or_processed_again(world: World) -> None:
    world.plays.record(make_play("e1"))
    world.own.history.remove("ann", ["e1"], now=NOW)
    assert world.plays.record(make_play("e1")) is False
    assert world.take_effect("e1") == 0
    assert world.plays.unprocessed(["e1"]) == set()
    assert world.plays.due_for_relay(now=at(9_999), publish_grace_s=1, resend_after_s=1, limit=9) == []
    with pytest.raises(ConflictError):
        world.plays.record(make_play("e1", user_id="bob"))
    assert world.history() == []


def test_a_play_that_comes_back_before_it_took_effect_is_sent_again(world: World) -> None:
    world.plays.record(make_play("e1"))
    world.own.history.remove("ann", ["e1"], now=NOW)
    world.own.history.restore("ann", ["e1"], removed_after=at(-60), now=NOW)
    assert world.plays.unprocessed(["e1"]) == {"e1"}
    assert world.take_effect("e1") == 1


def test_nobody_removes_or_restores_what_is_anothers(world: World) -> None:
    world.play("e1")
    assert world.own.history.remove("bob", ["e1"], now=NOW) == ()
    assert world.history() == ["e1"]
    world.own.history.remove("ann", ["e1"], now=NOW)
    assert world.own.history.restore("bob", ["e1"], removed_after=at(-60), now=NOW) == ()
    assert world.history() == []
    assert world.history("bob") == []


def test_what_was_removed_too_long_ago_stays_away(world: World) -> None:
    world.play("e1")
    world.play("e2", seconds=1)
    world.own.history.remove("ann", ["e1"], now=NOW)
    assert world.own.history.restore("ann", ["e1"], removed_after=at(1), now=NOW) == ()
    world.own.history.remove("ann", ["e2"], now=at(100))
    assert world.own.history.forget_removed(before=at(50), limit=9) == 1
    assert world.own.history.forget_removed(before=at(50), limit=9) == 0
    assert world.own.history.restore("ann", ["e1"], removed_after=at(-999), now=NOW) == ()
    assert world.own.history.restore("ann", ["e2"], removed_after=at(50), now=NOW) == ("e2",)
    assert world.plays.record(make_play("e1")) is False


def test_starts_are_counted_by_day_hour_and_song_once_they_took_effect(world: World) -> None:
    world.play("e1", track_id="t1")
    world.play("e2", track_id="t2", seconds=3600)
    world.play("e3", track_id="t2", seconds=86_400)
    world.take_effect("e1", "e2", "e3")
    world.plays.record(msgspec.structs.replace(make_play("e4"), kind="complete"))
    world.take_effect("e4")
    world.plays.record(make_play("e5"))
    world.play("e6", user_id="bob")
    stats = world.own.statistics
    today, tomorrow = NOW.date(), NOW.date() + timedelta(days=1)
    assert stats.days("ann", since=today) == [
        DayCount(day=today, plays=2, hours={12: 1, 13: 1}, quarters={48: 1, 52: 1}),
        DayCount(day=tomorrow, plays=1, hours={12: 1}, quarters={48: 1}),
    ]
    assert stats.days("ann", since=tomorrow) == [DayCount(day=tomorrow, plays=1, hours={12: 1}, quarters={48: 1})]
    assert stats.songs_since("ann", since=tomorrow) == [SongCount(track_id="t2", plays=1)]
    assert stats.top_songs("ann", limit=9) == [SongCount(track_id="t2", plays=2), SongCount(track_id="t1", plays=1)]
    assert stats.top_songs("ann", limit=1) == [SongCount(track_id="t2", plays=2)]
    assert stats.count_plays("ann") == 3
    world.own.history.remove("ann", ["e1"], now=NOW)
    assert stats.top_songs("ann", limit=9) == [SongCount(track_id="t2", plays=2)]
    assert stats.songs_since("ann", since=date(2000, 1, 1)) == [SongCount(track_id="t2", plays=2)]
    assert stats.days("ann", since=today)[0] == DayCount(day=today, plays=1, hours={13: 1}, quarters={52: 1})


def end(world: World, event_id: str, *, seconds: float, track_id: str = "t1") -> None:
    world.plays.record(msgspec.structs.replace(make_play(event_id, track_id=track_id, occurred_at=at(seconds)), kind="complete"))


def test_a_player_that_tells_of_ends_alone_is_counted_too(world: World) -> None:
    track = attach_track(world.tracks, make_analysis("song"))
    for number in range(2):
        end(world, f"c{number}", seconds=300 * number, track_id=track.track_id)
    assert world.take_effect("c0", "c1") == 2
    assert world.take_effect("c0", "c1") == 0, "delivered again"
    stats = world.own.statistics
    assert stats.count_plays("ann") == 2
    assert stats.top_songs("ann", limit=5) == [SongCount(track_id=track.track_id, plays=2)]
    assert stats.days("ann", since=NOW.date()) == [DayCount(day=NOW.date(), plays=2, hours={12: 2}, quarters={48: 2})]
    found = world.tracks.find(track.track_id)
    assert found is not None
    assert found.play_count == 2
    world.own.history.remove("ann", ["c0"], now=NOW)
    assert stats.count_plays("ann") == 1
    world.own.history.restore("ann", ["c0"], removed_after=at(-60), now=NOW)
    assert stats.count_plays("ann") == 2


@pytest.mark.parametrize("order", [("s", "c"), ("c", "s"), ("s c",)])
def test_the_start_and_the_end_of_a_playback_count_once_however_they_come(world: World, order: tuple[str, ...]) -> None:
    world.plays.record(make_play("s"))
    end(world, "c", seconds=200)
    for events in order:
        world.take_effect(*events.split())
    assert world.own.statistics.count_plays("ann") == 1
    world.own.history.remove("ann", ["s", "c"], now=NOW)
    assert world.own.statistics.count_plays("ann") == 0
    world.own.history.restore("ann", ["c", "s"], removed_after=at(-60), now=NOW)
    assert world.own.statistics.count_plays("ann") == 1


def test_a_start_that_was_recorded_after_its_end_took_effect_is_the_play_from_then_on(world: World) -> None:
    end(world, "c", seconds=3_600)
    world.take_effect("c")
    world.play("s")
    assert world.own.statistics.days("ann", since=NOW.date()) == [DayCount(day=NOW.date(), plays=1, hours={12: 1}, quarters={48: 1})]
    assert world.own.statistics.top_songs("ann", limit=5) == [SongCount(track_id="t1", plays=1)]
    world.own.history.remove("ann", ["s", "c"], now=NOW)
    assert world.own.statistics.count_plays("ann") == 0


def test_an_account_is_changed_by_one_write_each(world: World) -> None:
    accounts = world.own.accounts
    world.users.add(make_user("1", "Ann"))
    accounts.set_password("1", "another hash")
    assert accounts.grant("1", "operator").roles == ("listener", "uploader", "operator")
    assert accounts.grant("1", "operator").roles == ("listener", "uploader", "operator")
    assert accounts.revoke("1", "uploader").roles == ("listener", "operator")
    assert accounts.pause_history("1", since=NOW).history_paused_at == truncate_time(NOW)
    assert accounts.pause_history("1", since=at(9)).history_paused_at == truncate_time(NOW)
    assert accounts.reset_taste("1", at=at(5), opinions=9)
    found = world.users.find("1")
    assert found is not None
    assert (found.password_hash, found.taste_reset_at) == ("another hash", truncate_time(at(5)))
    for _ in range(2):
        resumed = accounts.resume_history("1", at=at(9))
        assert resumed.history_paused_at is None
        assert resumed.history_pauses == (HistoryPause(since=truncate_time(NOW), until=truncate_time(at(9))),)
        assert [resumed.pauses_history_at(at(seconds)) for seconds in (-1, 5, 9.5)] == [False, True, False]
    accounts.remove("1")
    accounts.remove("1")
    assert world.users.find("1") is None
    world.users.add(make_user("2", "ann"))
    with pytest.raises(NotFoundError):
        accounts.grant("1", "operator")


def test_sessions_are_listed_seen_and_ended(world: World) -> None:
    sessions = world.own.sessions
    for number, token in enumerate(("a", "b", "c")):
        world.sessions.add(msgspec.structs.replace(make_session(token, ttl_s=500), created_at=at(number), device="Firefox on Linux"))
    world.sessions.add(make_session("d", user_id="bob"))
    world.sessions.add(make_session("old", ttl_s=-1))
    listed = sessions.list_for_user("ann", now=NOW, limit=9)
    assert [each.token_sha256 for each in listed] == ["c", "b", "a"]
    assert listed[0].device == "Firefox on Linux"
    assert len({each.session_id for each in listed}) == 3
    sessions.touch("a", now=at(10), if_before=at(5))
    sessions.touch("a", now=at(12), if_before=at(8))
    seen = {each.token_sha256: each.last_seen_at for each in sessions.list_for_user("ann", now=NOW, limit=9)}
    assert seen == {"a": truncate_time(at(10)), "b": None, "c": None}
    assert sessions.remove_all("ann", keep="b") == 3
    assert [each.token_sha256 for each in sessions.list_for_user("ann", now=NOW, limit=9)] == ["b"]
    assert sessions.remove_all("ann") == 1
    assert [each.token_sha256 for each in sessions.list_for_user("bob", now=NOW, limit=9)] == ["d"]


def test_everything_of_one_user_is_erased_in_bounded_steps_and_of_no_other(world: World) -> None:
    track = attach_track(world.tracks, make_analysis("song"))
    for user in ("ann", "bob"):
        for number in range(3):
            world.play(f"{user}{number}", user_id=user, track_id=track.track_id, seconds=number)
        world.feedback.put(user, "t1", "like", now=NOW)
        world.feedback.put(user, "t2", "not_now", now=NOW, until=at(99))
        world.uploads.create(make_upload(f"u-{user}", user_id=user))
    world.own.history.remove("ann", ["ann2"], now=NOW)
    assert world.own.history.erase("ann", limit=1) == 1
    while world.own.history.erase("ann", limit=2):
        pass
    while world.own.statistics.erase("ann", limit=1):
        pass
    assert {each.track_id for each in world.own.personal.stream_feedback("ann")} == {"t1", "t2"}
    while world.own.personal.erase_feedback("ann", limit=1):
        pass
    world.own.personal.erase_recommendations("ann")
    assert world.own.personal.list_upload_keys("ann", limit=9) == [("u-ann", "uploads/u-ann/song.mp3")]
    world.own.personal.forget_uploader(["u-ann"])
    assert world.own.personal.list_upload_keys("ann", limit=9) == []
    assert (world.history(), world.feedback.for_user("ann", now=NOW), world.recommendations.find("ann")) == ([], {}, None)
    assert (world.own.statistics.count_plays("ann"), world.own.statistics.count_plays("bob")) == (0, 3)
    assert len(world.history("bob")) == 3
    assert world.feedback.for_user("bob", now=NOW) == {"t1": "like", "t2": "not_now"}
    assert world.plays.record(make_play("ann2", user_id="bob")) is True  # the id means nobody any more
    found = world.tracks.find(track.track_id)
    assert found is not None
    assert found.play_count == 3


def test_what_one_user_asked_by_sound_is_erased_and_of_no_other(world: World) -> None:
    for number, user in enumerate(("ann", "ann", "bob")):
        query_id = str(number) * 24
        key = f"queries/{query_id}/hum.wav"
        world.queries.create(SoundQuery(query_id=query_id, user_id=user, key=key, created_at=NOW, expires_at=at(60)))
    assert world.queries.answer("0" * 24, mfcc=(1.0,), features=b"", duration_s=9.0)
    world.own.personal.erase_queries("ann")
    world.own.personal.erase_queries("ann")
    assert [world.queries.find(str(number) * 24, now=NOW) is not None for number in range(3)] == [False, False, True]


def test_nothing_that_comes_late_is_stored_of_who_was_erased(world: World) -> None:
    world.plays.record(make_play("e1"))
    wanted = Erasure(user_id="ann", takes_uploads=False, requested_at=NOW, due_at=at(30))
    assert world.own.erasures.begin(wanted).takes_uploads is False
    assert world.users.was_erased("ann")
    assert not world.users.was_erased("bob")
    assert world.take_effect("e1") == 0
    assert world.recommendations.find("ann") is None


def test_an_erasure_waits_until_it_is_done_and_is_kept(world: World) -> None:
    erasures = world.own.erasures
    erasures.begin(Erasure(user_id="ann", takes_uploads=False, requested_at=NOW, due_at=at(30)))
    again = erasures.begin(Erasure(user_id="ann", takes_uploads=True, requested_at=at(9), due_at=at(20)))
    assert (again.takes_uploads, again.requested_at, again.due_at) == (True, truncate_time(NOW), truncate_time(at(20)))
    assert erasures.due(now=at(10), limit=9) == []
    assert erasures.due(now=at(21), limit=9) == [again]
    erasures.put_off("ann", until=at(100), passes=1)
    assert erasures.due(now=at(50), limit=9) == []
    erasures.put_off("ann", until=None, passes=2)
    assert erasures.due(now=at(9_999), limit=9) == []
    assert world.users.was_erased("ann")


def test_plays_that_took_effect_before_there_were_counts_are_counted_once(database: MongoDatabase) -> None:
    world = make_mongo_world(database)
    for number in range(5):
        world.play(f"e{number}", user_id="ann" if number % 2 else "bob", seconds=number)
    world.plays.record(make_play("waiting"))
    database["plays"].update_many({"_id": {"$ne": "e0"}}, {"$unset": {"is_counted": ""}})  # as an older version left them
    for counts in ("play_days", "play_songs"):
        database[counts].delete_many({})
    statistics, history = world.own.statistics, world.own.history
    history.remove("ann", ["e3"], now=NOW)  # it was never counted: nothing goes below nothing
    assert [statistics.count_older(limit=2) for _ in range(3)] == [2, 1, 0]
    assert (statistics.count_plays("ann"), statistics.count_plays("bob")) == (1, 2)
    assert statistics.days("bob", since=NOW.date()) == [DayCount(day=NOW.date(), plays=2, hours={NOW.hour: 2}, quarters={4 * NOW.hour: 2})]
    history.restore("ann", ["e3"], removed_after=at(-9), now=NOW)
    assert [statistics.count_older(limit=2) for _ in range(2)] == [1, 0]
    assert statistics.count_plays("ann") == 2
    assert statistics.top_songs("ann", limit=9) == [SongCount(track_id="t1", plays=2)]


def save_list(world: World, *items: RecommendedTrack, events: tuple[str, ...], epoch: int | None = None, seconds: float = 0) -> None:
    made = msgspec.structs.replace(make_list(generated_at=at(seconds)), items=items, play_event_ids=events)
    world.recommendations.save_with_effect(made, (), now=at(seconds), epoch=epoch)


def shown(world: World) -> list[str]:
    found = world.recommendations.find("ann")
    return [item.track_id for item in found.items] if found is not None else []


def test_with_a_play_goes_what_was_recommended_because_of_it_alone(world: World) -> None:
    for number, track_id in enumerate(("t1", "t1", "t2", "t3")):
        world.play(f"e{number}", track_id=track_id, seconds=number)
    items = (make_recommended("a", "t1"), make_recommended("b", "t2"), make_recommended("c", "t2", "t3"), make_recommended("d"))
    save_list(world, *items, events=("e3", "e2", "e1", "e0"), seconds=9)
    assert not world.recommendations.is_renewal_wanted("ann")
    world.own.history.remove("ann", ["e0", "e2"], now=NOW)
    assert shown(world) == ["a", "c", "d"]
    found = world.recommendations.find("ann")
    assert found is not None
    assert ([reason.track_id for reason in found.items[1].reasons], found.play_event_ids) == (["t3"], ("e3", "e1"))
    assert found.plays_processed == 4
    assert world.recommendations.is_renewal_wanted("ann")


def test_a_list_from_before_a_removal_is_never_stored_however_late_it_is(world: World) -> None:
    world.play("e1")
    epoch = world.recommendations.read_epoch("ann")
    world.own.history.remove("ann", ["e1"], now=NOW)
    save_list(world, make_recommended("a", "t1"), events=("e1",), epoch=epoch, seconds=999)
    assert shown(world) == []
    assert world.recommendations.is_renewal_wanted("ann")
    save_list(world, make_recommended("b"), events=(), epoch=world.recommendations.read_epoch("ann"), seconds=-999)  # a clock behind
    assert shown(world) == ["b"]
    assert not world.recommendations.is_renewal_wanted("ann")


def test_a_first_list_under_way_is_refused_too(world: World) -> None:
    world.plays.record(make_play("e1"))
    epoch = world.recommendations.read_epoch("ann")
    world.own.history.remove("ann", ["e1"], now=NOW)
    assert world.recommendations.find("ann") is None
    save_list(world, make_recommended("a", "t1"), events=("e1",), epoch=epoch)
    assert world.recommendations.find("ann") is None


def test_again_is_the_same_and_wants_no_second_renewal(world: World) -> None:
    world.play("e1")
    for _ in range(2):
        world.own.history.remove("ann", ["e1"], now=NOW)
    epoch = world.recommendations.read_epoch("ann")
    assert epoch == 1
    for _ in range(2):
        world.own.history.restore("ann", ["e1"], removed_after=at(-60), now=NOW)
    assert world.recommendations.read_epoch("ann") == 2


def forget_taste(world: World, user_id: str, *, seconds: float = 0.0, opinions: int = 99) -> bool:
    world.users.add(make_user(user_id, user_id))
    return world.own.accounts.reset_taste(user_id, at=at(seconds), opinions=opinions)


def test_a_wish_is_due_after_a_while_and_can_be_put_off_until_it_is_met(world: World) -> None:
    lists = world.recommendations
    save_list(world, make_recommended("a", "t1"), events=("e1",))
    for number, user in enumerate(("ann", "bob")):
        forget_taste(world, user, seconds=number)
    assert shown(world) == []
    assert lists.due_renewals(now=at(5), limit=9) == []
    assert lists.due_renewals(now=at(60), limit=9) == ["ann", "bob"]
    assert lists.due_renewals(now=at(60), limit=1) == ["ann"]
    lists.put_off_renewals(["ann", "nobody"], until=at(180))
    assert lists.due_renewals(now=at(60), limit=9) == ["bob"]
    save_list(world, make_recommended("b"), events=(), epoch=lists.read_epoch("ann"))
    lists.put_off_renewals(["ann"], until=at(0))
    assert lists.due_renewals(now=at(999), limit=9) == ["bob"]


def test_of_who_was_erased_no_wish_is_kept(world: World) -> None:
    world.own.erasures.begin(Erasure(user_id="ann", takes_uploads=False, requested_at=NOW, due_at=at(30)))
    forget_taste(world, "ann")
    assert not world.recommendations.is_renewal_wanted("ann")


def test_a_taste_begins_anew_at_once_and_as_a_whole(world: World) -> None:
    assert world.recommendations.find_basis("ann") is None
    save_list(world, make_recommended("a", "t1"), events=("e1",))
    assert world.recommendations.find_basis("ann") == "plays"
    for number in range(5):
        world.feedback.put("ann", f"t{number}", "like", now=at(number))
    world.feedback.put("ann", "t9", "not_now", now=NOW, until=at(999))
    world.feedback.put("bob", "t1", "like", now=NOW)
    epoch = world.recommendations.read_epoch("ann")
    assert forget_taste(world, "ann", opinions=4) is False
    assert len(world.feedback.for_user("ann", now=NOW)) == 2
    assert shown(world) == []
    assert world.own.accounts.reset_taste("ann", at=at(5), opinions=4) is True
    found = world.users.find("ann")
    assert found is not None
    assert found.taste_reset_at == truncate_time(at(5))
    assert world.feedback.for_user("ann", now=NOW) == {}
    assert world.feedback.for_user("bob") == {"t1": "like"}
    assert world.recommendations.is_renewal_wanted("ann")
    save_list(world, make_recommended("b"), events=(), epoch=epoch)
    assert shown(world) == [], "it was being made before"


def test_of_nobody_no_taste_begins(world: World) -> None:
    with pytest.raises(NotFoundError):
        world.own.accounts.reset_taste("nobody", at=NOW, opinions=9)
    assert not world.recommendations.is_renewal_wanted("nobody")


def test_lists_of_several_listeners_are_stored_at_once_and_each_play_counts_once(world: World) -> None:
    plays, recommendations = world.plays, world.recommendations
    for event_id, user_id in (("a1", "ann"), ("a2", "ann"), ("b1", "bob")):
        plays.record(make_play(event_id, user_id=user_id))
    forget_taste(world, "bob")
    arrival = PlayArrival(received_at=truncate_time(at(1)))
    assert recommendations.read_epochs(["ann", "bob", "cid"]) == {"ann": 0, "bob": 1, "cid": 0}

    def save(seconds: float) -> list[int]:
        events = {"ann": ("a1", "nothing"), "bob": ("b1",), "cid": ("a2",)}
        effects = [
            ListEffect(recommendations=make_list(user_id, generated_at=at(seconds)), arrivals=dict.fromkeys(mine, arrival), epoch=0)
            for user_id, mine in events.items()
        ]
        return recommendations.save_each_with_effect(effects, now=at(seconds))

    assert save(2) == [1, 1, 0]
    assert save(3) == [0, 0, 0]
    assert plays.unprocessed(["a1", "a2", "b1"]) == {"a2"}, "it is not cid's"
    assert plays.find_many(["a1"])["a1"].arrival == arrival
    ann, bob = recommendations.find("ann"), recommendations.find("bob")
    assert ann is not None
    assert (ann.plays_processed, ann.generated_at) == (1, truncate_time(at(3)))
    assert bob is None, "its epoch is past, and its play counts"
    assert recommendations.save_each_with_effect([], now=at(4)) == []
