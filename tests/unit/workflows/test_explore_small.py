"""Mixes, radio and paths in a small library: twelve kinds of five songs, so that a song's tenth neighbour is of another kind."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from chalicelib.errors import InvalidInputError
from chalicelib.workflows.find_path import PathStep
from chalicelib.workflows.locate_songs import locate_named
from tests.unit.index.music_library import Library, make_library, name_track
from tests.unit.workflows.listening_room import Room, ids

KINDS, SONGS = 12, 60
EVERYTHING = [name_track(number) for number in range(SONGS)]
SEEDS = EVERYTHING[:KINDS]


@pytest.fixture(scope="module")
def library() -> Library:
    return make_library(SONGS, styles=KINDS)


def kind(track_id: str) -> int:
    return int(track_id, 16) % KINDS


def rank_near(room: Room, track_id: str) -> list[str]:
    return sorted((each for each in EVERYTHING if each != track_id), key=lambda each: room.apart(track_id, each))


def measure_reach(room: Room, *track_ids: str) -> float:
    catalogue = room.index.open_catalogue(room.library.tracks)
    assert catalogue is not None
    return float(locate_named(track_ids, catalogue, room.library.tracks).measure_reaches(catalogue).max())


def list_steps(steps: tuple[PathStep, ...]) -> list[float]:
    return [step.distance for step in steps if step.distance is not None]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_song_reaches_to_its_own_kind_and_not_beyond(room: Room, seed: str):
    near = rank_near(room, seed)
    assert room.apart(seed, near[0]) <= measure_reach(room, seed) < room.apart(seed, near[9])


@pytest.mark.parametrize("seed", SEEDS)
def test_after_one_skip_the_radio_stays_where_it_was(room: Room, seed: str):
    first = ids(room.radio(seed_id=seed, count=1).items)[0]
    after = ids(room.radio(seed_id=seed, skipped=(first,), count=5).items)
    assert kind(first) == kind(seed)
    assert sum(each in rank_near(room, seed)[:8] for each in after) >= 2


def test_who_skips_every_other_song_hears_a_radio_until_every_song_was_on(room: Room):
    turns: tuple[list[str], list[str]] = ([], [])
    for turn in range(SONGS):
        found = ids(room.radio(seed_id=SEEDS[0], heard=tuple(turns[0]), skipped=tuple(turns[1]), count=1).items)
        if not found:
            break
        turns[turn % 2].append(found[0])
    assert sorted([SEEDS[0], *turns[0], *turns[1]]) == EVERYTHING


@pytest.mark.parametrize("seed", SEEDS)
def test_near_to_one_and_away_from_its_neighbour_is_still_near(room: Room, seed: str):
    avoided, *others = rank_near(room, seed)
    welcome = [each for each in others if room.apart(each, seed) <= room.apart(each, avoided)]
    found = room.mix([seed], [avoided], count=10)
    assert room.apart(ids(found)[0], seed) <= room.apart(welcome[min(2, len(welcome) - 1)], seed)
    assert set(ids(found)) <= set(welcome)
    assert all(each.reasons[0].percentile >= 49 for each in found)


def test_far_from_many_is_far_from_the_nearest_of_them(room: Room):
    for avoided in (EVERYTHING[:1], EVERYTHING[:3], EVERYTHING[:8]):
        nearest = {each: min(room.apart(each, other) for other in avoided) for each in EVERYTHING if each not in avoided}
        best = sorted(nearest.values(), reverse=True)
        assert all(nearest[each] >= best[7] for each in ids(room.mix([], avoided))[:4])


def test_no_song_can_be_near_and_away(room: Room):
    with pytest.raises(InvalidInputError, match="both"):
        room.mix(EVERYTHING[:3], EVERYTHING[2:4])


@pytest.mark.parametrize("seed", SEEDS)
def test_a_path_between_neighbours_does_not_wander(room: Room, seed: str):
    end = rank_near(room, seed)[0]
    steps = room.path(seed, end, length=10)
    assert (steps[0].track.track_id, steps[-1].track.track_id) == (seed, end)
    assert 2 <= len(steps) < 10
    assert max(list_steps(steps)) <= max(1.2 * room.apart(seed, end), measure_reach(room, seed, end)) + 1e-6
    assert {kind(step.track.track_id) for step in steps} == {kind(seed)}


def test_no_step_of_a_path_is_longer_than_its_ends_are_apart(room: Room):
    for start, end in pairwise(SEEDS):
        steps = room.path(start, end, length=10)
        assert max(list_steps(steps)) <= 1.2 * room.apart(start, end) + 1e-6
        assert np.median(list_steps(steps)) < 0.7 * room.apart(start, end)
        assert len(steps) >= 6
