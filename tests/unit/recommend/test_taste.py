"""What plays and opinions say of a track."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.model import Opinion, Play, PlayKind
from chalicelib.recommend.taste import SEED_TRACKS, weigh_plays

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def play(track_id: str, kind: PlayKind = "start", *, ago: timedelta = timedelta(0), position_s: float = 0.0) -> Play:
    return Play(
        event_id=f"{track_id}-{kind}-{ago}", user_id="u", track_id=track_id, kind=kind, position_s=position_s, occurred_at=NOW - ago
    )


def weigh_one(*plays: Play, opinion: Opinion | None = None, duration_s: float = 200.0) -> float:
    opinions = {} if opinion is None else {plays[0].track_id: opinion}
    return weigh_plays(plays, opinions, {plays[0].track_id: duration_s})[0].weight


def test_a_started_song_says_more_of_this():
    assert weigh_one(play("a")) > 0


def test_completing_raises():
    assert weigh_one(play("a", "complete"), play("a")) > weigh_one(play("a"))


def test_skipping_lowers_below_nothing():
    assert weigh_one(play("a", "skip", position_s=5), play("a")) < 0


@given(st.floats(0, 200), st.floats(0, 200))
def test_the_sooner_a_skip_the_lower(one: float, other: float):
    earlier, later = sorted([one, other])
    assert weigh_one(play("a", "skip", position_s=earlier), play("a")) <= weigh_one(play("a", "skip", position_s=later), play("a"))


def test_a_skip_at_the_very_end_does_not_turn_a_start_against_the_song():
    assert 0 < weigh_one(play("a", "skip", position_s=199), play("a")) < weigh_one(play("a"))


def test_a_like_outweighs_a_skip_and_a_dislike_a_complete():
    assert weigh_one(play("a", "skip"), play("a"), opinion="like") > 0
    assert weigh_one(play("a", "complete"), play("a"), opinion="dislike") < 0


def test_recent_plays_weigh_more_than_old_ones():
    weighed = weigh_plays([play("new"), play("old", ago=timedelta(days=7))], {}, {})
    assert weighed[0].weight > 1.9 * weighed[1].weight > 0


def test_a_listener_back_after_a_year_has_the_taste_of_then():
    then = timedelta(days=365)
    assert weigh_plays([play("a", ago=then)], {}, {})[0].weight == weigh_plays([play("a")], {}, {})[0].weight


def test_only_the_last_tracks_count_and_each_once_with_all_its_plays():
    plays = [play(f"t{n // 2}", "complete" if n % 2 == 0 else "start", ago=timedelta(minutes=n)) for n in range(100)]
    weighed = weigh_plays(plays, {}, {})
    assert [each.track_id for each in weighed] == [f"t{n}" for n in range(SEED_TRACKS)]
    assert weighed[0].event_ids == (plays[0].event_id, plays[1].event_id)


def test_liked_songs_that_were_not_played_lately_count_too():
    weighed = weigh_plays([play("a")], {"b": "like", "c": "dislike", "a": "like"}, {})
    assert [each.track_id for each in weighed] == ["a", "b"]
    assert weighed[1].weight > 0
    assert weighed[1].event_ids == ()


def test_no_plays_and_no_likes_are_no_taste():
    assert weigh_plays([], {}, {}) == ()


@pytest.mark.parametrize("duration_s", [0.0, 200.0])
def test_positions_beyond_the_end_or_before_the_beginning_do_no_harm(duration_s: float):
    beyond = weigh_one(play("a", "skip", position_s=1e9), duration_s=duration_s)
    before = weigh_one(play("a", "skip", position_s=-5), duration_s=duration_s)
    assert -1.0 <= before < beyond < 0
