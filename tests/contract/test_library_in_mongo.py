"""What only MongoDB can show of the library: counts under threads, their repair, older documents, and how much a search looks at."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib.library_model import TrackQuery
from chalicelib.storage import library
from chalicelib.storage.mongo import MongoDatabase
from chalicelib.storage.plays import MongoPlayStore
from chalicelib.storage.recommendations import MongoRecommendationStore
from chalicelib.storage.search_typos import LOOKED_AT, level_of
from chalicelib.storage.track_counts import LEVEL, describe_word
from chalicelib.storage.tracks import MongoTrackStore
from tests.fakes.samples import NOW, at, attach_titles, attach_track, make_analysis, make_list, make_play, make_tags, retag, search_titles

OF_THIS_VERSION = (
    "catalogue_version",
    "title_key",
    "popularity",
    "facets",
    "held",
    "album_id",
    "album_place",
    "album_artist",
    "track_number",
    "in_trash",
)


def forget_version(database: MongoDatabase) -> None:
    """As an older version left the documents."""
    database["tracks"].update_many({}, {"$unset": dict.fromkeys(OF_THIS_VERSION, "")})
    database["facets"].delete_many({})
    database["search_terms"].delete_many({})


def read_counts(database: MongoDatabase) -> dict[str, int]:
    return {one["_id"]: one["count"] for name in ("facets", "search_terms") for one in database[name].find()}


def test_counts_are_right_after_edits_by_many_at_once(database: MongoDatabase) -> None:
    tracks = MongoTrackStore(database)
    made = [attach_track(tracks, make_analysis(f"song {n}", tags=make_tags(f"Song {n}", artist="Ada"))) for n in range(4)]

    def act(number: int) -> None:
        track = made[number % 4]
        tracks.edit_tags(track.track_id, retag(f"Song {number}", artist="Bea" if number % 2 else "Ada", genre="Folk"), now=at(number))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(act, range(12)))
    assert tracks.mend_counts() == 0
    assert sum(group.count for group in tracks.list_groups("artist", limit=9).items) == 4


def test_wrong_counts_are_mended_and_right_ones_left_alone(database: MongoDatabase) -> None:
    tracks = MongoTrackStore(database)
    attach_track(tracks, make_analysis("a", tags=make_tags("Blue Hour", artist="Ada", album="Firsts", genre="Folk", year=1999)))
    right = read_counts(database)
    database["facets"].update_one({"_id": "genre:folk"}, {"$set": {"count": 7}})
    database["facets"].delete_one({"_id": "artist:ada"})
    database["facets"].insert_one({"_id": "artist:ghost", "kind": "artist", "name": "Ghost", "sort_key": "ghost", "count": 3})
    database["search_terms"].delete_one({"_id": "blue"})
    assert tracks.mend_counts() == 4
    assert read_counts(database) == right
    assert search_titles(tracks, "blu") == ["Blue Hour"]
    assert tracks.mend_counts() == 0


def read_levels(database: MongoDatabase) -> dict[str, tuple[int, int]]:
    return {one["_id"]: (one["count"], one["level"]) for one in database["search_terms"].find()}


def test_a_words_level_follows_its_count_through_edits_and_repairs(database: MongoDatabase) -> None:
    """Signs that mean something to MongoDB are words like others."""
    tracks = MongoTrackStore(database)
    made = [attach_track(tracks, make_analysis(f"{n}", tags=make_tags(f"$$$ Blue {n}", artist="$ke$ha"))) for n in range(9)]
    for number, track in enumerate(made[:6]):
        tracks.edit_tags(track.track_id, retag(f"Red {number}", artist="Bea"), now=at(number))
    tracks.move_to_trash(made[8].track_id, now=at(9))
    levels = read_levels(database)
    assert (levels["blue"], levels["$$$"], levels["red"], levels["bea"]) == ((2, 1), (2, 1), (6, 2), (6, 2))
    assert all(level == level_of(count) for count, level in levels.values())
    assert len(search_titles(tracks, "$$$")) == len(search_titles(tracks, "blu")) == 2
    database["search_terms"].update_one({"_id": "red"}, {"$set": {"count": 40, "level": 5}})
    database["search_terms"].delete_one({"_id": "blue"})
    assert tracks.mend_counts() == 2
    assert read_levels(database) == levels


def test_mongodb_and_we_mean_the_same_by_a_level(database: MongoDatabase) -> None:
    counts = sorted({0, 1, 2, 3, *(2**power + by for power in range(2, 40) for by in (-1, 0, 1))})
    database["search_terms"].insert_many([{"_id": str(count), "count": count, "keys": []} for count in counts])
    database["search_terms"].update_many({}, [{"$set": {"level": LEVEL}}])
    assert [one["level"] for one in database["search_terms"].find().sort("count", 1)] == [level_of(count) for count in counts]


def test_words_without_a_level_are_found_and_get_theirs(database: MongoDatabase) -> None:
    """As an older version counted them."""
    tracks = MongoTrackStore(database)
    attach_titles(tracks, "Blue Hour", "Blue Moon", "Bluebird")
    right = read_levels(database)
    database["search_terms"].update_many({}, {"$unset": {"level": ""}})
    assert len(search_titles(tracks, "blu")) == 3
    assert search_titles(tracks, "bleu moon") == ["Blue Moon"]
    assert sum(tracks.migrate(limit=3) for _ in range(9)) == len(right)
    assert tracks.migrate(limit=3) == 0
    assert read_levels(database) == right


def test_of_many_words_the_most_frequent_are_meant_first(database: MongoDatabase) -> None:
    """More words than are looked at: the rare ones, though first by their letters, are left out."""
    tracks = MongoTrackStore(database)
    attach_titles(tracks, "Starlight", "Starlight", "Starlight", "Startle", "Startle")
    rare = [{"_id": f"stara{n:03}", **describe_word(f"stara{n:03}", 1)} for n in range(2 * LOOKED_AT)]
    database["search_terms"].insert_many(rare)
    assert sorted(search_titles(tracks, "star")) == ["Starlight"] * 3 + ["Startle"] * 2


def test_an_edit_rewrites_the_entries_of_hardly_any_word(database: MongoDatabase) -> None:
    """What a word is found by stays as it is while its songs become neither twice as many nor half."""
    tracks = MongoTrackStore(database)
    made = [attach_track(tracks, make_analysis(f"{n}", tags=make_tags(f"Blue Hour {n}", artist="Ada"))) for n in range(6)]
    before = {word: level for word, (_, level) in read_levels(database).items()}
    tracks.edit_tags(made[0].track_id, retag("Grey", artist="Ada"), now=at(1))
    assert {word for word, (_, level) in read_levels(database).items() if before.get(word) != level} == {"grey"}
    assert read_levels(database)["blue"] == (5, 2)
    assert [list(index["key"]) for index in database["search_terms"].list_indexes() if index["name"] == "by_key"] == [
        ["keys", "level", "_id"]
    ]


def test_songs_of_an_older_version_are_found_before_and_after_they_are_brought_up(database: MongoDatabase) -> None:
    tracks, plays = MongoTrackStore(database), MongoPlayStore(database)
    attach_titles(tracks, *(f"Song {number}" for number in range(5)))
    first = tracks.find_by_title("song 0")
    assert first is not None
    for event in ("e1", "e2"):
        plays.record(make_play(event, track_id=first.track_id))
    MongoRecommendationStore(database).save_with_effect(make_list(), ["e1"], now=NOW)
    forget_version(database)
    for query in (TrackQuery(), TrackQuery(text="song"), TrackQuery(sort="played"), TrackQuery(sort="newest")):
        assert sorted(list_all(tracks, query)) == [f"Song {number}" for number in range(5)], query
    assert (tracks.migrate(limit=3), tracks.migrate(limit=10), tracks.migrate(limit=10)) == (3, 2, 0)
    assert tracks.mend_counts() == 0
    assert search_titles(tracks, "sogn 3") == ["Song 3"]
    assert [track.play_count for track in tracks.browse(TrackQuery(sort="played"), limit=2).items] == [1, 0]


def test_lists_go_on_while_half_of_the_songs_are_of_an_older_version(database: MongoDatabase) -> None:
    tracks = MongoTrackStore(database)
    attach_titles(tracks, *(f"Song {number}" for number in range(7)))
    forget_version(database)
    tracks.migrate(limit=3)
    for query in (TrackQuery(), TrackQuery(text="song"), TrackQuery(sort="played"), TrackQuery(sort="newest")):
        assert sorted(list_all(tracks, query)) == [f"Song {number}" for number in range(7)], query


def test_an_edit_brings_a_song_of_an_older_version_up(database: MongoDatabase) -> None:
    tracks = MongoTrackStore(database)
    track = attach_track(tracks, make_analysis("a", tags=make_tags("Song", artist="Ada")))
    forget_version(database)
    tracks.edit_tags(track.track_id, retag("Song", artist="Bea"), now=at(1))
    assert [(group.name, group.count) for group in tracks.list_groups("artist", limit=5).items] == [("Bea", 1)]
    assert (tracks.migrate(limit=5), tracks.mend_counts()) == (0, 0)


def test_a_search_of_words_that_never_meet_looks_through_windows_and_goes_on(
    database: MongoDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two frequent words that hardly a song has both: bounded work a page, and nothing is missed in the end."""
    monkeypatch.setattr(library, "WINDOW", 3)
    tracks = MongoTrackStore(database)
    attach_titles(tracks, *(f"Jazz {n}" for n in range(20)), *(f"Metal {n}" for n in range(20)), "Jazz Metal", "Metal Jazz")
    pages, cursor = [], None
    for _ in range(20):
        page = tracks.browse(TrackQuery(text="jazz metal"), limit=5, cursor=cursor)
        pages.append([track.display_title for track in page.items])
        cursor = page.next_cursor
        if cursor is None:
            break
    assert cursor is None
    assert len(pages) > 1
    assert [title for page in pages for title in page][:2] == ["Jazz Metal", "Metal Jazz"]
    assert sum(map(len, pages)) == 2


def test_a_page_far_down_a_list_looks_at_as_little_as_the_first(database: MongoDatabase) -> None:
    tracks = MongoTrackStore(database)
    attach_titles(tracks, *(f"Song {number:02}" for number in range(40)))
    cursor = None
    for _ in range(6):
        cursor = tracks.browse(TrackQuery(), limit=5, cursor=cursor).next_cursor
    assert count_looked_at(database, lambda: tracks.browse(TrackQuery(), limit=5, cursor=cursor)) <= 6
    assert count_looked_at(database, lambda: tracks.list_groups("artist", limit=5)) <= 6


def count_looked_at(database: MongoDatabase, act: Any) -> int:
    """Documents that the server looked at, by its profiler."""
    database.command({"profile": 2})
    try:
        act()
    finally:
        database.command({"profile": 0})
    looked_at = [one["docsExamined"] for one in database["system.profile"].find({"docsExamined": {"$exists": True}})]
    database["system.profile"].drop()
    return max(looked_at, default=0)


def list_all(tracks: MongoTrackStore, query: TrackQuery) -> list[str]:
    titles, cursor = [], None
    for _ in range(20):
        page = tracks.browse(query, limit=2, cursor=cursor)
        titles += [track.display_title for track in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    return titles
