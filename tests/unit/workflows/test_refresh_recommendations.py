from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from chalicelib.errors import StoreUnavailableError
from chalicelib.model import RecommendationList
from chalicelib.workflows.ports import ListEffect
from chalicelib.workflows.records import PlayMessage, PlayRecord
from chalicelib.workflows.refresh_recommendations import refresh_recommendations
from chalicelib.workflows.refreshing import Refreshing
from tests.fakes.samples import NOW, at, make_analysis, make_list, make_object, make_play, make_track_id, make_user
from tests.fakes.stores import FakeDeadLetterStore, FakePlayStore, FakeRecommendationStore, FakeTrackStore, FakeUserStore

SONG = make_track_id("song")


@dataclass
class World:
    plays: FakePlayStore = field(default_factory=FakePlayStore)
    tracks: FakeTrackStore = field(default_factory=FakeTrackStore)
    users: FakeUserStore = field(default_factory=FakeUserStore)
    lists: FakeRecommendationStore = field(default_factory=FakeRecommendationStore)
    letters: FakeDeadLetterStore = field(default_factory=FakeDeadLetterStore)
    asked: list[str] = field(default_factory=list)
    broken_users: set[str] = field(default_factory=set)
    away_users: set[str] = field(default_factory=set)
    meanwhile: Callable[[], None] = lambda: None  # what happens while a list is made

    def recommend(self, user_ids: Sequence[str], /, *, now: datetime) -> dict[str, RecommendationList | Exception]:
        return {user_id: self._try(user_id, now) for user_id in user_ids}

    def _try(self, user_id: str, now: datetime) -> RecommendationList | Exception:
        try:
            return self._recommend(user_id, now)
        except Exception as exc:  # noqa: BLE001  # as the real one
            return exc

    def _recommend(self, user_id: str, now: datetime) -> RecommendationList:
        self.asked.append(user_id)
        if user_id in self.broken_users:
            raise ZeroDivisionError("a bug")
        if user_id in self.away_users:
            raise StoreUnavailableError("The index")
        self.meanwhile()
        return make_list(user_id, generated_at=now)

    def refresh(self, *records: PlayRecord) -> list[int]:
        """The offsets that must come again."""
        refreshing = Refreshing(
            plays=self.plays,
            tracks=self.tracks,
            users=self.users,
            recommendations=self.lists,
            dead_letters=self.letters,
            recommend=self.recommend,
            clock=lambda: at(10),
        )
        return [record.offset for record in refresh_recommendations(records, refreshing)]

    def processed(self, user_id: str) -> int:
        found = self.lists.find(user_id)
        return 0 if found is None else found.plays_processed


@pytest.fixture
def world() -> World:
    plays = FakePlayStore()
    world = World(plays=plays, lists=FakeRecommendationStore(plays))
    world.users.add(make_user("ann", "Ann"))
    world.users.add(make_user("bob", "Bob"))
    world.tracks.attach_object(
        make_analysis("song"), make_object("uploads/song"), cover_key=None, mfcc_standardized=None, scaler_version=None, now=NOW
    )
    return world


def message(event_id: str, *, user_id: str = "ann", track_id: str | None = SONG, title: str | None = None) -> PlayMessage:
    return PlayMessage(event_id=event_id, user_id=user_id, track_id=track_id, title=title, kind="start", position_s=0.0, occurred_at=NOW)


def record(offset: int, play: PlayMessage | None = None, *, fault: str | None = None) -> PlayRecord:
    return PlayRecord(topic="plays", partition=0, offset=offset, payload="payload", message=play, fault=fault)


def renewal(offset: int, user_id: str = "ann") -> PlayRecord:
    return PlayRecord(topic="plays", partition=0, offset=offset, renewal_of=user_id)


def test_a_wished_for_renewal_makes_one_list_and_its_repetition_none(world: World) -> None:
    world.lists.want_renewal("ann", now=NOW)
    assert world.refresh(renewal(1), renewal(2)) == []
    assert world.refresh(renewal(1)) == []
    assert world.asked == ["ann"]
    assert not world.lists.is_renewal_wanted("ann")
    assert world.lists.find("ann") is not None


