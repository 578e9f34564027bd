"""What every TrackStore does. Search and samples stand in `test_track_search.py`."""

from __future__ import annotations

import msgspec
import pytest

from chalicelib.errors import NotAllowedError, NotFoundError
from chalicelib.model import FEATURE_VERSION, Tags, Track, TrackCard, TrackName, TrackVector
from chalicelib.storage.times import truncate_time
from chalicelib.workflows.ports import TrackStore
from tests.fakes.samples import (
    NOW,
    at,
    attach_titles,
    attach_track,
    make_analysis,
    make_object,
    make_tags,
    make_track_id,
    retag,
    search_titles,
)


def test_an_attached_track_is_read_back_as_it_was_returned(tracks: TrackStore) -> None:
    tags = make_tags("Über Größe", artist="Mø", album="Two", genre="Folk", year=1999)
    made = attach_track(tracks, make_analysis("a", tags=tags), cover_key="covers/a.jpg", scaler_version=4)
    assert tracks.find(made.track_id) == made
    assert (made.title, made.display_title, made.artist, made.year) == ("über größe", "Über Größe", "Mø", 1999)
    assert made.objects == (make_object(f"uploads/{made.track_id}.mp3"),)
    assert (made.status, made.cover_key, made.scaler_version, made.mfcc_standardized) == ("active", "covers/a.jpg", 4, (0.5,) * 20)
    assert made.created_at == made.updated_at == truncate_time(NOW)


def test_what_is_not_there_is_none(tracks: TrackStore) -> None:
    assert tracks.find("nothing") is None
    assert tracks.find_by_title("nothing") is None
    assert tracks.find_by_object("uploads/nothing.mp3") is None
    assert tracks.find_many(["nothing"]) == {}
    assert tracks.find_many([]) == {}
    assert tracks.detach_object("uploads/nothing.mp3", now=NOW) is None
    assert (tracks.max_seq(), tracks.count_active()) == (0, 0)
    assert tracks.sample(3, start=0.5) == tracks.newest(3) == []
    assert tracks.changed_since(0, limit=3) == []
    with pytest.raises(NotFoundError):
        tracks.edit_tags("nothing", retag("New"), now=NOW)
    assert tracks.max_seq() == 0


def test_an_edit_is_made_of_the_tags_as_they_are(tracks: TrackStore) -> None:
    track_id = attach_track(tracks, make_analysis("a", tags=make_tags("A", artist="Ada"))).track_id
    tracks.edit_tags(track_id, lambda track: make_tags(track.display_title, artist="Bea"), now=at(1))
    edited = tracks.edit_tags(track_id, lambda track: make_tags("B", artist=track.artist), now=at(2))
    assert (edited.display_title, edited.artist, edited.tags_edited_at) == ("B", "Bea", truncate_time(at(2)))
    assert tracks.edit_tags(track_id, lambda _track: None, now=at(3)) == edited == tracks.find(track_id)
    assert tracks.max_seq() == edited.seq


def test_what_is_not_permitted_changes_nothing(tracks: TrackStore) -> None:
    asked: list[Track] = []

    def refuse(track: Track) -> None:
        asked.append(track)
        raise NotAllowedError("No.")

    made = attach_track(tracks, make_analysis("a"))
    with pytest.raises(NotAllowedError):
        tracks.move_to_trash(made.track_id, now=at(1), permit=refuse)
    assert (asked.pop(), tracks.find(made.track_id), tracks.max_seq()) == (made, made, made.seq)
    trashed = tracks.move_to_trash(made.track_id, now=at(2), permit=asked.append)
    assert asked.pop() == made
    with pytest.raises(NotAllowedError):
        tracks.restore(made.track_id, trashed_after=at(0), now=at(3), permit=refuse)
    assert (asked.pop(), tracks.find_in_trash(made.track_id), tracks.find(made.track_id)) == (trashed, trashed, None)
    assert (tracks.max_seq(), tracks.count_active()) == (trashed.seq, 0)
    assert tracks.restore(made.track_id, trashed_after=at(0), now=at(4), permit=asked.append).seq == trashed.seq + 1


def test_the_same_file_delivered_again_changes_nothing(tracks: TrackStore) -> None:
    first = attach_track(tracks, make_analysis("a"))
    assert attach_track(tracks, make_analysis("a"), seconds=9) == first
    assert tracks.max_seq() == first.seq == 1


