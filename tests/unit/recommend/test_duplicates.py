"""When two tracks are one song."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from chalicelib.model import Track
from chalicelib.recommend.duplicates import KnownSongs, name_artist, name_song

NOW = datetime(2026, 11, 22, tzinfo=UTC)
FAR = np.array([0.0, 1.0])
HERE = np.array([1.0, 0.0])


def make_track(title: str, artist: str | None = "Band", track_id: str = "t") -> Track:
    return Track(
        track_id=track_id,
        seq=1,
        title=title.lower(),
        display_title=title,
        artist=artist,
        album=None,
        genre=None,
        year=None,
        duration_s=200.0,
        objects=(),
        cover_key=None,
        mfcc=(0.0,) * 20,
        mfcc_standardized=None,
        feature_version=1,
        scaler_version=None,
        status="active",
        created_at=NOW,
        updated_at=NOW,
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Café", "Björk"), ("CAFE", "bjork")),
        (("Song (2011 Remaster)", "Band"), ("Song", "Band")),
        (("Song - Remastered 2009", "Band"), ("Song", "Band")),
        (("Song [Live at Leeds]", "Band"), ("Song", "Band")),
        (("Song - Radio Edit", "Band"), ("Song!", "Band")),
        (("Song feat. Guest", "Band"), ("Song (feat. Guest)", "Band")),
        (("Song", "Band feat. Guest"), ("Song", "Band")),
    ],
)
def test_versions_of_a_song_are_one_song(one: tuple[str, str], other: tuple[str, str]):
    known = KnownSongs()
    known.add(make_track(*one), HERE)
    assert known.holds(make_track(*other), FAR)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Song", "Band"), ("Song", "Another Band")),
        (("Symphony No. 5 (I. Allegro)", "Band"), ("Symphony No. 5 (II. Andante)", "Band")),
        (("Suite - Prelude", "Band"), ("Suite - Gigue", "Band")),
        (("Live", "Band"), ("Demo", "Band")),
        (("Alive", "Band"), ("Olive", "Band")),
        (("1979", "Band"), ("1999", "Band")),
        (("東京", "Band"), ("大阪", "Band")),
        (("Track 01", None), ("Track 01", None)),
    ],
)
def test_other_songs_are_not(one: tuple[str, str | None], other: tuple[str, str | None]):
    known = KnownSongs()
    known.add(make_track(*one), HERE)
    assert not known.holds(make_track(*other), FAR)


def test_the_same_sound_under_another_name_is_one_song():
    known = KnownSongs()
    known.add(make_track("Song"), HERE)
    assert known.holds(make_track("Untitled", "Nobody"), np.array([1.0, 0.005]))
    assert not known.holds(make_track("Untitled", "Nobody"), np.array([0.98, 0.199]))


def test_tracks_without_a_direction_are_told_apart_by_name_only():
    known = KnownSongs()
    known.add(make_track("One"), np.zeros(2))
    assert not known.holds(make_track("Two"), np.zeros(2))


@pytest.mark.parametrize("artist", ["", "  ", None])
def test_no_artist_is_nobody(artist: str | None):
    assert name_artist(make_track("Song", artist)) is None
    assert name_song(make_track("Song", artist)) is None


def test_an_artist_of_signs_only_is_still_somebody():
    assert name_artist(make_track("Song", "!!!")) == "!!!"
    assert name_song(make_track("???", "!!!")) == ("!!!", "???")
