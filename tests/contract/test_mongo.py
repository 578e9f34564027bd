"""What only MongoDB can show: indexes in use, transactions under threads, errors of a server that is away."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.monitoring import CommandListener, CommandStartedEvent

from chalicelib.account_model import Erasure
from chalicelib.errors import ConfigError, InvalidInputError, LeaseHeldError, StoreUnavailableError
from chalicelib.library_model import TrackQuery
from chalicelib.model import FEATURE_VERSION, Backfill
from chalicelib.storage.account_stores import make_account_stores
from chalicelib.storage.backfills import MongoBackfillStore
from chalicelib.storage.dead_letters import MongoDeadLetterStore
from chalicelib.storage.feedback import MongoFeedbackStore
from chalicelib.storage.index_builds import MongoIndexBuildStore
from chalicelib.storage.leases import MongoLeaseStore
from chalicelib.storage.listening import MongoListeningStore
from chalicelib.storage.mongo import MongoDatabase, connect, ensure_indexes
from chalicelib.storage.mongo_indexes import require_transactions
from chalicelib.storage.plays import MongoPlayStore
from chalicelib.storage.recommendations import MongoRecommendationStore
from chalicelib.storage.sessions import MongoSessionStore
from chalicelib.storage.throttles import MongoThrottleStore
from chalicelib.storage.track_documents import CARD_FIELDS, NAME_FIELDS
from chalicelib.storage.tracks import MongoTrackStore
from chalicelib.storage.uploads import MongoUploadStore
from chalicelib.storage.users import MongoUserStore
from tests.fakes.samples import (
    NOW,
    at,
    make_analysis,
    make_build,
    make_letter,
    make_list,
    make_listening,
    make_object,
    make_play,
    make_session,
    make_tags,
    make_upload,
    make_user,
    retag,
)

THREADS = 8


def run_together(act: Callable[[int], object], count: int = THREADS) -> list[object]:
    """`act` in so many threads at once; what each returned, or the first error."""
    barrier = threading.Barrier(count)

    def run(number: int) -> object:
        barrier.wait()
        return act(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def attach(tracks: MongoTrackStore, name: str, key: str | None = None) -> int:
    stored = make_object(key or f"uploads/{name}.mp3", etag=name)
    return tracks.attach_object(make_analysis(name), stored, cover_key=None, mfcc_standardized=None, scaler_version=None, now=NOW).seq


def test_commit_order_is_seq_order(database: MongoDatabase) -> None:
    """8 threads attach tracks while a reader polls as an index builder does: whatever was committed at or below a `max_seq` that
    it has read was there to be read."""
    tracks = MongoTrackStore(database)
    done = threading.Event()
    seen: list[tuple[int, list[int]]] = []

    def poll() -> None:
        while not done.is_set():
            max_seq = tracks.max_seq()
            seen.append((max_seq, [vector.seq for vector in tracks.changed_since(0, limit=1_000)]))

    reader = threading.Thread(target=poll)
    reader.start()
    seqs = run_together(lambda thread: [attach(tracks, f"{thread}-{number}") for number in range(6)])
    done.set()
    reader.join()
    drawn = sorted(seq for of_thread in seqs for seq in of_thread)  # type: ignore[attr-defined]
    assert drawn == list(range(1, THREADS * 6 + 1))
    assert len({max_seq for max_seq, _ in seen}) > 3
    for max_seq, read in seen:
        assert read[:max_seq] == list(range(1, max_seq + 1))
    assert tracks.count_active() == tracks.max_seq() == THREADS * 6


def test_one_audio_from_many_keys_at_once_is_one_track(database: MongoDatabase) -> None:
    tracks = MongoTrackStore(database)
    run_together(lambda thread: attach(tracks, "same", f"uploads/{thread}.mp3"))
    [track] = tracks.newest(9)
    assert sorted(one.key for one in track.objects) == [f"uploads/{thread}.mp3" for thread in range(THREADS)]
    assert (tracks.count_active(), tracks.max_seq()) == (1, THREADS)


def test_one_key_with_many_songs_at_once_belongs_to_one_track(database: MongoDatabase) -> None:
    tracks = MongoTrackStore(database)
    run_together(lambda thread: attach(tracks, f"song {thread}", "uploads/same.mp3"))
    assert len(list(tracks.stream_objects())) == tracks.count_active() == 1


def test_a_track_removed_and_attached_at_once_is_counted_right(database: MongoDatabase) -> None:
    tracks = MongoTrackStore(database)

    def act(thread: int) -> None:
        attach(tracks, "same", "uploads/same.mp3") if thread % 2 else tracks.detach_object("uploads/same.mp3", now=NOW)

    run_together(act)
    assert tracks.count_active() == len(tracks.newest(9))


def test_an_event_recorded_from_many_threads_is_new_once(database: MongoDatabase) -> None:
    plays = MongoPlayStore(database)
    assert sorted(run_together(lambda _: plays.record(make_play("e1")))) == [False] * (THREADS - 1) + [True]  # type: ignore[type-var]


def test_plays_processed_by_many_at_once_take_effect_once(database: MongoDatabase) -> None:
    plays, recommendations = MongoPlayStore(database), MongoRecommendationStore(database)
    events = [f"e{number}" for number in range(5)]
    for event_id in events:
        plays.record(make_play(event_id))
    counts = run_together(lambda thread: recommendations.save_with_effect(make_list(generated_at=at(thread)), events, now=NOW))
    stored = recommendations.find("ann")
    assert stored is not None
    assert sum(counts) == stored.plays_processed == 5  # type: ignore[arg-type]
    assert stored.generated_at == at(THREADS - 1).replace(microsecond=123_000)
    assert plays.count_unprocessed() == 0


def test_a_lease_is_given_to_one_of_many(database: MongoDatabase) -> None:
    leases = MongoLeaseStore(database)

    def acquire(thread: int) -> bool:
        try:
            leases.acquire("build", holder=str(thread), ttl_s=60, now=NOW)
        except LeaseHeldError:
            return False
        return True

    assert sum(run_together(acquire)) == 1  # type: ignore[arg-type]


def test_counters_and_receipts_made_by_many_at_once_are_one(database: MongoDatabase) -> None:
    throttles, uploads = MongoThrottleStore(database), MongoUploadStore(database)
    assert sorted(run_together(lambda _: throttles.count("k", window_s=60, now=NOW))) == list(range(1, THREADS + 1))  # type: ignore[type-var]
    run_together(lambda _: uploads.begin_attempt("u1", key="k", now=NOW))
    upload = uploads.find("u1")
    assert upload is not None
    assert upload.attempts == THREADS


def test_a_removed_track_leaves_only_its_tombstone(database: MongoDatabase) -> None:
    tracks = MongoTrackStore(database)
    attach(tracks, "a", "uploads/a.mp3")
    tracks.detach_object("uploads/a.mp3", now=NOW)
    [document] = database["tracks"].find()
    assert set(document) == {"_id", "seq", "status", "updated_at"}


def test_indexes_are_made_once(database: MongoDatabase) -> None:
    before = {name: database[name].index_information() for name in database.list_collection_names()}
    ensure_indexes(database)
    assert {name: database[name].index_information() for name in database.list_collection_names()} == before


def test_an_index_of_an_older_version_is_made_anew(database: MongoDatabase) -> None:
    plays, users = database["plays"], database["users"]
    plays.drop_index("by_user_with_track")
    plays.create_index([("user_id", 1)], name="by_user_with_track")  # the same name, other keys
    users.drop_index("by_username")
    users.create_index([("username_folded", 1)], name="by_folded_name", unique=True)  # the same index by another name
    ensure_indexes(database)
    assert [key for key, _ in plays.index_information()["by_user_with_track"]["key"]] == ["user_id", "occurred_at", "_id", "track_id"]
    assert users.index_information()["by_username"]["unique"]
    assert "by_folded_name" not in users.index_information()


def test_writes_are_durable_and_reads_final(mongodb_uri: str) -> None:
    database = connect(mongodb_uri, "x")
    assert database.write_concern.document == {"w": "majority", "j": True, "wtimeout": 10_000}
    assert database["tracks"].write_concern == database.write_concern
    assert database.read_concern.level == "majority"
    assert database.client.codec_options.tz_aware
    assert database.client.options.retry_writes
    assert database.client.options.server_selection_timeout == 5
    assert database.client.options.pool_options.socket_timeout == 20
    database.client.close()


def test_a_server_that_is_away_is_unavailable(unreachable_database: MongoDatabase) -> None:
    tracks, plays = MongoTrackStore(unreachable_database), MongoPlayStore(unreachable_database)
    for act in (
        lambda: tracks.find("t"),
        lambda: attach(tracks, "a"),
        lambda: list(tracks.stream_vectors(feature_version=FEATURE_VERSION)),
        lambda: tracks.write_standardized([("t", (0.0,))], scaler_version=1),
        lambda: plays.record(make_play("e1")),
        lambda: ensure_indexes(unreachable_database),
        lambda: MongoRecommendationStore(unreachable_database).save_with_effect(make_list(), [], now=NOW),
    ):
        with pytest.raises(StoreUnavailableError):
            act()


def test_text_that_no_document_can_hold_is_refused_as_input(database: MongoDatabase) -> None:
    with pytest.raises(InvalidInputError):
        MongoUserStore(database).add(make_user("1", "half \ud800"))
    with pytest.raises(InvalidInputError):
        MongoTrackStore(database).find_by_title("half \ud800")


@pytest.mark.parametrize("uri", ["http://host", "mongodb://", "mongodb://host:port", "mongodb://ann:secret@host:port", "mongodb://[::1"])
def test_an_address_that_is_none_is_a_setting_that_is_wrong(uri: str) -> None:
    with pytest.raises(ConfigError) as caught:
        connect(uri, "x")
    assert "secret" not in str(caught.value)


def test_a_server_without_transactions_is_refused() -> None:
    with pytest.raises(ConfigError):
        require_transactions({"isWritablePrimary": True})
    require_transactions({"setName": "rs0"})
    require_transactions({"msg": "isdbgrid"})


class CommandRecorder(CommandListener):
    """The reads and updates that a store sends."""

    def __init__(self) -> None:
        self.commands: list[dict[str, Any]] = []

    def started(self, event: CommandStartedEvent) -> None:
        if event.command_name in {"find", "update", "findAndModify", "aggregate", "count", "delete"}:
            self.commands.append(dict(event.command))

    def succeeded(self, event: object) -> None: ...

    def failed(self, event: object) -> None: ...


def collect_stages(plan: object) -> set[str]:
    """The names of all stages in an answer of explain()."""
    if isinstance(plan, list):
        return set().union(*map(collect_stages, plan))
    if not isinstance(plan, dict):
        return set()
    own = {plan["stage"]} if isinstance(plan.get("stage"), str) else set()
    return own.union(*(collect_stages(value) for name, value in plan.items() if name != "rejectedPlans"))


def query_everything(database: MongoDatabase) -> None:
    """Every read and update that the stores know, each shape at least once."""
    tracks, uploads, plays = MongoTrackStore(database), MongoUploadStore(database), MongoPlayStore(database)
    for number in range(3):
        attach(tracks, f"a {number}", f"uploads/{number}.mp3")
        uploads.create(make_upload(f"u{number}"))
        plays.record(make_play(f"e{number}", occurred_at=at(-number)))
    some = next(iter(tracks.newest(1)))
    tracks.edit_tags(some.track_id, retag("New"), now=NOW)
    tracks.detach_object("uploads/2.mp3", now=NOW)
    tracks.find(some.track_id), tracks.find_many([some.track_id]), tracks.find_by_title("new"), tracks.find_by_object("k")
    query_library(tracks, plays)
    tracks.sample(5, start=0.5), tracks.changed_since(0, limit=5), tracks.max_seq(), tracks.count_active()
    list(tracks.stream_objects()), list(tracks.stream_vectors(feature_version=FEATURE_VERSION))
    tracks.write_standardized([(some.track_id, (0.0,))], scaler_version=1), tracks.find_names([some.track_id])
    tracks.find_cards([some.track_id])
    query_uploads(uploads)
    users, sessions = MongoUserStore(database), MongoSessionStore(database)
    users.add(make_user("1", "Ann")), users.find("1"), users.find_by_username("ann")
    sessions.add(make_session("s")), sessions.find("s", now=NOW), sessions.remove("s")
    MongoThrottleStore(database).count("k", window_s=60, now=NOW)
    plays.mark_published(["e1"], at=NOW), plays.due_for_relay(now=at(999), publish_grace_s=1, resend_after_s=1, limit=2)
    plays.unprocessed(["e1"]), plays.recent("ann", limit=1), plays.count_unprocessed()
    plays.oldest_unprocessed(), plays.newest_effects(limit=5)
    plays.history("ann", limit=1, cursor=plays.history("ann", limit=1).next_cursor)
    listening = MongoListeningStore(database)
    listening.save(make_listening()), listening.find("ann"), listening.remove("ann")
    feedback, recommendations = MongoFeedbackStore(database), MongoRecommendationStore(database)
    (
        feedback.put("ann", "t", "like", now=NOW),
        feedback.put("ann", "t", "not_now", now=NOW, until=at(9)),
        feedback.for_user("ann"),
        feedback.find("ann", "t"),
        feedback.remove("ann", "t"),
    )
    recommendations.save_with_effect(make_list(), ["e1"], now=NOW), recommendations.find("ann")
    query_operations(database)
    query_accounts(database)


def query_accounts(database: MongoDatabase) -> None:
    """As above, of history, statistics, settings and erasure."""
    plays, own = MongoPlayStore(database), make_account_stores(database)
    MongoUserStore(database).add(make_user("9", "Cleo"))
    MongoSessionStore(database).add(make_session("t", user_id="9"))
    plays.record(make_play("h1", user_id="9")), plays.record(make_play("h2", user_id="9"))
    MongoRecommendationStore(database).save_with_effect(make_list("9"), ["h1", "h2"], now=NOW)
    own.history.remove("9", ["h1", "h2"], now=NOW), own.history.restore("9", ["h2"], removed_after=at(-9), now=NOW), plays.removed(["h1"])
    list(own.history.stream("9")), own.history.forget_removed(before=at(9), limit=5)
    own.statistics.days("9", since=NOW.date()), own.statistics.songs_since("9", since=NOW.date())
    own.statistics.top_songs("9", limit=5), own.statistics.count_plays("9"), own.statistics.count_older(limit=5)
    own.accounts.grant("9", "operator"), own.accounts.pause_history("9", since=NOW), own.accounts.reset_taste("9", at=NOW, opinions=5)
    own.accounts.resume_history("9", at=at(9))
    own.sessions.list_for_user("9", now=NOW, limit=5), own.sessions.touch("t", now=at(9), if_before=at(5))
    own.sessions.remove_all("9", keep="t"), own.sessions.remove_all("9")
    list(own.personal.stream_feedback("9")), own.personal.erase_feedback("9", limit=5), own.personal.erase_recommendations("9")
    own.personal.list_upload_keys("9", limit=5), own.personal.forget_uploader(["u9"])
    own.erasures.begin(Erasure(user_id="9", takes_uploads=True, requested_at=NOW, due_at=NOW)), own.erasures.due(now=at(9), limit=5)
    own.erasures.put_off("9", until=None, passes=2), MongoUserStore(database).was_erased("9")
    own.history.erase("9", limit=5), own.statistics.erase("9", limit=5), own.accounts.remove("9")


def query_uploads(uploads: MongoUploadStore) -> None:
    uploads.find_many(["u1"]), uploads.count_outstanding("ann", since=at(-9), limit=9)
    uploads.find("u1"), uploads.find_by_key("uploads/u1/song.mp3"), uploads.begin_attempt("u1", key="k", now=NOW)
    uploads.mark_analysed("u1", track_id="t", seq=1, warnings=(), now=NOW), uploads.mark_indexed(["u1"], now=NOW)
    uploads.mark_failed("u2", key="k", error_code="c", message="m", now=NOW), uploads.mark_indexed_up_to(5, now=NOW)
    uploads.list_for_user("ann", limit=1, cursor=uploads.list_for_user("ann", limit=1).next_cursor)
    uploads.count_by_status(), uploads.queued_before(at(9), limit=5)
    uploads.analysed_up_to(5, limit=2), uploads.list_failed(limit=2), uploads.mark_queued("u2", now=NOW)


def query_library(tracks: MongoTrackStore, plays: MongoPlayStore) -> None:
    for number in range(6):
        tags = make_tags(f"Song {number}", artist="Ada", album="Firsts", genre="Folk", year=1999, track_number=number)
        tracks.attach_object(
            make_analysis(f"l{number}", tags=tags),
            make_object(f"uploads/l{number}.mp3"),
            cover_key=None,
            mfcc_standardized=None,
            scaler_version=None,
            now=NOW,
        )
    filters: list[dict[str, Any]] = [
        {},
        {"artist": "Ada"},
        {"album": "Firsts"},
        {"artist": "Ada", "album": "Firsts"},
        {"genre": "Folk", "year": 1999},
    ]
    asked = [TrackQuery(sort=sort, **each) for each in filters for sort in ("title", "newest", "played", "track")]
    asked += [TrackQuery(text=text, **each) for each in filters for text in ("song 1", "son", "sonk ada", "firts")]
    for query in asked:
        tracks.browse(query, limit=2, cursor=tracks.browse(query, limit=2).next_cursor)
    for kind in ("artist", "album", "genre", "year"):
        for sort in ("name", "count"):
            tracks.list_groups(kind, limit=1, sort=sort, cursor=tracks.list_groups(kind, limit=1, sort=sort).next_cursor)
    tracks.list_groups("album", artist="Ada", limit=1)
    some = make_analysis("l0").track_id
    plays.record(make_play("l1", user_id="bea", track_id=some))
    plays.played_by_listeners_of(some, leave_out="ann", listeners=5, plays_each=5)
    tracks.move_to_trash(some, now=NOW), tracks.find_in_trash(some), tracks.trashed_before(at(9), limit=5)
    tracks.restore(some, trashed_after=at(-9), now=NOW), tracks.move_to_trash(some, now=NOW)
    tracks.begin_purge(some, trashed_before=at(9), now=NOW), tracks.detach_object("uploads/l0.mp3", now=NOW)
    tracks.migrate(limit=5)


def query_operations(database: MongoDatabase) -> None:
    """As above, of what the listeners do not see."""
    builds, leases, letters = MongoIndexBuildStore(database), MongoLeaseStore(database), MongoDeadLetterStore(database)
    builds.add(make_build("b1")), builds.set_current("b1"), builds.current(), builds.list_newest(limit=1)
    leases.acquire("build", holder="a", ttl_s=1, now=NOW), leases.release("build", holder="a")
    letters.add(make_letter("l1")), letters.list_newest(limit=1), letters.list_newest(source="plays", limit=1), letters.count()
    letters.remove("l1"), MongoBackfillStore(database).save(Backfill(source="s", started_at=NOW, updated_at=NOW))
    MongoBackfillStore(database).find("s")


def split_batches(commands: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """explain() takes one write at a time."""
    batches = [(command, name) for command in commands for name in ("updates", "deletes", "") if name in command or not name]
    plain = [command for command, name in batches if not name and not command.keys() & {"updates", "deletes"}]
    return plain + [{**command, name: [write]} for command, name in batches if name for write in command[name]]


def to_explainable(command: dict[str, Any]) -> dict[str, Any]:
    own = {"lsid", "txnNumber", "startTransaction", "autocommit", "readConcern", "writeConcern", "maxTimeMS", "$db", "$clusterTime"}
    return {name: value for name, value in command.items() if name not in own}


def test_every_query_uses_an_index_and_none_sorts_in_memory(database: MongoDatabase, mongodb_uri: str) -> None:
    recorder = CommandRecorder()
    with MongoClient[dict[str, Any]](mongodb_uri, tz_aware=True, event_listeners=[recorder]) as client:
        query_everything(client[database.name])
    assert len(recorder.commands) > 70
    for command in split_batches(recorder.commands):
        plan = database.command({"explain": to_explainable(command), "verbosity": "queryPlanner"})
        stages = collect_stages(plan.get("queryPlanner", plan))
        assert stages, plan
        assert "COLLSCAN" not in stages, command
        assert "SORT" not in stages, command


@pytest.mark.parametrize("fields", [NAME_FIELDS, CARD_FIELDS])
def test_what_is_shown_of_songs_is_read_from_their_index_alone(database: MongoDatabase, fields: dict[str, int]) -> None:
    tracks = MongoTrackStore(database)
    for number in range(3):
        attach(tracks, f"a {number}", f"uploads/{number}.mp3")
    wanted = {"_id": {"$in": [track.track_id for track in tracks.newest(3)]}, "status": "active"}
    assert count_documents_read(database, {"find": "tracks", "filter": wanted, "projection": fields}) == 0


def test_opinions_and_the_listeners_of_a_song_are_read_from_their_index_alone(mongodb_uri: str, database: MongoDatabase) -> None:
    recorder = CommandRecorder()
    MongoFeedbackStore(database).put("ann", "t1", "like", now=NOW)
    MongoPlayStore(database).record(make_play("e1", user_id="bob"))
    with MongoClient[dict[str, Any]](mongodb_uri, tz_aware=True, event_listeners=[recorder]) as client:
        MongoFeedbackStore(client[database.name]).for_user("ann")
        MongoPlayStore(client[database.name]).played_by_listeners_of("t1", leave_out="ann", listeners=5, plays_each=5)
    asked = [to_explainable(command) for command in recorder.commands]
    assert [next(iter(command.items())) for command in asked] == [("find", "feedback"), ("find", "plays"), ("aggregate", "plays")]
    assert [count_documents_read(database, command) for command in asked] == [0, 0, 0]


def count_documents_read(database: MongoDatabase, command: dict[str, Any]) -> int:
    """Of a query that finds something; of an aggregate's, what it looks up besides too."""
    plan = database.command({"explain": command, "verbosity": "executionStats"})
    first, *others = plan.get("stages", [{"$cursor": plan}])
    found = first["$cursor"]["executionStats"]
    assert found["nReturned"]
    return int(found["totalDocsExamined"]) + sum(int(stage.get("totalDocsExamined", 0)) for stage in others)
