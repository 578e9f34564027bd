"""A listener's list, from plays to reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from chalicelib.errors import StoreUnavailableError
from chalicelib.model import Play, PlayKind, RecommendationList
from chalicelib.workflows.current_index import CurrentIndex
from chalicelib.workflows.ports import ListenerState
from chalicelib.workflows.recommend_for_user import Taste, recommend_for_user, recommend_for_users
from tests.fakes.samples import make_play, make_user
from tests.fakes.stores import FakeFeedbackStore, FakeListenerStore, FakePlayStore, FakeUserStore
from tests.unit.index.music_library import NOW, Library, make_library, make_mfcc, name_track

STYLES = 6
SONGS = 240


class Listener:
    """Someone who plays songs of a library and looks at the list."""

    def __init__(self, library: Library, folder: Path) -> None:
        self.library = library
        self.plays = FakePlayStore()
        self.feedback = FakeFeedbackStore()
        self.index = CurrentIndex(library.bucket, folder, refresh_s=0.0)
        self.clock = NOW

    def play(self, number: int, *kinds: PlayKind, position_s: float = 5.0) -> None:
        for kind in kinds or ("start",):
            self.clock += timedelta(minutes=2)
            event_id = f"event-{self.clock.isoformat()}"
            self.plays.record(
                Play(
                    event_id=event_id, user_id="ann", track_id=name_track(number), kind=kind, position_s=position_s, occurred_at=self.clock
                )
            )

    def recommend(self, *, count: int = 30, taste: Taste = "plays", days_later: int = 0, user_id: str = "ann") -> RecommendationList:
        return recommend_for_user(
            user_id,
            plays=self.plays,
            feedback=self.feedback,
            tracks=self.library.tracks,
            index=self.index,
            now=NOW + timedelta(days=days_later),
            count=count,
            taste=taste,
            monotonic=lambda: 0.0,
        )


def list_ids(recommendations: RecommendationList) -> list[str]:
    return [each.track_id for each in recommendations.items]


def count_styles(recommendations: RecommendationList) -> Counter[int]:
    return Counter(int(track_id, 16) % STYLES for track_id in list_ids(recommendations))


@pytest.fixture
def listener(tmp_path: Path) -> Listener:
    return Listener(make_library(SONGS, styles=STYLES), tmp_path / "index")


def test_a_newcomer_gets_random_songs(listener: Listener):
    found = listener.recommend()
    assert found.basis == "random"
    assert len(set(list_ids(found))) == 30
    assert found.play_event_ids == ()
    assert found.index_build is None
    assert all(not each.reasons for each in found.items)


def test_newcomers_get_different_songs_and_others_another_day(listener: Listener):
    lists = [listener.recommend(user_id=name, days_later=day) for name in ("ann", "bob") for day in (0, 1)]
    assert len({tuple(list_ids(each)) for each in lists}) == 4


def test_one_play_turns_the_list_to_songs_like_it(listener: Listener):
    listener.play(7)
    found = listener.recommend(count=20)
    assert found.basis == "plays"
    assert found.index_build == "build-1"
    assert found.generated_at == NOW
    assert count_styles(found)[7 % STYLES] >= 16
    assert [each.reasons[0].track_id for each in found.items] == [name_track(7)] * 20
    assert all(each.reasons[0].display_title == "Song 7" for each in found.items)
    assert all(0 < each.reasons[0].distance < 2 and 0 <= each.reasons[0].percentile <= 100 for each in found.items)


def test_no_played_song_is_in_the_list(listener: Listener):
    for number in range(90):
        listener.play(number, "start", "complete")
    assert not set(list_ids(listener.recommend())) & {name_track(number) for number in range(90)}


def test_the_list_rests_on_the_newest_plays_newest_first(listener: Listener):
    for number in range(30):
        listener.play(number, "start", "complete")
    events = listener.recommend().play_event_ids
    assert events == tuple(play.event_id for play in listener.plays.recent("ann", limit=40))


def test_the_same_state_gives_the_same_list_and_another_day_another(listener: Listener):
    for number in (1, 7, 9):
        listener.play(number)
    assert listener.recommend() == listener.recommend()
    today, tomorrow = set(list_ids(listener.recommend())), set(list_ids(listener.recommend(days_later=1)))
    assert today != tomorrow
    assert len(today & tomorrow) >= 5  # varied, and still to the same taste


def test_two_tastes_are_both_served_and_not_averaged(listener: Listener):
    for number in (0, 6, 12, 18, 1, 7):  # four of style 0, two of style 1
        listener.play(number, "start", "complete")
    styles = count_styles(listener.recommend(count=20))
    assert styles[0] + styles[1] >= 17
    assert styles[0] >= 5
    assert styles[1] >= 5


def test_the_average_of_two_tastes_is_an_arm_to_compare_with(listener: Listener):
    for number in (0, 6, 1, 7):
        listener.play(number)
    found = listener.recommend(taste="mean")
    assert found.basis == "plays"
    assert list_ids(found) != list_ids(listener.recommend())
    assert all(each.reasons for each in found.items)
    assert not set(list_ids(found)) & {name_track(number) for number in (0, 6, 1, 7)}


def test_a_skip_lowers_songs_like_it_and_completing_raises_them(listener: Listener, tmp_path: Path):
    for number in (0, 1):
        listener.play(number, "start")
    started = count_styles(listener.recommend(count=20))[1]
    skipper, lover = (Listener(listener.library, tmp_path / name) for name in ("skipper", "lover"))
    skipper.play(0, "start")
    skipper.play(1, "start", "skip")
    lover.play(0, "start")
    lover.play(1, "start", "complete")
    assert count_styles(skipper.recommend(count=20))[1] < started <= count_styles(lover.recommend(count=20))[1]


def test_skipped_songs_alone_give_random_ones_without_them(listener: Listener):
    for number in (0, 6, 12):
        listener.play(number, "start", "skip")
    found = listener.recommend()
    assert found.basis == "random"
    assert not set(list_ids(found)) & {name_track(number) for number in (0, 6, 12)}


def test_disliked_songs_are_never_in_the_list(listener: Listener):
    listener.play(7)
    disliked = list_ids(listener.recommend())
    for track_id in disliked:
        listener.feedback.put("ann", track_id, "dislike", now=NOW)
    assert not set(list_ids(listener.recommend())) & set(disliked)
    random = Listener(listener.library, Path("unused"))
    for track_id in list_ids(random.recommend()):
        random.feedback.put("ann", track_id, "dislike", now=NOW)
    assert not set(list_ids(random.recommend())) & set(random.feedback.for_user("ann"))


def test_a_like_brings_songs_like_it(listener: Listener):
    listener.play(0)
    before = count_styles(listener.recommend(count=20))[3]
    for number in (3, 9, 15):
        listener.feedback.put("ann", name_track(number), "like", now=NOW)
    assert count_styles(listener.recommend(count=20))[3] > before


def test_no_artist_has_more_than_three_songs(tmp_path: Path):
    library = Library()
    for number, mfcc in enumerate(make_mfcc(120)):
        library.add(mfcc, title=f"Song {number}", artist=f"Band {number % 7}")
    library.build("build-1")
    listener = Listener(library, tmp_path / "index")
    listener.play(3)
    found = listener.recommend()
    artists = Counter(library.tracks.tracks[track_id].artist for track_id in list_ids(found))
    assert found.basis == "plays"
    assert set(artists.values()) == {3}


def test_twins_of_played_songs_and_of_each_other_are_left_out(listener: Listener):
    raw = np.array(listener.library.tracks.tracks[name_track(7)].mfcc)
    spread = make_mfcc(SONGS).std(axis=0)
    twin = listener.library.add(raw, title="Renamed", artist="Someone")
    live = listener.library.add(raw + 0.2 * spread, title="Song 7 (Live)", artist="Artist 7")
    once = [listener.library.add(raw + (0.2 + n / 10) * spread, title=f"Hit ({n} Remaster)", artist="Band").track_id for n in range(4)]
    listener.play(7)
    found = list_ids(listener.recommend())
    assert not {twin.track_id, live.track_id} & set(found)
    assert len(set(once) & set(found)) == 1


def test_a_song_uploaded_after_the_build_can_be_recommended_and_played(listener: Listener):
    raw = np.array(listener.library.tracks.tracks[name_track(7)].mfcc)
    added = listener.library.add(raw + 0.2 * make_mfcc(SONGS).std(axis=0))
    listener.play(7)
    assert added.track_id in list_ids(listener.recommend())
    listener.play(int(added.track_id, 16))
    found = listener.recommend()
    assert added.track_id not in list_ids(found)
    assert added.track_id in {reason.track_id for each in found.items for reason in each.reasons}


def test_removed_songs_are_not_recommended_and_their_plays_say_nothing(listener: Listener):
    listener.play(7)
    gone = list_ids(listener.recommend())[:10]
    for track_id in gone:
        listener.library.remove(listener.library.tracks.tracks[track_id])
    assert not set(list_ids(listener.recommend())) & set(gone)
    assert len(listener.recommend().items) == 30
    listener.library.remove(listener.library.tracks.tracks[name_track(7)])
    assert listener.recommend().basis == "random"


def test_without_an_index_the_songs_are_random_and_unheard(tmp_path: Path):
    listener = Listener(make_library(40, build=False), tmp_path / "index")
    listener.play(7)
    found = listener.recommend()
    assert found.basis == "random"
    assert len(found.items) == 30
    assert name_track(7) not in list_ids(found)


def test_who_heard_everything_still_has_a_list(tmp_path: Path):
    listener = Listener(make_library(5), tmp_path / "index")
    for number in range(5):
        listener.play(number)
    assert len(listener.recommend().items) == 5


def test_in_a_small_library_songs_heard_longer_ago_come_back_before_the_list_runs_dry(tmp_path: Path):
    listener = Listener(make_library(30), tmp_path / "index")
    for number in range(28):
        listener.play(number)
    found = list_ids(listener.recommend())
    assert len(found) >= 10
    assert not set(found) & {name_track(number) for number in range(18, 28)}


def test_an_empty_library_gives_an_empty_list(tmp_path: Path):
    assert Listener(Library(), tmp_path / "index").recommend().items == ()


def test_one_artist_alone_still_fills_a_newcomers_page(tmp_path: Path):
    library = Library()
    for number, mfcc in enumerate(make_mfcc(20)):
        library.add(mfcc, title=f"Opus {number}", artist="Only Band")
    assert len(Listener(library, tmp_path / "index").recommend(count=10).items) == 10


def test_an_outage_of_the_index_is_no_reason_for_random_songs(listener: Listener):
    listener.play(7)
    listener.library.bucket.is_down = True
    with pytest.raises(StoreUnavailableError):
        listener.recommend()


def test_a_newcomer_needs_no_index(listener: Listener):
    listener.library.bucket.is_down = True
    assert len(listener.recommend().items) == 30


def test_scores_fall_from_the_first_to_the_last(listener: Listener):
    for number in (1, 7, 9):
        listener.play(number)
    scores = [each.score for each in listener.recommend().items]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] <= 1.0
    assert scores[-1] >= 0.0


def count_asked(inner: Callable[[Sequence[str]], object], asked: list[int]) -> Callable[[Sequence[str]], object]:
    def find(track_ids: Sequence[str]) -> object:
        asked.append(len(track_ids))
        return inner(track_ids)

    return find


def test_a_list_reads_a_bounded_part_of_the_catalogue(listener: Listener):
    asked: list[int] = []
    for name in ("find_many", "find_names"):
        listener.library.tracks.__dict__[name] = count_asked(getattr(listener.library.tracks, name), asked)
    for number in range(25):
        listener.play(number)
    listener.library.tracks.calls.clear()
    listener.recommend(count=10)
    assert sum(asked) <= 20 + 3 * 60
    assert set(listener.library.tracks.calls) == {"find_names", "changed_since"}


def test_lists_made_together_are_the_lists_made_alone(listener: Listener) -> None:
    users = FakeUserStore()
    for number, user_id in enumerate(("ann", "bob", "cid", "dot")):
        users.add(make_user(user_id, user_id))
        for song in range(number, 12 * number, 7):
            at = NOW + timedelta(minutes=song)
            event_id = f"{user_id}-{song}"
            listener.plays.record(
                Play(event_id=event_id, user_id=user_id, track_id=name_track(song), kind="start", position_s=0.0, occurred_at=at)
            )
    listener.feedback.put("cid", name_track(50), "like", now=NOW)
    states = FakeListenerStore(users, listener.plays, listener.feedback)
    asked = ["ann", "bob", "cid", "dot", "new"]
    made = recommend_for_users(
        asked, listeners=states, tracks=listener.library.tracks, index=listener.index, now=NOW, monotonic=lambda: 0.0
    )
    assert made == {user_id: listener.recommend(user_id=user_id, count=60) for user_id in asked}
    assert [each.basis for each in made.values() if not isinstance(each, Exception)] == ["random", "plays", "plays", "plays", "random"]


def test_a_listener_whose_list_fails_takes_nothing_from_the_others(listener: Listener) -> None:
    users = FakeUserStore()
    for user_id in ("ann", "bob"):
        users.add(make_user(user_id, user_id))
        listener.plays.record(make_play(f"{user_id}-1", user_id=user_id, track_id=name_track(3)))
    states = FakeListenerStore(users, listener.plays, listener.feedback)
    read = states.read_states

    def read_badly(user_ids: Sequence[str], *, plays: int, now: datetime) -> dict[str, ListenerState]:
        found = read(user_ids, plays=plays, now=now)
        if "ann" in found:
            raise ZeroDivisionError("a document that cannot be read")
        return found

    states.read_states = read_badly  # type: ignore[method-assign]
    made = recommend_for_users(["ann", "bob"], listeners=states, tracks=listener.library.tracks, index=listener.index, now=NOW)
    assert isinstance(made["ann"], ZeroDivisionError)
    assert isinstance(made["bob"], RecommendationList)


def test_a_store_that_is_away_fails_those_that_ask_it(listener: Listener) -> None:
    users = FakeUserStore()
    users.add(make_user("bob", "Bob"))
    listener.plays.record(make_play("bob-1", user_id="bob", track_id=name_track(3)))
    listener.library.tracks.is_down = True
    states = FakeListenerStore(users, listener.plays, listener.feedback)
    made = recommend_for_users(["bob"], listeners=states, tracks=listener.library.tracks, index=listener.index, now=NOW)
    assert isinstance(made["bob"], StoreUnavailableError)
