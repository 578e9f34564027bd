"""What home offers whom."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from chalicelib.model import Listening, Reason, RecommendationList, RecommendedTrack, Track
from chalicelib.recommend.rows import FIRST_ROW
from chalicelib.workflows.show_home import Home, Standing, compose_home, draw_picks, read_standing, show_home
from tests.fakes.listening_store import FakeListeningStore
from tests.fakes.samples import NOW, attach_track, make_analysis, make_play
from tests.fakes.stores import FakeFeedbackStore, FakePlayStore, FakeRecommendationStore, FakeTrackStore


class House:
    """A library of `count` songs and one listener, ann."""

    def __init__(self, count: int = 60) -> None:
        self.tracks, self.plays, self.feedback = FakeTrackStore(), FakePlayStore(), FakeFeedbackStore()
        self.recommendations, self.listening = FakeRecommendationStore(self.plays), FakeListeningStore()
        self.songs = [attach_track(self.tracks, make_analysis(f"song {n}", mfcc=_make_mfcc(n)), seconds=n) for n in range(count)]
        self.now = NOW + timedelta(hours=1)

    def recommend(self, songs: list[Track], *because: Track) -> None:
        reasons = tuple(
            Reason(track_id=track.track_id, display_title=track.display_title, artist=track.artist, distance=0.2, percentile=99.0)
            for track in because
        )
        items = tuple(RecommendedTrack(track_id=track.track_id, score=0.5, reasons=reasons) for track in songs)
        made = RecommendationList(user_id="ann", items=items, basis="plays", play_event_ids=(), index_build="b1", generated_at=NOW)
        self.recommendations.save_with_effect(made, (), now=NOW)

    def stand(self) -> Standing:
        return read_standing(
            "ann",
            plays=self.plays,
            feedback=self.feedback,
            recommendations=self.recommendations,
            listening=self.listening,
            now=self.now,
        )

    def open(self, *, start: float = 0.3, **options: Any) -> Home:
        return compose_home(self.stand(), tracks=self.tracks, start=start, now=self.now, **options)


def _make_mfcc(number: int) -> tuple[float, ...]:
    return tuple(float(((number + 3) * (row + 7) * 7919) % 97) for row in range(20))


def list_ids(home: Home) -> set[str]:
    return {item.track.track_id for item in home.offer.items} | {item.track.track_id for row in home.rows for item in row.items}


def test_someone_new_gets_three_picks_and_random_songs_that_are_others() -> None:
    home = House().open()
    assert home.offer.basis == "random"
    assert len(home.picks) == 3
    assert home.offer.items
    assert not {track.track_id for track in home.picks} & list_ids(home)


def test_other_picks_are_others_as_long_as_there_are() -> None:
    house = House()
    first = {track.track_id for track in house.open().picks}
    others = {track.track_id for track in draw_picks(house.stand(), tracks=house.tracks, start=0.3, seen=first)}
    assert len(others) == 3
    assert not others & first
    everything = [track.track_id for track in house.songs]
    assert len(draw_picks(house.stand(), tracks=house.tracks, start=0.3, seen=everything)) == 3


def test_a_library_of_two_songs_has_no_picks_but_its_songs() -> None:
    home = House(2).open()
    assert home.picks == ()
    assert len(home.offer.items) == 2


def test_an_empty_library_is_an_empty_page() -> None:
    home = House(0).open()
    assert (home.picks, home.offer.items, home.newest, home.rows) == ((), (), (), ())


def test_rows_name_the_played_song_that_is_their_reason() -> None:
    house = House()
    played, liked = house.songs[58], house.songs[59]
    house.feedback.put("ann", liked.track_id, "like", now=NOW)
    house.recommend(house.songs[: FIRST_ROW + 6], played)
    home = house.open()
    assert [(row.because and row.because.track_id, row.is_liked, len(row.items)) for row in home.rows] == [(played.track_id, False, 6)]
    house.recommend(house.songs[: FIRST_ROW + 6], liked)
    assert house.open().rows[0].is_liked


def test_a_reason_that_is_gone_still_has_its_name() -> None:
    house = House()
    played = house.songs[59]
    house.recommend(house.songs[: FIRST_ROW + 6], played)
    house.tracks.detach_object(played.objects[0].key, now=NOW)
    row = house.open().rows[0]
    assert (row.because, row.reason.display_title) == (None, "song 59")


def test_what_is_disliked_or_not_wanted_now_is_nowhere_until_it_is_again() -> None:
    house = House()
    house.recommend(house.songs[:30], house.songs[59])
    house.feedback.put("ann", house.songs[0].track_id, "dislike", now=NOW)
    house.feedback.put("ann", house.songs[1].track_id, "not_now", now=NOW, until=house.now + timedelta(days=1))
    assert not {house.songs[0].track_id, house.songs[1].track_id} & list_ids(house.open())
    house.now += timedelta(days=2)
    assert house.songs[1].track_id in list_ids(house.open())
    assert house.songs[0].track_id not in list_ids(house.open())


def test_what_was_just_played_is_not_offered_again() -> None:
    house = House()
    house.recommend(house.songs[:30], house.songs[59])
    house.plays.record(make_play("e1", track_id=house.songs[0].track_id))
    assert house.songs[0].track_id not in list_ids(house.open())


def test_a_list_of_songs_that_are_all_gone_gives_way_to_random_ones() -> None:
    house = House()
    house.recommend(house.songs[:1], house.songs[59])
    house.tracks.detach_object(house.songs[0].objects[0].key, now=NOW)
    assert house.open().offer.basis == "random"
    assert show_home(house.stand(), tracks=house.tracks, limit=5, start=0.1, now=NOW).basis == "random"


def test_all_songs_are_read_at_once_however_many_rows_there_are() -> None:
    house = House()
    house.recommend(house.songs[:50], house.songs[59])
    house.listening.save(Listening(user_id="ann", queue=(house.songs[3].track_id,), position_s=9.0, changed_at=NOW, device_id="device-1"))
    reads: list[int] = []
    find_cards = house.tracks.find_cards
    house.tracks.find_cards = lambda ids: reads.append(len(ids)) or find_cards(ids)  # type: ignore[method-assign]
    home = house.open()
    assert house.songs[3].track_id in list_ids(home)
    assert reads == [len(list_ids(home)) + 1]  # with the song that is the reason: nothing that is not shown
    house.tracks.detach_object(house.songs[0].objects[0].key, now=NOW)
    reads.clear()
    house.open()
    assert len(reads) == 2  # one of them is gone: the rest of the list


def test_where_shown_songs_are_gone_the_rows_are_made_of_what_is_left() -> None:
    house = House()
    house.recommend(house.songs[:40], house.songs[59])
    before = [item.track.track_id for item in house.open().offer.items]
    for song in house.songs[:3]:
        house.tracks.detach_object(song.objects[0].key, now=NOW)
    home = house.open()
    after = [item.track.track_id for item in home.offer.items]
    assert (after[: FIRST_ROW - 3], len(after)) == (before[3:], FIRST_ROW)
    assert [len(row.items) for row in home.rows] == [8]


def test_a_title_that_something_else_on_the_page_wants_is_read_along() -> None:
    house = House()
    asked = [house.songs[7].track_id, "nothing"]
    home = compose_home(house.stand(), tracks=house.tracks, start=0.3, named=asked, now=NOW)
    assert home.titles == {house.songs[7].track_id: house.songs[7].display_title}


def test_one_goes_on_where_one_stopped() -> None:
    house = House()
    gone, left, following = house.songs[:3]
    queue = (gone.track_id, left.track_id, following.track_id)
    house.listening.save(Listening(user_id="ann", queue=queue, place=1, position_s=12.5, changed_at=NOW, device_id="device-1"))
    found = house.open().continuation
    assert found is not None
    assert (found.track.track_id, found.position_s) == (left.track_id, 12.5)
    house.tracks.detach_object(left.objects[0].key, now=NOW)
    next_one = house.open().continuation
    assert next_one is not None
    assert (next_one.track.track_id, next_one.position_s) == (following.track_id, 0.0)