def test_a_file_delivered_again_does_not_undo_an_edit(tracks: TrackStore) -> None:
    track_id = attach_track(tracks, make_analysis("a")).track_id
    edited = tracks.edit_tags(track_id, retag("By Hand"), now=at(1))
    assert attach_track(tracks, make_analysis("a"), seconds=2) == edited == tracks.find(track_id)
    assert (edited.seq, edited.title) == (2, "by hand")


def test_the_same_audio_with_mended_tags_updates_the_track(tracks: TrackStore) -> None:
    first = attach_track(tracks, make_analysis("a", tags=make_tags("Wrong")), make_object("uploads/a.mp3", etag="e1"))
    mended = attach_track(tracks, make_analysis("a", tags=make_tags("Typo")), make_object("uploads/a.mp3", etag="e2"), seconds=5)
    assert (mended.track_id, mended.title, mended.seq) == (first.track_id, "typo", 2)
    assert [one.etag for one in mended.objects] == ["e2"]
    assert (mended.created_at, mended.updated_at) == (first.created_at, truncate_time(at(5)))
    assert tracks.count_active() == 1
    assert search_titles(tracks, "wrong") == []


def test_numbers_of_a_new_version_are_a_change_that_leaves_an_edit_alone(tracks: TrackStore) -> None:
    track_id = attach_track(tracks, make_analysis("a"), scaler_version=1).track_id
    tracks.edit_tags(track_id, retag("By Hand"), now=at(1))
    again = attach_track(tracks, make_analysis("a", mfcc=(7.0,) * 20, feature_version=3))
    assert (again.seq, again.mfcc, again.feature_version, again.display_title) == (3, (7.0,) * 20, 3, "By Hand")
    assert (again.mfcc_standardized, again.scaler_version) == (None, None)


def test_a_file_delivered_again_does_not_undo_what_another_file_of_its_audio_brought(tracks: TrackStore) -> None:
    attach_track(tracks, make_analysis("a", tags=make_tags("First")), make_object("uploads/1.mp3"))
    both = attach_track(tracks, make_analysis("a", tags=make_tags("Second")), make_object("uploads/2.mp3"))
    assert attach_track(tracks, make_analysis("a", tags=make_tags("First")), make_object("uploads/1.mp3")) == both
    assert both.title == "second"


def test_two_files_of_one_audio_are_one_track_that_dies_with_the_last(tracks: TrackStore) -> None:
    attach_track(tracks, make_analysis("a"), make_object("uploads/1.mp3"))
    both = attach_track(tracks, make_analysis("a"), make_object("uploads/2.mp3"))
    assert [one.key for one in both.objects] == ["uploads/1.mp3", "uploads/2.mp3"]
    one_left = tracks.detach_object("uploads/1.mp3", now=at(1))
    assert one_left is not None
    assert (one_left.status, [one.key for one in one_left.objects]) == ("active", ["uploads/2.mp3"])
    assert tracks.find(both.track_id) == one_left
    removed = tracks.detach_object("uploads/2.mp3", now=at(2))
    assert removed is not None
    assert (removed.status, removed.objects, removed.seq) == ("removed", (), 4)
    assert tracks.find(both.track_id) is None
    assert tracks.count_active() == 0


def test_a_removed_track_is_nowhere_and_keeps_nothing_but_its_seq(tracks: TrackStore) -> None:
    track_id = attach_track(tracks, make_analysis("a", tags=make_tags("Gone", artist="X")), make_object("uploads/a.mp3")).track_id
    removed = tracks.detach_object("uploads/a.mp3", now=at(1))
    assert removed is not None
    assert (removed.title, removed.artist, removed.mfcc, removed.seq) == ("", None, (), 2)
    assert tracks.find_many([track_id]) == {}
    assert tracks.find_by_title("gone") is None
    assert search_titles(tracks, "gone") == search_titles(tracks, "") == []
    assert tracks.sample(5, start=0.0) == tracks.newest(5) == []
    assert tracks.changed_since(0, limit=5) == list(tracks.stream_vectors(feature_version=FEATURE_VERSION)) == []
    assert list(tracks.stream_objects()) == []
    assert tracks.write_standardized([(track_id, (0.0,) * 20)], scaler_version=2) == 0
    assert tracks.max_seq() == 2
    with pytest.raises(NotFoundError):
        tracks.edit_tags(track_id, retag("Back"), now=NOW)


