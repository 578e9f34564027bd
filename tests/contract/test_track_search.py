"""How every TrackStore searches and samples."""

from __future__ import annotations

import pytest

from chalicelib.errors import InvalidInputError
from chalicelib.library_model import TrackQuery
from chalicelib.workflows.ports import TrackStore
from tests.fakes.samples import attach_titles, attach_track, make_analysis, make_tags, search_titles


def test_search_ignores_case_and_accents(tracks: TrackStore) -> None:
    attach_track(tracks, make_analysis("a", tags=make_tags("Café Del Mar", artist="Sigur Rós", album="Ænima")))
    attach_track(tracks, make_analysis("b", tags=make_tags("Straße", artist="MØ")))
    for query in ["cafe", "CAFÉ", "rós", "ros sigur", "aenima", "cafe ros aen"]:
        assert search_titles(tracks, query) == ["Café Del Mar"], query
    for query in ["strasse", "STRASSE", "mo"]:
        assert search_titles(tracks, query) == ["Straße"], query


def test_search_takes_whole_words_and_the_last_as_a_prefix(tracks: TrackStore) -> None:
    attach_titles(tracks, "Love Song", "Lovely Songs")
    assert search_titles(tracks, "love song") == ["Love Song"]
    assert search_titles(tracks, "lov") == ["Love Song", "Lovely Songs"]
    assert search_titles(tracks, "lovely son") == ["Lovely Songs"]
    assert search_titles(tracks, "ove") == search_titles(tracks, "lov song") == ["Love Song"], "a letter may be missing"
    assert search_titles(tracks, "ng") == search_titles(tracks, "ov song") == search_titles(tracks, "love nothing") == []


def test_search_takes_signs_as_text(tracks: TrackStore) -> None:
    attach_titles(tracks, "Don't Stop", "!!!", "A.*B")
    assert search_titles(tracks, "don't") == search_titles(tracks, "dont") == search_titles(tracks, "don’t st") == ["Don't Stop"]
    assert search_titles(tracks, "!!!") == ["!!!"]
    assert search_titles(tracks, ".*") == search_titles(tracks, "$ne") == search_titles(tracks, "\ud800 x") == []


def test_an_empty_query_finds_all_by_title_and_id(tracks: TrackStore) -> None:
    attach_titles(tracks, "b", "C", "a", "a")
    found = tracks.browse(TrackQuery(text="  "), limit=10).items
    assert [track.title for track in found] == ["a", "a", "b", "c"]
    assert [track.track_id for track in found[:2]] == sorted(track.track_id for track in found[:2])


@pytest.mark.parametrize("query", ["", "song"])
def test_pages_of_a_search_hold_every_track_once(tracks: TrackStore, query: str) -> None:
    attach_titles(tracks, *(f"Song {number % 3}" for number in range(7)))
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(4):
        page = tracks.browse(TrackQuery(text=query), limit=2, cursor=cursor)
        seen += [track.track_id for track in page.items]
        cursor = page.next_cursor
    assert cursor is None
    assert seen == [track.track_id for track in tracks.browse(TrackQuery(text=query), limit=7).items]
    assert len(set(seen)) == 7


@pytest.mark.parametrize("cursor", ["", "garbage!", "ü", "e30", "WyJhIl0", "WzEsMl0", "A" * 9000, "\ud800"])
@pytest.mark.parametrize("text", ["", "song"])
def test_search_refuses_a_cursor_that_is_none_of_ours(tracks: TrackStore, cursor: str, text: str) -> None:
    with pytest.raises(InvalidInputError):
        tracks.browse(TrackQuery(text=text), limit=2, cursor=cursor)


def test_a_sample_goes_round_the_fixed_order(tracks: TrackStore) -> None:
    attach_titles(tracks, *"abcdef")
    whole = tracks.sample(6, start=0.0)
    assert len({track.track_id for track in whole}) == 6
    assert tracks.sample(6, start=0.999999) in [whole[n:] + whole[:n] for n in range(6)]
    assert len(tracks.sample(9, start=0.4)) == 6
    assert tracks.sample(2, start=0.0) == whole[:2]