def test_a_play_in_the_same_batch_meets_the_wish_too(world: World) -> None:
    world.plays.record(make_play("e1", track_id=SONG))
    world.lists.want_renewal("ann", now=NOW)
    assert world.refresh(renewal(1), record(2, message("e1"))) == []
    assert world.asked == ["ann"]


def test_a_list_that_was_begun_before_something_was_taken_away_is_not_stored_but_its_plays_count(world: World) -> None:
    world.plays.record(make_play("e1", track_id=SONG))
    world.meanwhile = lambda: world.lists.want_renewal("ann", now=NOW)
    assert world.refresh(record(1, message("e1"))) == []
    assert world.lists.find("ann") is None
    assert world.plays.unprocessed(["e1"]) == set()
    world.meanwhile = lambda: None
    assert world.refresh(renewal(2)) == []
    assert world.processed("ann") == 1


def test_a_renewal_waits_for_a_store_and_a_bug_stops_nobody_behind_it(world: World) -> None:
    for user_id in ("ann", "bob"):
        world.lists.want_renewal(user_id, now=NOW)
    world.away_users, world.broken_users = {"ann"}, {"bob"}
    assert world.refresh(renewal(1), renewal(2, "bob")) == [1]
    assert world.lists.due_renewals(now=at(60), limit=9) == ["ann", "bob"]
    assert world.letters.count() == 0


def test_a_recorded_play_takes_effect_in_its_listeners_list(world: World) -> None:
    world.plays.record(make_play("e1", track_id=SONG))
    assert world.refresh(record(1, message("e1"))) == []
    assert world.processed("ann") == 1
    assert world.plays.unprocessed(["e1"]) == set()


def test_several_plays_of_a_listener_are_one_computation(world: World) -> None:
    assert world.refresh(record(1, message("e1")), record(2, message("e2", user_id="bob")), record(3, message("e3"))) == []
    assert world.asked == ["ann", "bob"]
    assert (world.processed("ann"), world.processed("bob")) == (2, 1)


def test_the_same_play_again_in_one_batch_or_later_has_one_effect(world: World) -> None:
    world.refresh(record(1, message("e1")), record(2, message("e1")))
    world.refresh(record(9, message("e1")))
    assert world.processed("ann") == 1
    assert world.asked == ["ann"]


def test_a_play_of_another_producer_is_written_down_and_counts(world: World) -> None:
    assert world.refresh(record(1, message("foreign", track_id=None, title="song"))) == []
    (play,) = world.plays.recent("ann", limit=5)
    assert (play.event_id, play.track_id) == ("foreign", SONG)
    assert world.processed("ann") == 1


@pytest.mark.parametrize(
    "play", [message("e1", track_id="f" * 24), message("e1", track_id=None, title="no such song"), message("e1", user_id="nobody")]
)
def test_a_foreign_play_of_an_unknown_song_or_listener_is_a_dead_letter(world: World, play: PlayMessage) -> None:
    assert world.refresh(record(1, play), record(2, message("e2"))) == []
    assert [letter.letter_id for letter in world.letters.list_newest(limit=5)] == ["plays-e1"]
    assert world.processed("ann") == 1, "the play behind it went through"


def test_a_play_that_our_api_accepted_counts_though_its_song_is_gone_since(world: World) -> None:
    world.plays.record(make_play("e1", track_id=SONG))
    world.tracks.detach_object("uploads/song", now=NOW)
    assert world.refresh(record(1, message("e1"))) == []
    assert world.processed("ann") == 1
    assert world.refresh(record(2, message("e1"))) == []
    assert world.letters.count() == 0


def test_a_play_under_another_listeners_event_id_is_a_dead_letter_without_effect(world: World) -> None:
    world.plays.record(make_play("e1", track_id=SONG))
    assert world.refresh(record(1, message("e1", user_id="bob"))) == []
    assert world.letters.count() == 1
    assert world.processed("bob") == 0
    assert world.plays.unprocessed(["e1"]) == {"e1"}


