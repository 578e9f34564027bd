"""`timbre evaluate` on what is stored: listeners of one style each, whose next song the engine should foretell better than simpler ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from chalicelib.model import Opinion, Play, PlayKind
from chalicelib.workflows.current_index import CurrentIndex
from chalicelib.workflows.evaluate_plays import PastFeedback, PastPlays, Trial, find_trials
from chalicelib.workflows.evaluate_stored import EngineWay, Evaluating, StoredEvaluation, evaluate_stored, open_spaces
from tests.fakes.stores import FakeFeedbackStore, FakePlayStore
from tests.unit.index.music_library import NOW, Library, make_mfcc, name_track

STYLES, SONGS, LISTENERS = 4, 120, 12


class World:
    def __init__(self, folder: Path, *, has_features: bool = True) -> None:
        self.folder = folder
        self.library = Library()
        for number, mfcc in enumerate(make_mfcc(SONGS, styles=STYLES)):
            self.library.add(mfcc, has_features=has_features, genre=("Rock ", "Jazz", "Folk", "House")[number % STYLES])
        self.library.build("build-1")
        self.plays, self.feedback = FakePlayStore(), FakeFeedbackStore()
        self.users: list[str] = []

    def listen(self, user_id: str, songs: Sequence[int], *, last: PlayKind = "complete") -> None:
        self.users.append(user_id)
        for place, song in enumerate(songs):
            kinds: tuple[PlayKind, ...] = ("start", "complete") if place < len(songs) - 1 else ("start", last)
            for step, kind in enumerate(kinds):
                at = NOW - timedelta(hours=10) + timedelta(minutes=4 * place + 3 * step)
                play = Play(
                    event_id=f"{user_id}-{place}-{step}",
                    user_id=user_id,
                    track_id=name_track(song),
                    kind=kind,
                    position_s=1.0,
                    occurred_at=at,
                )
                self.plays.record(play)

    def sample_listeners(self, limit: int) -> list[str]:
        return self.users[:limit]

    def evaluating(self) -> Evaluating:
        return Evaluating(
            listeners=self,
            plays=self.plays,
            feedback=self.feedback,
            tracks=self.library.tracks,
            indexes={
                space: CurrentIndex(self.library.bucket, self.folder / space, refresh_s=60.0, space=space) for space in ("timbre", "mfcc")
            },
            taste="plays",
        )

    def evaluate(self, *, users: int = 100, songs: int = 1_000) -> StoredEvaluation:
        return evaluate_stored(self.evaluating(), users=users, songs=songs)

    def find_trials(self) -> tuple[list[Trial], int]:
        return find_trials(self.users, plays=self.plays, feedback=self.feedback, tracks=self.library.tracks)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def populate(world: World) -> None:
    """Each hears 20 of the 30 songs of one style."""
    for number in range(LISTENERS):
        of_style = np.arange(number % STYLES, SONGS, STYLES)
        world.listen(f"listener-{number}", np.random.default_rng(number).permutation(of_style)[:20].tolist())


def test_the_engine_foretells_better_than_what_is_popular_and_than_chance(world: World):
    populate(world)
    made = world.evaluate()
    assert (made.listeners, made.passed_over) == (LISTENERS, 0)
    assert set(made.by_plays) == {"engine", "exact", "taste_mean", "space_mfcc", "popular", "random"}
    hits = {way: score.hit_rate.value for way, score in made.by_plays.items()}
    assert hits["engine"] > max(hits["random"], hits["popular"])
    assert hits["engine"] >= 0.5, "ten of the ten that are left of a style, but for what another style's songs take"
    engine = made.by_plays["engine"]
    assert engine.queries == LISTENERS
    assert engine.precision.value == pytest.approx(engine.hit_rate.value / 10, abs=1e-3)
    assert engine.diversity is not None
    assert engine.novelty is not None
    assert made.by_plays["exact"] == engine, "a small catalogue is scanned either way"


def test_genres_are_judged_in_both_spaces_and_recall_is_told(world: World):
    made = world.evaluate()
    assert made.by_genre is not None
    assert set(made.by_genre.scores) == {"timbre", "timbre_annoy", "mfcc", "mfcc_annoy", "random"}
    assert made.by_genre.scores["timbre"].precision.value > made.by_genre.scores["random"].precision.value + 0.3
    assert made.songs == SONGS
    assert set(made.recall_at_10) == {"timbre", "mfcc"}
    assert made.by_plays == {}


def test_a_build_without_the_timbre_space_is_judged_by_mfcc(tmp_path: Path):
    world = World(tmp_path, has_features=False)
    populate(world)
    made = world.evaluate()
    assert set(made.recall_at_10) == {"mfcc"}
    assert made.by_genre is not None
    assert set(made.by_genre.scores) == {"mfcc", "mfcc_annoy", "random"}
    assert "space_mfcc" not in made.by_plays
    assert made.by_plays["engine"].hit_rate.value > made.by_plays["random"].hit_rate.value


def test_without_an_index_there_is_nothing_to_judge(tmp_path: Path):
    world = World(tmp_path)
    world.library.bucket = type(world.library.bucket)()
    assert world.evaluate() == StoredEvaluation(tracks=SONGS)


def test_songs_and_listeners_that_are_read_are_bounded(world: World):
    populate(world)
    made = world.evaluate(users=5, songs=60)
    assert (made.listeners, made.songs) == (5, 60)


def test_every_step_tells_its_length(world: World):
    populate(world)
    told: dict[str, tuple[int, int | None]] = {}

    def note(step: str, count: int, total: int | None = None, /) -> None:
        told[step] = (told.get(step, (0, None))[0] + count, total)

    evaluate_stored(replace(world.evaluating(), advance=note), users=5, songs=60)
    assert {"read", "engine", "popular", "random", "timbre", "random_neighbours"} <= set(told)
    assert all(done == total for done, total in told.values())


def test_the_last_song_that_was_new_is_hidden_with_what_came_after(world: World):
    world.listen("ann", [1, 2, 3, 4, 9, 2, 3])
    (trial,), _ = world.find_trials()
    assert trial.hidden.track_id == name_track(9)
    assert trial.hidden.kind == "start"
    assert {play.track_id for play in trial.past} == {name_track(song) for song in (1, 2, 3, 4)}
    assert {play.track_id for play in trial.later} == {name_track(song) for song in (9, 2, 3)}


def test_a_song_that_was_skipped_is_nothing_to_foretell(world: World):
    world.listen("ann", [1, 2, 3, 4, 9], last="skip")
    (trial,), _ = world.find_trials()
    assert trial.hidden.track_id == name_track(4)


@pytest.mark.parametrize("songs", [[], [1], [1, 2, 3], [1, 1, 1, 1, 1]])
def test_listeners_who_played_too_little_are_passed_over(world: World, songs: list[int]):
    world.listen("ann", songs)
    assert world.find_trials() == ([], 1)


def test_a_hidden_song_that_was_removed_since_is_passed_over(world: World):
    world.listen("ann", [1, 2, 3, 9])
    removed = world.library.tracks.find(name_track(9))
    assert removed is not None
    world.library.remove(removed)
    assert world.find_trials() == ([], 1)


def test_the_engine_sees_nothing_of_what_is_hidden(world: World):
    """With the hidden song liked and played again later, its list is as if none of it had happened."""
    world.listen("ann", [1, 5, 13, 9])
    (before,), _ = world.find_trials()
    opinion: Opinion = "like"
    world.feedback.put("ann", name_track(9), opinion, now=NOW)
    world.feedback.put("ann", name_track(5), opinion, now=NOW)
    world.listen("ann2", [1])
    (after,), _ = find_trials(["ann"], plays=world.plays, feedback=world.feedback, tracks=world.library.tracks)
    assert PastFeedback(after).for_user("ann") == {name_track(5): "like"}
    assert PastPlays(after).recent("ann", limit=3) == list(after.past[:3])
    assert all(play.occurred_at < after.now for play in after.past)
    engine = EngineWay(world.evaluating(), open_spaces(world.evaluating())["timbre"], "plays")
    assert engine(before)
    assert not {play.track_id for play in before.past} & set(engine(before))
