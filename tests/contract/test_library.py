"""How every TrackStore lists, groups and searches; what comes of edits, of the trash, and of plays."""

from __future__ import annotations

import pytest

from chalicelib.errors import InvalidInputError, NotFoundError
from chalicelib.library_model import TrackQuery
from chalicelib.storage.mongo import MongoDatabase
from chalicelib.storage.plays import MongoPlayStore
from chalicelib.storage.recommendations import MongoRecommendationStore
from chalicelib.storage.tracks import MongoTrackStore
from chalicelib.workflows.ports import PlayStore, RecommendationStore, TrackStore
from tests.fakes.samples import (
    NOW,
    at,
    attach_titles,
    attach_track,
    make_analysis,
    make_list,
    make_object,
    make_play,
    make_tags,
    retag,
    search_titles,
)
from tests.fakes.stores import FakePlayStore, FakeRecommendationStore, FakeTrackStore

Listening = tuple[TrackStore, PlayStore, RecommendationStore]


@pytest.fixture(params=["fake", "mongo"])
def listening(request: pytest.FixtureRequest) -> Listening:
    if request.param == "fake":
        tracks, plays = FakeTrackStore(), FakePlayStore()
        return tracks, plays, FakeRecommendationStore(plays, tracks)
    database: MongoDatabase = request.getfixturevalue("database")
    return MongoTrackStore(database), MongoPlayStore(database), MongoRecommendationStore(database)


def fill_library(tracks: TrackStore) -> None:
    for number, (title, artist, album, genre, year) in enumerate(
        [
            ("Intro", "Ada Bell", "Firsts", "Folk", 1999),
            ("Blue Hour", "Ada Bell", "Firsts", "Folk", 1999),
            ("Éclair", "ada bell", "Seconds", "Jazz", 2003),
            ("Night Train", "Mø", "Firsts", "folk", 2003),
            ("Nameless", None, None, None, None),
        ]
    ):
        tags = make_tags(title, artist=artist, album=album, genre=genre, year=year, track_number=9 - number)
        attach_track(tracks, make_analysis(title, tags=tags), seconds=number, cover_key=f"covers/{number}.jpg" if number == 2 else None)


