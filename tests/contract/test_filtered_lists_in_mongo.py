"""What only MongoDB can show of lists with several filters and of searches for several words: that indexes choose, and documents decide."""

from __future__ import annotations

import pytest

from chalicelib.library_model import TrackQuery
from chalicelib.storage import held_words, library
from chalicelib.storage.mongo import MongoDatabase
from chalicelib.storage.tracks import MongoTrackStore
from tests.contract.test_library_in_mongo import count_looked_at, list_all
from tests.fakes.samples import at, attach_titles, attach_track, make_analysis, make_tags, retag

OF_TWO = (
    TrackQuery(text="jazz metal"),
    TrackQuery(text="jazz", genre="Folk"),
    TrackQuery(genre="Folk", year=1999),
    TrackQuery(genre="Folk", year=1999, sort="newest"),
    TrackQuery(genre="Folk", year=1999, sort="played"),
)


def attach_many(tracks: MongoTrackStore, *, both: int = 3) -> list[str]:
    """Songs that have one of what is asked for, and a few that have all of it. The ids of these."""
    for number in range(30):
        title, genre, year = (f"Jazz {number}", "Rock", 1999) if number % 2 else (f"Metal {number}", "Folk", 2001)
        attach_track(tracks, make_analysis(f"one {number}", tags=make_tags(title, genre=genre, year=year)), seconds=number)
    made = [make_analysis(f"all {number}", tags=make_tags(f"Jazz Metal {number}", genre="Folk", year=1999)) for number in range(both)]
    return [attach_track(tracks, each, seconds=100 + number).track_id for number, each in enumerate(made)]


@pytest.mark.parametrize("query", OF_TWO, ids=str)
def test_only_songs_that_have_all_that_is_asked_for_are_read(database: MongoDatabase, query: TrackQuery) -> None:
    tracks = MongoTrackStore(database)
    attach_many(tracks)
    assert count_looked_at(database, lambda: tracks.browse(query, limit=5)) <= 3
    cursor = tracks.browse(query, limit=1).next_cursor
    assert cursor is not None
    assert count_looked_at(database, lambda: tracks.browse(query, limit=1, cursor=cursor)) <= 3
    assert sorted(list_all(tracks, query)) == [f"Jazz Metal {number}" for number in range(3)]


def test_a_search_looks_through_the_same_songs_once(database: MongoDatabase) -> None:
    """First for the words as typed, then for the last as a beginning, then for misspelled ones: along the rarer word each time."""
    tracks = MongoTrackStore(database)
    attach_titles(tracks, *(f"Jazz {number} Metal" for number in range(3)), *(f"Metallic {number}" for number in range(9)))
    database.command({"profile": 2})
    assert len(tracks.browse(TrackQuery(text="jazz metal"), limit=5).items) == 3
    database.command({"profile": 0})
    assert database["system.profile"].count_documents({"command.projection.held": 1}) == 1


def test_groups_that_share_a_code_are_told_apart(database: MongoDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them do here."""
    monkeypatch.setattr(held_words, "_CODE_CHARS", 0)
    tracks = MongoTrackStore(database)
    attach_many(tracks, both=2)
    for query in OF_TWO:
        assert sorted(list_all(tracks, query)) == ["Jazz Metal 0", "Jazz Metal 1"], query


def test_a_list_goes_on_where_songs_are_equally_popular(database: MongoDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hardly two are; an index tells where to go on by the number alone."""
    tracks = MongoTrackStore(database)
    attach_many(tracks, both=7)
    database["tracks"].update_many({}, {"$set": {"popularity": 5}})
    for window in (500, 20):  # wider than there are equals before the place
        monkeypatch.setattr(library, "WINDOW", window)
        assert sorted(list_all(tracks, TrackQuery(text="jazz metal"))) == [f"Jazz Metal {number}" for number in range(7)]


def test_songs_that_an_older_version_wrote_are_on_filtered_lists_before_and_after_they_are_brought_up(database: MongoDatabase) -> None:
    tracks = MongoTrackStore(database)
    attach_many(tracks)
    right = {one["_id"]: one["held"] for one in database["tracks"].find()}
    database["tracks"].update_many({}, {"$unset": {"held": ""}})
    for _ in range(2):
        for query in OF_TWO:
            assert sorted(list_all(tracks, query)) == [f"Jazz Metal {number}" for number in range(3)], query
        assert sum(tracks.migrate(limit=10) for _ in range(5)) in (33, 0)
        assert {one["_id"]: one["held"] for one in database["tracks"].find()} == right
    assert tracks.migrate(limit=10) == 0


def test_an_edit_changes_what_indexes_tell_of_a_song(database: MongoDatabase) -> None:
    tracks = MongoTrackStore(database)
    first, second, _ = attach_many(tracks)
    tracks.edit_tags(first, retag("Jazz Blue 0", genre="Folk", year=1999), now=at(200))
    tracks.edit_tags(second, retag("Jazz Metal 1", genre="Rock", year=1999), now=at(201))
    assert sorted(list_all(tracks, TrackQuery(text="jazz metal"))) == ["Jazz Metal 1", "Jazz Metal 2"]
    assert sorted(list_all(tracks, TrackQuery(text="jazz blue"))) == ["Jazz Blue 0"]
    assert sorted(list_all(tracks, TrackQuery(genre="Folk", year=1999))) == ["Jazz Blue 0", "Jazz Metal 2"]