def test_of_two_listeners_who_claim_one_new_event_the_first_has_it(world: World) -> None:
    assert world.refresh(record(1, message("e1")), record(2, message("e1", user_id="bob"))) == []
    assert world.letters.count() == 1
    assert world.asked == ["ann"]
    assert (world.processed("ann"), world.processed("bob")) == (1, 0)


def test_an_unreadable_record_is_a_dead_letter_named_by_its_place(world: World) -> None:
    assert world.refresh(record(7, fault="not JSON"), record(8), record(9, message("e1"))) == []
    (letter,) = world.letters.list_newest(limit=5)
    assert (letter.letter_id, letter.reason, letter.payload) == ("plays-0-7", "not JSON", "payload")
    assert world.processed("ann") == 1


def test_a_listener_that_cannot_be_computed_does_not_stop_the_others(world: World) -> None:
    world.broken_users.add("ann")
    assert world.refresh(record(1, message("e1")), record(2, message("e2", user_id="bob"))) == []
    assert world.letters.count() == 1
    assert world.processed("bob") == 1


def test_a_store_that_is_away_has_its_records_delivered_again_and_no_others(world: World) -> None:
    world.away_users.add("ann")
    assert world.refresh(record(1, message("e1")), record(2, message("e2", user_id="bob"))) == [1]
    assert world.processed("bob") == 1
    world.away_users.clear()
    assert world.refresh(record(1, message("e1")), record(2, message("e2", user_id="bob"))) == []
    assert (world.processed("ann"), world.processed("bob")) == (1, 1)


def test_an_outbox_that_is_away_has_everything_delivered_again(world: World) -> None:
    world.plays.is_down = world.letters.is_down = True
    assert sorted(world.refresh(record(1, message("e1")), record(2, fault="not JSON"))) == [1, 2]


def test_a_clock_that_runs_ahead_is_not_believed(world: World) -> None:
    ahead = PlayMessage(event_id="e1", user_id="ann", track_id=SONG, title=None, kind="start", position_s=0.0, occurred_at=at(10**8))
    world.refresh(record(1, ahead))
    assert world.plays.recent("ann", limit=1)[0].occurred_at <= at(10)


def test_an_empty_batch_asks_nothing(world: World) -> None:
    assert world.refresh() == []
    assert world.plays.calls == []


def test_a_list_that_cannot_be_stored_does_not_stop_those_that_are_stored_with_it(world: World) -> None:
    world.lists = RefusingStore(world.plays, StoreUnavailableError("recommendations"))
    plays = [record(number, message(f"e{number}", user_id=user_id)) for number, user_id in enumerate(("ann", "bob"))]
    assert world.refresh(*plays) == [0]
    assert (world.processed("ann"), world.processed("bob")) == (0, 1)
    world.lists.exc = ValueError("cannot be stored")
    assert world.refresh(*plays) == []
    assert [letter.letter_id for letter in world.letters.list_newest(limit=5)] == ["plays-e0"]


def test_a_store_that_stays_away_is_not_waited_for_by_every_listener(world: World) -> None:
    users = [f"user-{number}" for number in range(30)]
    for user_id in users:
        world.users.add(make_user(user_id, user_id))
    world.lists = RefusingStore(world.plays, StoreUnavailableError("recommendations"), refuses=users)
    plays = [record(number, message(f"e{number}", user_id=user_id)) for number, user_id in enumerate(users)]
    assert sorted(world.refresh(*plays)) == list(range(30))
    assert world.lists.calls.count("save_each_with_effect") == 6


class RefusingStore(FakeRecommendationStore):
    """Stores nothing of some, nor of who is to be stored together with them."""

    def __init__(self, plays: FakePlayStore, exc: Exception, refuses: Sequence[str] = ("ann",)) -> None:
        super().__init__(plays)
        self.exc, self.refuses = exc, refuses

    def save_each_with_effect(self, effects: Sequence[ListEffect], *, now: datetime) -> list[int]:
        if any(each.recommendations.user_id in self.refuses for each in effects):
            self.calls.append("save_each_with_effect")
            raise self.exc
        return super().save_each_with_effect(effects, now=now)