def list_titles(tracks: TrackStore, query: TrackQuery, limit: int = 2) -> list[str]:
    """Through all pages."""
    titles: list[str] = []
    cursor: str | None = None
    for _ in range(20):
        page = tracks.browse(query, limit=limit, cursor=cursor)
        titles += [track.display_title for track in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return titles
    raise AssertionError("the pages do not end")


def test_songs_are_listed_by_title_age_and_plays(tracks: TrackStore) -> None:
    fill_library(tracks)
    assert list_titles(tracks, TrackQuery()) == ["Blue Hour", "Éclair", "Intro", "Nameless", "Night Train"]
    assert list_titles(tracks, TrackQuery(sort="newest")) == ["Nameless", "Night Train", "Éclair", "Blue Hour", "Intro"]
    assert sorted(list_titles(tracks, TrackQuery(sort="played"))) == sorted(list_titles(tracks, TrackQuery()))


def test_filters_ignore_case_and_accents_and_all_must_hold(tracks: TrackStore) -> None:
    fill_library(tracks)
    assert list_titles(tracks, TrackQuery(artist="ADA BELL")) == ["Blue Hour", "Éclair", "Intro"]
    assert list_titles(tracks, TrackQuery(artist="mo")) == ["Night Train"]
    assert list_titles(tracks, TrackQuery(genre="FOLK", year=1999)) == ["Blue Hour", "Intro"]
    assert list_titles(tracks, TrackQuery(genre="folk", year=2003)) == ["Night Train"]
    assert list_titles(tracks, TrackQuery(album="firsts")) == ["Blue Hour", "Intro", "Night Train"]
    assert list_titles(tracks, TrackQuery(artist="Ada Bell", album="firsts", sort="track")) == ["Blue Hour", "Intro"]
    assert list_titles(tracks, TrackQuery(artist="nobody")) == list_titles(tracks, TrackQuery(genre="folk", year=1)) == []


def test_an_album_of_many_belongs_to_its_own_artist_and_its_songs_to_theirs(tracks: TrackStore) -> None:
    for name in ("One", "Two"):
        tags = make_tags(name, artist=f"Artist {name}", album="Hits", album_artist="Various Artists")
        attach_track(tracks, make_analysis(name, tags=tags))
    [album] = tracks.list_groups("album", limit=5).items
    assert (album.name, album.artist, album.count) == ("Hits", "Various Artists", 2)
    assert list_titles(tracks, TrackQuery(artist="various artists", album="hits")) == ["One", "Two"]
    assert list_titles(tracks, TrackQuery(artist="artist one")) == ["One"]
    assert [group.count for group in tracks.list_groups("artist", limit=5).items] == [1, 1, 2]


def test_groups_know_how_many_songs_they_have(tracks: TrackStore) -> None:
    fill_library(tracks)
    artists = tracks.list_groups("artist", limit=5).items
    assert [(group.name.lower(), group.count) for group in artists] == [("ada bell", 3), ("mø", 1)]
    assert artists[0].cover_track_id is not None
    assert [(group.name, group.artist, group.count) for group in tracks.list_groups("album", limit=5).items] == [
        ("Firsts", "Ada Bell", 2),
        ("Firsts", "Mø", 1),
        ("Seconds", "ada bell", 1),
    ]
    assert [(group.name.lower(), group.count) for group in tracks.list_groups("genre", limit=5, sort="count").items] == [
        ("folk", 3),
        ("jazz", 1),
    ]
    assert [group.name for group in tracks.list_groups("year", limit=5).items] == ["2003", "1999"]
    assert [group.name for group in tracks.list_groups("album", artist="ADA BELL", limit=5).items] == ["Firsts", "Seconds"]


def test_groups_come_in_pages(tracks: TrackStore) -> None:
    fill_library(tracks)
    for sort in ("name", "count"):
        first = tracks.list_groups("album", limit=2, sort=sort)
        rest = tracks.list_groups("album", limit=2, sort=sort, cursor=first.next_cursor)
        assert (len(first.items), len(rest.items), rest.next_cursor) == (2, 1, None)
        assert {*first.items, *rest.items} == set(tracks.list_groups("album", limit=9).items)


def test_groups_follow_edits_and_removals_and_empty_ones_go(tracks: TrackStore) -> None:
    fill_library(tracks)
    [track] = tracks.browse(TrackQuery(artist="Mø"), limit=5).items
    tracks.edit_tags(track.track_id, retag("Night Train", artist="Ada Bell"), now=at(20))
    assert [(group.name, group.count) for group in tracks.list_groups("artist", limit=5).items] == [("Ada Bell", 4)]
    assert [group.name for group in tracks.list_groups("year", limit=5).items] == ["2003", "1999"]
    tracks.detach_object(track.objects[0].key, now=at(21))
    assert [group.count for group in tracks.list_groups("artist", limit=5).items] == [3]
    assert search_titles(tracks, "trai") == search_titles(tracks, "trian") == []


def test_one_letter_may_be_wrong_missing_too_many_or_exchanged(tracks: TrackStore) -> None:
    attach_track(tracks, make_analysis("a", tags=make_tags("Paranoid Android", artist="Radiohead")))
    attach_track(tracks, make_analysis("b", tags=make_tags("Halcyon", artist="Orbital")))
    for query in [
        "radiohaed",
        "radiohad",
        "radioheead",
        "radiohexd",
        "aradiohead",
        "padanoid androd",
        "radoihe",
        "rdioh",
        "paranoid rdiohead",
    ]:
        assert search_titles(tracks, query) == ["Paranoid Android"], query
    for query in ["rxdioheax", "rad1x", "xyz", "hxl"]:
        assert search_titles(tracks, query) == [], query


def test_the_very_title_comes_first_then_words_then_beginnings_then_what_is_misspelled(tracks: TrackStore) -> None:
    attach_titles(tracks, "Lover", "Love Song", "Love", "Live", "Big Lovely")
    found = search_titles(tracks, "love")
    assert found[:2] == ["Love", "Love Song"]
    assert sorted(found[2:4]) == ["Big Lovely", "Lover"]
    assert found[4:] == ["Live"]


def test_misspelled_words_are_not_looked_for_where_enough_was_found(tracks: TrackStore) -> None:
    attach_titles(tracks, *(f"Love {number}" for number in range(5)), "Live")
    assert "Live" not in search_titles(tracks, "love")


def test_a_search_keeps_within_filters(tracks: TrackStore) -> None:
    fill_library(tracks)
    assert [t.display_title for t in tracks.browse(TrackQuery(text="ada", genre="jazz"), limit=5).items] == ["Éclair"]
    assert tracks.browse(TrackQuery(text="train", artist="ada bell"), limit=5).items == ()


@pytest.mark.parametrize("sort", ["title", "newest", "played"])
def test_a_cursor_of_another_order_is_refused(tracks: TrackStore, sort: str) -> None:
    fill_library(tracks)
    others = {"title": "newest", "newest": "played", "played": "title"}
    cursor = tracks.browse(TrackQuery(sort=others[sort]), limit=1).next_cursor  # type: ignore[arg-type]
    assert cursor is not None
    for query in (TrackQuery(sort=sort), TrackQuery(text="ada")):  # type: ignore[arg-type]
        with pytest.raises(InvalidInputError):
            tracks.browse(query, limit=1, cursor=cursor)


def test_a_play_that_takes_effect_counts_once_and_only_its_start(listening: Listening) -> None:
    tracks, plays, recommendations = listening
    often, seldom = (attach_track(tracks, make_analysis(name)) for name in ("often", "seldom"))
    for event, track in (("e1", often), ("e2", often), ("e3", seldom)):
        plays.record(make_play(event, track_id=track.track_id))
    plays.record(make_play("gone", track_id="f" * 24))
    for _ in range(2):
        recommendations.save_with_effect(make_list(), ["e1", "e2", "e3", "gone"], now=NOW)
    assert list_titles(tracks, TrackQuery(sort="played")) == ["often", "seldom"]
    assert [track.play_count for track in tracks.browse(TrackQuery(sort="played"), limit=5).items] == [2, 1]


def test_a_count_of_plays_outlives_an_edit_and_a_new_file(listening: Listening) -> None:
    tracks, plays, recommendations = listening
    track = attach_track(tracks, make_analysis("a"))
    plays.record(make_play("e1", track_id=track.track_id))
    recommendations.save_with_effect(make_list(), ["e1"], now=NOW)
    assert tracks.edit_tags(track.track_id, retag("b"), now=at(1)).play_count == 1
    assert attach_track(tracks, make_analysis("a"), make_object("uploads/other.mp3")).play_count == 1


def test_what_others_who_played_it_played_lately(listening: Listening) -> None:
    _, plays, _ = listening
    for number, (user, track) in enumerate(
        [("ann", "x"), ("bea", "x"), ("bea", "y"), ("cal", "x"), ("cal", "z"), ("cal", "y"), ("dan", "y")]
    ):
        plays.record(make_play(f"e{number}", user_id=user, track_id=track, occurred_at=at(number)))
    found = plays.played_by_listeners_of("x", leave_out="ann", listeners=5, plays_each=2)
    assert sorted(map(sorted, found)) == [["y"], ["y", "z"]]
    assert len(plays.played_by_listeners_of("x", leave_out="ann", listeners=1, plays_each=2)) == 1
    assert plays.played_by_listeners_of("nothing", leave_out="ann", listeners=5, plays_each=2) == []


def test_a_track_in_the_trash_is_nowhere_until_it_is_brought_back(tracks: TrackStore) -> None:
    track = attach_track(tracks, make_analysis("a", tags=make_tags("Song", artist="Ada")))
    trashed = tracks.move_to_trash(track.track_id, now=at(5))
    assert (trashed.status, trashed.seq) == ("trashed", 2)
    assert tracks.find(track.track_id) is None
    assert tracks.find_in_trash(track.track_id) == trashed
    assert search_titles(tracks, "song") == list_titles(tracks, TrackQuery()) == []
    assert tracks.list_groups("artist", limit=5).items == ()
    assert tracks.changed_since(0, limit=5) == tracks.newest(5) == tracks.sample(5, start=0) == []
    assert tracks.count_active() == 0
    assert [key.key for _, key in tracks.stream_objects()] == [track.objects[0].key]
    with pytest.raises(NotFoundError):
        tracks.move_to_trash(track.track_id, now=at(6))
    back = tracks.restore(track.track_id, trashed_after=at(4), now=at(7))
    assert (back.status, back.seq, back.display_title, back.trashed_at) == ("active", 3, "Song", None)
    assert search_titles(tracks, "song") == ["Song"]
    assert (tracks.count_active(), tracks.find_in_trash(track.track_id)) == (1, None)
    assert tracks.list_groups("artist", limit=5).items[0].count == 1


def test_a_track_is_not_brought_back_too_late_nor_purged_too_early(tracks: TrackStore) -> None:
    track_id = attach_track(tracks, make_analysis("a")).track_id
    tracks.move_to_trash(track_id, now=at(5))
    assert tracks.trashed_before(at(4), limit=5) == []
    for act in (
        lambda: tracks.restore(track_id, trashed_after=at(5), now=at(6)),
        lambda: tracks.begin_purge(track_id, trashed_before=at(4), now=at(6)),
        lambda: tracks.restore("f" * 24, trashed_after=at(0), now=at(6)),
    ):
        with pytest.raises(NotFoundError):
            act()
    assert tracks.trashed_before(at(5), limit=5) == [track_id]
    assert tracks.begin_purge(track_id, trashed_before=at(5), now=at(6)).status == "purging"
    assert tracks.begin_purge(track_id, trashed_before=at(5), now=at(7)).status == "purging"  # cut off half-way, begun anew
    assert tracks.trashed_before(at(5), limit=5) == [track_id]
    with pytest.raises(NotFoundError):
        tracks.restore(track_id, trashed_after=at(0), now=at(8))


def test_a_track_in_the_trash_dies_with_its_last_object(tracks: TrackStore) -> None:
    track = attach_track(tracks, make_analysis("a"))
    tracks.move_to_trash(track.track_id, now=at(5))
    removed = tracks.detach_object(track.objects[0].key, now=at(6))
    assert removed is not None
    assert (removed.status, tracks.count_active()) == ("removed", 0)
    assert tracks.trashed_before(at(99), limit=5) == list(tracks.stream_objects()) == []


def test_a_file_that_is_dropped_brings_its_track_back_and_one_that_is_come_across_does_not(tracks: TrackStore) -> None:
    track = attach_track(tracks, make_analysis("a"))
    trashed = tracks.move_to_trash(track.track_id, now=at(5))

    def attach(key: str, *, is_drop: bool) -> str:
        return tracks.attach_object(
            make_analysis("a"), make_object(key), cover_key=None, mfcc_standardized=None, scaler_version=None, now=at(6), is_drop=is_drop
        ).status

    assert attach(track.objects[0].key, is_drop=False) == "trashed"
    assert tracks.find_in_trash(track.track_id) == trashed
    assert attach(track.objects[0].key, is_drop=True) == "active"
    tracks.move_to_trash(track.track_id, now=at(7))
    assert attach("uploads/new.mp3", is_drop=False) == "active"
    assert tracks.count_active() == 1


def test_an_edit_outlives_the_same_audio_again_and_yields_to_tags_that_are_new(tracks: TrackStore) -> None:
    track_id = attach_track(tracks, make_analysis("a", tags=make_tags("Tpyo")), make_object("uploads/1.mp3")).track_id
    tracks.edit_tags(track_id, retag("Typo", album_artist="Ada", track_number=4), now=at(1))
    again = attach_track(tracks, make_analysis("a", tags=make_tags("Tpyo")), make_object("uploads/2.mp3"), seconds=2)
    assert (again.display_title, again.album_artist, again.track_number, len(again.objects)) == ("Typo", "Ada", 4, 2)
    mended = attach_track(tracks, make_analysis("a", tags=make_tags("By File")), make_object("uploads/2.mp3", etag="e9"), seconds=3)
    assert (mended.display_title, mended.tags_edited_at) == ("By File", None)
