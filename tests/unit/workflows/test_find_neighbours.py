"""Songs that sound like one song."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from chalicelib.errors import NotFoundError
from chalicelib.model import Track, TrackVector
from chalicelib.workflows.current_index import CurrentIndex
from chalicelib.workflows.find_neighbours import NeighbourTrack, find_neighbours, find_neighbours_of_sound, locate_vectors
from tests.unit.index.music_library import Library, make_library, make_mfcc, name_track

STYLES = 6


class Listening:
    """A library and the index that follows it, looked at afresh each time."""

    def __init__(self, library: Library, folder: Path) -> None:
        self.library = library
        self.index = CurrentIndex(library.bucket, folder, refresh_s=0.0)

    def find(self, track_id: str, count: int = 10, *, max_per_artist: int | None = None) -> list[NeighbourTrack]:
        return find_neighbours(track_id, count=count, index=self.index, tracks=self.library.tracks, max_per_artist=max_per_artist)

    def ids(self, track_id: str, count: int = 10) -> list[str]:
        return [each.track.track_id for each in self.find(track_id, count)]


@pytest.fixture
def listening(tmp_path: Path) -> Listening:
    return Listening(make_library(120, styles=STYLES), tmp_path / "index")


def add_near(library: Library, number: int, *, apart: float, title: str | None = None, artist: str | None = None) -> Track:
    """A track that is a little unlike track `number`."""
    raw = np.array(library.tracks.tracks[name_track(number)].mfcc)
    return library.add(raw + apart * np.array(make_mfcc(120).std(axis=0)), title=title, artist=artist)


def test_neighbours_are_of_the_same_style_nearest_first(listening: Listening):
    found = listening.find(name_track(7))
    assert len(found) == 10
    assert [each.distance for each in found] == sorted(each.distance for each in found)
    assert all(int(each.track.track_id, 16) % STYLES == 7 % STYLES for each in found)
    assert all(each.percentile > 75 for each in found)


def test_the_song_itself_is_not_in_its_own_list(listening: Listening):
    assert name_track(7) not in listening.ids(name_track(7), count=200)
    assert len(listening.ids(name_track(7), count=200)) == 119


def test_a_twin_by_sound_or_by_name_is_not_in_the_list(listening: Listening):
    by_sound = add_near(listening.library, 7, apart=0.0, title="Renamed", artist="Someone Else")
    by_name = add_near(listening.library, 7, apart=0.1, title="Song 7 (Live)", artist="artist 7")
    assert not {by_sound.track_id, by_name.track_id} & set(listening.ids(name_track(7), count=50))


def test_of_twins_among_the_neighbours_the_nearer_is_shown(listening: Listening):
    near = add_near(listening.library, 7, apart=0.15, title="Hit", artist="Band")
    far = add_near(listening.library, 7, apart=0.3, title="Hit (Remastered)", artist="Band")
    found = listening.ids(name_track(7), count=119)
    assert near.track_id in found
    assert far.track_id not in found


def test_a_song_added_after_the_build_finds_and_is_found(listening: Listening):
    added = add_near(listening.library, 7, apart=0.15)
    assert listening.ids(name_track(7))[0] == added.track_id
    assert listening.ids(added.track_id)[0] == name_track(7)


def test_removed_songs_are_dropped_and_others_take_their_places(listening: Listening):
    gone = listening.ids(name_track(7), count=10)
    for track_id in gone:
        listening.library.remove(listening.library.tracks.tracks[track_id])
    found = listening.ids(name_track(7), count=10)
    assert len(found) == 10
    assert not set(found) & set(gone)


def test_many_removed_songs_around_it_do_not_empty_the_list(listening: Listening):
    for track_id in listening.ids(name_track(7), count=100):
        listening.library.remove(listening.library.tracks.tracks[track_id])
    assert len(listening.ids(name_track(7), count=10)) == 10


def test_an_artist_can_be_capped(listening: Listening):
    for step in range(6):
        add_near(listening.library, 7, apart=(-1.0, -0.7, -0.4, 0.4, 0.7, 1.0)[step], title=f"Opus {step}", artist="Prolific")
    uncapped = Counter(each.track.artist for each in listening.find(name_track(7), 20))
    capped = Counter(each.track.artist for each in listening.find(name_track(7), 20, max_per_artist=2))
    assert uncapped["Prolific"] == 6
    assert capped["Prolific"] == 2
    assert sum(capped.values()) == 20


def test_before_the_first_build_the_list_is_empty(tmp_path: Path):
    listening = Listening(make_library(5, build=False), tmp_path / "index")
    assert listening.find(name_track(1)) == []


def test_the_only_song_has_no_neighbours(tmp_path: Path):
    assert Listening(make_library(1), tmp_path / "index").find(name_track(0)) == []


@pytest.mark.parametrize("count", [2, 3, 5])
def test_in_a_tiny_library_every_other_song_is_a_neighbour(tmp_path: Path, count: int):
    assert len(Listening(make_library(count), tmp_path / "index").find(name_track(0))) == count - 1


def test_an_unknown_or_removed_song_is_not_found(listening: Listening):
    listening.library.remove(listening.library.tracks.tracks[name_track(3)])
    for track_id in (name_track(3), "f" * 24, ""):
        with pytest.raises(NotFoundError) as caught:
            listening.find(track_id)
        assert caught.value.code == "track_not_found"


def test_a_clip_that_is_no_track_finds_what_it_sounds_like(listening: Listening):
    mfcc = listening.library.tracks.tracks[name_track(7)].mfcc
    clip = TrackVector("clip", 0, mfcc)
    found = find_neighbours_of_sound(clip, count=5, index=listening.index, tracks=listening.library.tracks)
    assert found[0].track.track_id == name_track(7)
    assert found[0].distance == pytest.approx(0.0, abs=1e-6)
    assert len(found) == 5


def test_in_the_timbre_space_a_clip_finds_what_it_sounds_like_by_its_features(tmp_path: Path):
    library = make_library(60, has_features=True)
    index = CurrentIndex(library.bucket, tmp_path / "index", refresh_s=0.0)
    known = library.tracks.tracks[name_track(7)]
    features = library.tracks.features_of([known.track_id])[known.track_id]
    found = find_neighbours_of_sound(TrackVector("clip", 0, known.mfcc, features=features), count=5, index=index, tracks=library.tracks)
    assert found[0].track.track_id == known.track_id
    assert found[0].distance == pytest.approx(0.0, abs=1e-6)
    assert find_neighbours_of_sound(TrackVector("clip", 0, known.mfcc), count=5, index=index, tracks=library.tracks) == []


def test_a_song_that_neither_index_nor_delta_has_is_located_by_what_the_store_knows(tmp_path: Path):
    library = make_library(60, has_features=True)
    index = CurrentIndex(library.bucket, tmp_path / "index", refresh_s=1000.0)
    catalogue = index.open_catalogue(library.tracks, 0.0)
    late = [library.add(make_mfcc(1, seed=seed)[0], has_features=seed < 6) for seed in (5, 6)]
    assert catalogue is not None
    assert catalogue.vector_of(late[0].track_id) is None
    library.tracks.calls.clear()
    located = locate_vectors(catalogue, [library.tracks.tracks[name_track(3)], *late], library.tracks)
    assert list(located) == [name_track(3), late[0].track_id]
    assert library.tracks.calls == ["features_of"], "once for all that are missing"


def test_the_store_is_read_by_the_found_tracks_only(listening: Listening):
    listening.find(name_track(7))
    listening.library.tracks.calls.clear()
    listening.find(name_track(8))
    assert listening.library.tracks.calls == ["find_cards", "changed_since", "find_cards"]
