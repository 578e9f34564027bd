"""When two sounds are one recording: near, or less near and as long. The same in all that asks for it."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from chalicelib.model import Track
from chalicelib.recommend.diversity import Candidates, pick_diverse
from chalicelib.recommend.duplicates import KnownSongs
from chalicelib.recommend.paths import list_distinct
from chalicelib.recommend.same_sound import SAME_SOUND
from tests.unit.recommend.test_duplicates import make_track

NEXT_TO, NEAR, APART = 0.03, 0.1, 0.2  # a copy, a copy at a low bit rate, another song
SPACES = sorted(SAME_SOUND)


def make_units(distance: float) -> np.ndarray:
    """Two, so far apart."""
    angle = 2 * np.arcsin(distance / 2)
    return np.array([[1.0, 0.0], [np.cos(angle), np.sin(angle)]])


def make_tracks(*durations_s: float) -> list[Track]:
    """By artists of their own."""
    return [replace(make_track(f"Song {n}", f"Artist {n}", track_id=f"{n:024x}"), duration_s=each) for n, each in enumerate(durations_s)]


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize(
    ("distance", "durations_s", "is_one"),
    [
        (NEXT_TO, (200.0, 200.0), True),
        (NEXT_TO, (200.0, 230.0), True),
        (NEAR, (200.0, 200.0), True),
        (NEAR, (200.0, 201.0), True),
        (NEAR, (201.0, 200.0), True),
        (NEAR, (200.0, 203.0), False),
        (NEAR, (203.0, 200.0), False),
        (APART, (200.0, 200.0), False),
    ],
)
def test_one_recording_is_near_or_less_near_and_as_long(
    space: str, distance: float, durations_s: tuple[float, float], is_one: bool
) -> None:
    units, tracks = make_units(distance), make_tracks(*durations_s)
    known = KnownSongs(space)
    known.add(tracks[0], units[0])
    assert known.holds(tracks[1], units[1]) is is_one
    assert known.find_twins(units[1:], np.array(durations_s[1:])).tolist() == [is_one]
    assert list_distinct(tracks, units, space=space) == ([0] if is_one else [0, 1])
    candidates = Candidates(tracks, units, np.array([[0.9], [0.8]]), np.ones(2))  # type: ignore[arg-type]  # all that is asked of names
    picked = pick_diverse(candidates, np.ones(1), count=2, reach=0.6, known=KnownSongs(space))
    assert len(picked) == (1 if is_one else 2)


def test_each_known_song_is_compared_by_its_own_length() -> None:
    """A hundred, so that there had to be more room."""
    units, tracks = np.eye(101), make_tracks(*(100.0 + 10 * n for n in range(100)))
    known = KnownSongs("timbre")
    for track, unit in zip(tracks, units[:100], strict=True):
        known.add(track, unit)
    copy = units[[70]] + NEAR * units[100]
    copy /= np.linalg.norm(copy)
    for like, is_one in ((70, True), (71, False), (3, False)):
        assert known.holds(replace(tracks[like], display_title="Untitled", artist=None), copy[0]) is is_one
        assert known.find_twins(copy, np.array([tracks[like].duration_s])).tolist() == [is_one]
