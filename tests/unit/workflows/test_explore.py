"""Mixes, radio and paths over a library of made-up music."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chalicelib.errors import NotFoundError
from chalicelib.index.catalogue import Catalogue
from chalicelib.workflows import continue_radio as continue_radio_module
from chalicelib.workflows import find_path as find_path_module
from chalicelib.workflows.continue_radio import RadioTurn
from chalicelib.workflows.locate_songs import SongsAround
from tests.fakes.samples import retag
from tests.fakes.stores import FakePlayStore
from tests.unit.index.music_library import NOW, Library, make_library, name_track
from tests.unit.workflows.listening_room import Room, ids

STYLES, SONGS = 6, 240
ONE, TWO, OTHER = name_track(0), name_track(6), name_track(1)  # the first two of one style


@pytest.fixture(scope="module")
def library() -> Library:
    return make_library(SONGS, styles=STYLES)


def styles(track_ids: list[str]) -> list[int]:
    return [int(track_id, 16) % STYLES for track_id in track_ids]


def test_a_mix_has_songs_of_each_chosen_one_and_says_which(room: Room):
    found = room.mix([ONE, OTHER])
    assert {0, 1} <= set(styles(ids(found)))
    assert not {ONE, OTHER} & set(ids(found))
    assert all(each.reasons[0].track_id in (ONE, OTHER) and each.reasons[0].act == "chosen" for each in found)
    assert all(each.reasons[0].nearest is not None and each.reasons[0].farthest is not None for each in found)
    for each in found:
        assert styles([each.reasons[0].track_id]) == styles([each.track.track_id]) or each.reasons[0].percentile < 99


def test_what_is_avoided_is_farther_than_what_is_chosen(room: Room):
    for each in ids(room.mix([ONE], [TWO], count=20)):
        assert room.apart(each, ONE) <= room.apart(each, TWO)
    mean = [np.mean([room.apart(each, OTHER) for each in ids(found)]) for found in (room.mix([ONE, OTHER]), room.mix([ONE], [OTHER]))]
    assert mean[0] < mean[1]


def test_away_alone_gives_songs_that_sound_least_like_it(room: Room):
    found = room.mix([], [ONE])
    assert len(found) == 12
    assert all(room.apart(each, ONE) > 1.2 for each in ids(found))
    assert {each.reasons[0].act for each in found} == {"avoided"}


def test_a_song_that_is_gone_cannot_be_mixed(room: Room):
    gone = name_track(SONGS - 1)
    room.library.tracks.move_to_trash(gone, now=NOW)
    with pytest.raises(NotFoundError):
        room.mix([TWO, gone])
    assert gone not in ids(room.mix([name_track(SONGS - 1 - STYLES)], count=50))
    room.library.tracks.restore(gone, trashed_after=NOW - timedelta(hours=1), now=NOW)


def test_without_an_index_there_is_nothing_yet(tmp_path: Path):
    room = Room(make_library(10, build=False), tmp_path)
    assert room.mix([ONE]) == ()
    assert room.path(ONE, OTHER) == ()
    assert room.radio(seed_id=ONE) == RadioTurn(seed=None)


def test_a_path_leads_from_one_end_to_the_other_in_small_even_steps(room: Room):
    steps = room.path(ONE, OTHER)
    assert len(steps) == 8
    track_ids = [step.track.track_id for step in steps]
    assert (track_ids[0], track_ids[-1]) == (ONE, OTHER)
    assert len(set(track_ids)) == len(track_ids)
    distances = [step.distance for step in steps[1:]]
    assert all(distance is not None and distance < room.apart(ONE, OTHER) for distance in distances)
    at_random = sum(room.apart(one, other) ** 2 for one, other in zip(track_ids[::2], track_ids[1::2], strict=False))
    assert sum(each**2 for each in distances if each) < len(distances) * at_random
    assert all(step.parts for step in steps[1:])
    progress = [room.apart(each, OTHER) - room.apart(each, ONE) for each in track_ids]
    assert np.corrcoef(progress, np.arange(len(progress)))[0, 1] < -0.8


def test_a_path_has_no_artist_twice_in_a_row(room: Room):
    before = room.path(ONE, OTHER, length=12)
    for step in before[1:-1]:
        room.library.tracks.edit_tags(step.track.track_id, retag(step.track.display_title, artist="The Same"), now=NOW)
    artists = [step.track.artist for step in room.path(ONE, OTHER, length=12)]
    for step in before[1:-1]:
        room.library.tracks.edit_tags(step.track.track_id, retag(step.track.display_title, artist=step.track.artist), now=NOW)
    assert len(artists) == 12
    assert all(one != other for one, other in pairwise(artists))


@pytest.mark.parametrize("length", [2, 3, 25])
def test_a_path_is_never_longer_than_asked(room: Room, length: int):
    steps = room.path(ONE, OTHER, length=length)
    assert len(steps) == length
    assert [step.track.track_id for step in room.path(ONE, ONE, length=length)] == [ONE]


def test_a_radio_goes_on_from_its_seed_and_never_repeats(room: Room):
    heard: list[str] = []
    for _ in range(30):
        turn = room.radio(seed_id=ONE, heard=tuple(heard[-150:]))
        assert turn.seed is not None
        assert turn.seed.track_id == ONE
        assert not {ONE, *heard} & set(ids(turn.items))
        heard += ids(turn.items)
    assert len(heard) == len(set(heard)) == 150
    assert styles(heard[:10]).count(0) >= 8


def test_a_radio_ends_when_all_was_heard_and_begins_the_same_again(room: Room):
    everything = tuple(name_track(number) for number in range(1, SONGS))
    assert room.radio(seed_id=ONE, heard=everything).items == ()
    assert room.radio(seed_id=ONE) == room.radio(seed_id=ONE)


def test_a_radio_finds_what_is_left_however_much_around_it_was_heard(room: Room, monkeypatch: pytest.MonkeyPatch):
    """As in a large library: no look is wide enough to see beyond what was heard and what is not wanted."""
    monkeypatch.setattr(continue_radio_module, "NEAR", 2)
    monkeypatch.setattr(continue_radio_module, "WIDEST", 32)
    nearest = sorted((name_track(number) for number in range(1, SONGS)), key=lambda each: room.apart(ONE, each))
    turn = room.radio(seed_id=ONE, heard=tuple(nearest[:80]), count=6)
    assert len(turn.items) == 6
    assert not set(ids(turn.items)) & set(nearest[:80])


def test_a_long_path_asks_the_index_no_more_often_than_a_short_one(room: Room, monkeypatch: pytest.MonkeyPatch):
    asked: list[int] = []
    real = find_path_module.find_around

    def count_points(catalogue: Catalogue, points: np.ndarray, near: int, **more: Any) -> SongsAround:
        asked.append(len(points))
        return real(catalogue, points, near, **more)

    monkeypatch.setattr(find_path_module, "find_around", count_points)
    assert len(room.path(ONE, OTHER, length=25)) == 25
    assert len(room.path(ONE, OTHER, length=3)) == 3
    assert asked == [find_path_module.POINTS_ASKED, 1]


def test_a_skip_turns_the_radio_away_from_what_was_skipped(room: Room):
    before = ids(room.radio(seed_id=ONE, heard=(OTHER,), count=10).items)
    after = ids(room.radio(seed_id=ONE, heard=(OTHER,), skipped=(TWO,), count=10).items)
    assert TWO not in after
    assert np.mean([room.apart(each, TWO) for each in after]) > np.mean([room.apart(each, TWO) for each in before if each != TWO])


def test_who_skips_all_of_a_kind_soon_hears_another(room: Room):
    skipped: list[str] = []
    while not skipped or styles([skipped[-1]]) == [0]:
        skipped.append(ids(room.radio(seed_id=ONE, skipped=tuple(skipped), count=1).items)[0])
    assert 2 <= len(skipped) <= 8
    assert 0 not in styles(ids(room.radio(seed_id=ONE, skipped=tuple(skipped[:-1]), count=5).items))


def test_stored_plays_of_the_last_hours_count_where_the_player_tells_nothing(room: Room):
    expected = ids(room.radio(seed_id=ONE).items)
    room.play(expected[0], "complete", 10)
    room.play(expected[1], "skip", 5)
    assert not set(expected[:2]) & set(ids(room.radio(seed_id=ONE).items))
    room.plays = FakePlayStore()
    room.play(expected[0], "complete", 60 * 24)
    assert ids(room.radio(seed_id=ONE).items) == expected


def test_what_is_disliked_is_not_on(room: Room):
    unwanted = ids(room.radio(seed_id=ONE).items)[0]
    room.feedback.put("ann", unwanted, "dislike", now=NOW)
    assert unwanted not in ids(room.radio(seed_id=ONE, count=20).items)


def test_without_a_seed_the_radio_begins_with_a_song_of_the_taste_or_any(room: Room):
    newcomer = room.radio()
    assert newcomer.seed is not None
    assert len(newcomer.items) == 5
    for number in (1, 7, 13):
        room.play(name_track(number), "complete", 60 * 30 + number)
    turn = room.radio()
    assert turn.seed is not None
    assert turn.seed.track_id in {name_track(number) for number in (1, 7, 13)}
    assert styles(ids(turn.items)).count(1) >= 4