def test_an_object_leads_to_its_track_as_long_as_it_belongs_to_it(tracks: TrackStore) -> None:
    first = attach_track(tracks, make_analysis("a"), make_object("uploads/a.mp3"))
    assert tracks.find_by_object("uploads/a.mp3") == first
    other = attach_track(tracks, make_analysis("b"), make_object("uploads/a.mp3", etag="2"))
    assert tracks.find_by_object("uploads/a.mp3") == other
    tracks.detach_object("uploads/a.mp3", now=at(1))
    assert tracks.find_by_object("uploads/a.mp3") is None


def test_removing_returns_the_cover_that_is_to_be_removed_too(tracks: TrackStore) -> None:
    attach_track(tracks, make_analysis("a"), make_object("uploads/a.mp3"), cover_key="covers/a.jpg")
    removed = tracks.detach_object("uploads/a.mp3", now=at(1))
    assert removed is not None
    assert removed.cover_key == "covers/a.jpg"


def test_removing_twice_is_removing_once(tracks: TrackStore) -> None:
    attach_track(tracks, make_analysis("a"), make_object("uploads/a.mp3"))
    assert tracks.detach_object("uploads/a.mp3", now=at(1)) is not None
    assert tracks.detach_object("uploads/a.mp3", now=at(2)) is None
    assert (tracks.max_seq(), tracks.count_active()) == (2, 0)


def test_a_removed_track_comes_back_with_its_file(tracks: TrackStore) -> None:
    first = attach_track(tracks, make_analysis("a"), make_object("uploads/a.mp3"))
    tracks.detach_object("uploads/a.mp3", now=at(1))
    back = attach_track(tracks, make_analysis("a"), make_object("uploads/a.mp3"), seconds=2)
    assert (back.track_id, back.seq, back.status, back.created_at) == (first.track_id, 3, "active", truncate_time(at(2)))
    assert tracks.find(first.track_id) == back
    assert tracks.count_active() == 1


def test_a_key_with_other_audio_leaves_its_old_track(tracks: TrackStore) -> None:
    """An object that is overwritten with another song: the old track, which had only that object, dies in the same moment."""
    old = attach_track(tracks, make_analysis("old"), make_object("uploads/x.mp3", etag="e1"))
    new = attach_track(tracks, make_analysis("new"), make_object("uploads/x.mp3", etag="e2"))
    assert tracks.find(old.track_id) is None
    assert tracks.find(new.track_id) == new
    assert (new.seq, tracks.max_seq(), tracks.count_active()) == (3, 3, 1)


def test_a_key_with_other_audio_leaves_the_other_objects_of_its_old_track(tracks: TrackStore) -> None:
    old = attach_track(tracks, make_analysis("old"), make_object("uploads/x.mp3"))
    attach_track(tracks, make_analysis("old"), make_object("uploads/y.mp3"))
    attach_track(tracks, make_analysis("new"), make_object("uploads/x.mp3", etag="e2"))
    left = tracks.find(old.track_id)
    assert left is not None
    assert [one.key for one in left.objects] == ["uploads/y.mp3"]
    assert left.seq == 3


def test_find_many_leaves_out_what_is_missing(tracks: TrackStore) -> None:
    a = attach_track(tracks, make_analysis("a"))
    b = attach_track(tracks, make_analysis("b"))
    assert tracks.find_many([b.track_id, "nothing", a.track_id, a.track_id]) == {a.track_id: a, b.track_id: b}


def test_names_are_those_of_the_tracks_that_are_there(tracks: TrackStore) -> None:
    named = attach_track(tracks, make_analysis("a", tags=make_tags("Título")))
    gone = attach_track(tracks, make_analysis("b"), make_object("uploads/gone.mp3"))
    tracks.detach_object("uploads/gone.mp3", now=at(20))
    found = tracks.find_names([named.track_id, "nothing", gone.track_id, named.track_id])
    assert found == {named.track_id: TrackName(named.track_id, named.display_title, named.artist, named.duration_s, 0)}
    assert tracks.find_names([]) == {}


