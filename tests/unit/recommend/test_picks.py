"""Songs to start a taste with."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from chalicelib.model import Track
from chalicelib.recommend.picks import pick_far_apart

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def make_track(name: str, mfcc: np.ndarray, feature_version: int = 1) -> Track:
    return Track(
        track_id=name, seq=1, title=name, display_title=name, artist=None, album=None, genre=None, year=None, duration_s=100.0, objects=(),
        cover_key=None, mfcc=tuple(float(value) for value in mfcc), mfcc_standardized=None, feature_version=feature_version,
        scaler_version=None, status="active", created_at=NOW, updated_at=NOW,
    )  # fmt: skip


def make_styles(each: int = 12) -> list[Track]:
    """Three styles, each a cloud of its own, mixed as a random sample is."""
    rng = np.random.default_rng(5)
    centres = rng.normal(size=(3, 20)) * 6
    return [make_track(f"{style}-{number}", centres[style] + rng.normal(size=20)) for number in range(each) for style in range(3)]


def test_the_picks_are_of_three_styles() -> None:
    picks = pick_far_apart(make_styles(), count=3)
    assert {track.track_id[0] for track in picks} == {"0", "1", "2"}


def test_another_order_gives_other_picks() -> None:
    sample = make_styles()
    assert pick_far_apart(sample, count=3)[0] != pick_far_apart(sample[7:] + sample[:7], count=3)[0]


def test_what_is_like_nothing_else_is_no_place_to_start() -> None:
    sample = make_styles()
    odd = make_track("odd", np.full(20, 90.0))
    for place in (0, 17):
        assert odd not in pick_far_apart([*sample[:place], odd, *sample[place:]], count=3)


def test_a_small_library_gives_what_it_has() -> None:
    sample = make_styles()[:2]
    assert pick_far_apart(sample, count=3) == sample
    assert pick_far_apart([], count=3) == []


def test_songs_that_all_sound_the_same_are_picked_once_each() -> None:
    same = [make_track(f"t{number}", np.ones(20)) for number in range(9)]
    assert len({track.track_id for track in pick_far_apart(same, count=3)}) == 3


def test_vectors_of_another_version_are_not_compared() -> None:
    sample = make_styles()
    assert all(track.feature_version == 1 for track in pick_far_apart([*sample, make_track("x", np.ones(30), 2)], count=3))