def test_cards_are_what_is_shown_of_the_tracks_that_are_there(tracks: TrackStore) -> None:
    tags = Tags(title="Título", artist="Ada", album="Firsts", genre="Folk", year=1999)
    a = attach_track(tracks, make_analysis("a", tags=tags), cover_key="covers/a.jpg")
    bare = attach_track(tracks, make_analysis("c"))
    gone = attach_track(tracks, make_analysis("b"), make_object("uploads/gone.mp3"))
    tracks.detach_object("uploads/gone.mp3", now=at(20))
    found = tracks.find_cards([a.track_id, "nothing", gone.track_id, bare.track_id, a.track_id])
    shown = TrackCard.__struct_fields__
    assert found == {each.track_id: TrackCard(**{name: getattr(each, name) for name in shown}) for each in (a, bare)}
    assert (found[a.track_id].artist, found[a.track_id].year, found[a.track_id].cover_key) == ("Ada", 1999, "covers/a.jpg")
    assert tracks.find_cards([]) == {}


def test_a_title_finds_the_track_that_was_added_first(tracks: TrackStore) -> None:
    later = attach_track(tracks, make_analysis("a", tags=make_tags("Same")), seconds=9)
    first = attach_track(tracks, make_analysis("b", tags=make_tags("SAME")), seconds=3)
    assert tracks.find_by_title("same") == first
    tracks.detach_object(first.objects[0].key, now=at(20))
    assert tracks.find_by_title("same") == later


def test_the_newest_come_first(tracks: TrackStore) -> None:
    attach_titles(tracks, "a", "b", "c")
    assert [track.title for track in tracks.newest(2)] == ["c", "b"]


def test_the_delta_holds_what_changed_oldest_change_first(tracks: TrackStore) -> None:
    attach_titles(tracks, "a", "b", "c")
    first = tracks.find_by_title("a")
    assert first is not None
    tracks.edit_tags(first.track_id, retag("a again"), now=at(9))
    assert [vector.seq for vector in tracks.changed_since(0, limit=10)] == [2, 3, 4]
    assert tracks.changed_since(3, limit=10) == [TrackVector(first.track_id, 4, first.mfcc, None, first.genre)]
    assert [vector.seq for vector in tracks.changed_since(0, limit=2)] == [2, 3]
    assert tracks.changed_since(4, limit=10) == []


def test_vectors_are_streamed_by_id_and_only_of_one_version(tracks: TrackStore) -> None:
    for name in "abc":
        attach_track(tracks, make_analysis(name), scaler_version=2)
    attach_track(tracks, make_analysis("old", feature_version=0))
    streamed = list(tracks.stream_vectors(feature_version=FEATURE_VERSION))
    assert [vector.track_id for vector in streamed] == sorted(make_track_id(name) for name in "abc")
    assert {vector.scaler_version for vector in streamed} == {2}
    assert [vector.track_id for vector in tracks.stream_vectors(feature_version=0)] == [make_track_id("old")]


def test_standardized_values_are_written_without_a_new_seq(tracks: TrackStore) -> None:
    a, b = attach_track(tracks, make_analysis("a")), attach_track(tracks, make_analysis("b"))
    rows = [(a.track_id, (1.5,) * 20), ("nothing", (0.0,) * 20)]
    assert tracks.write_standardized(iter(rows), scaler_version=3) == 1
    written = tracks.find(a.track_id)
    assert written == msgspec.structs.replace(a, mfcc_standardized=(1.5,) * 20, scaler_version=3)
    assert tracks.find(b.track_id) == b
    assert tracks.max_seq() == 2


def test_objects_of_all_tracks_are_streamed(tracks: TrackStore) -> None:
    a = attach_track(tracks, make_analysis("a"), make_object("uploads/1.mp3"))
    attach_track(tracks, make_analysis("a"), make_object("uploads/2.mp3"))
    b = attach_track(tracks, make_analysis("b"), make_object("uploads/3.mp3"))
    assert {(track_id, one.key) for track_id, one in tracks.stream_objects()} == {
        (a.track_id, "uploads/1.mp3"),
        (a.track_id, "uploads/2.mp3"),
        (b.track_id, "uploads/3.mp3"),
    }
