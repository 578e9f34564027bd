"""The engine as it serves, judged on what is stored: by plays (`evaluate_plays`) and by genre (`evaluate_labels`), beside simpler ways.

Reads a bounded number of listeners and songs at any size of catalogue.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import numpy as np
import numpy.typing as npt

from chalicelib.feature_model import FEATURE_COUNT
from chalicelib.index.catalogue import Catalogue
from chalicelib.index.scaler import Vectors
from chalicelib.library_model import TrackQuery
from chalicelib.model import Track, TrackVector
from chalicelib.recommend.arms import Taste
from chalicelib.recommend.duplicates import name_artist
from chalicelib.recommend.evaluation import AT, Score
from chalicelib.workflows import operator_ports, ports
from chalicelib.workflows.current_index import CurrentIndex
from chalicelib.workflows.evaluate_labels import LabelledSongs, LabelReport, evaluate_labels
from chalicelib.workflows.evaluate_plays import PastFeedback, PastPlays, PopularWay, Trial, Way, evaluate_plays, find_trials
from chalicelib.workflows.evaluation_steps import Advance, pass_over
from chalicelib.workflows.recommend_for_user import recommend_at_random, recommend_for_user

POPULAR = 500  # songs
START = 0.0  # of the fixed random order: the same songs each time


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluating:
    """`indexes`: by space, the one that is served first; each may turn out to serve another space, or nothing."""

    listeners: operator_ports.ListenerSample
    plays: ports.PlayStore
    feedback: ports.FeedbackStore
    tracks: ports.TrackStore
    indexes: dict[str, CurrentIndex]
    taste: Taste
    advance: Advance = pass_over


@dataclass(slots=True, kw_only=True)
class StoredEvaluation:
    tracks: int
    listeners: int = 0
    passed_over: int = 0
    by_plays: dict[str, Score] = field(default_factory=dict)
    by_genre: LabelReport | None = None
    songs: int = 0  # that were read for it
    recall_at_10: dict[str, float] = field(default_factory=dict)  # of the build in force, by space, as its manifest has it


def evaluate_stored(evaluating: Evaluating, *, users: int, songs: int) -> StoredEvaluation:
    catalogues = open_spaces(evaluating)
    made = StoredEvaluation(tracks=evaluating.tracks.count_active())
    if not catalogues:
        return made
    made.recall_at_10 = {space: each.index.facts.recall_at_10 for space, each in catalogues.items()}
    _judge_by_plays(evaluating, catalogues, made, users)
    _judge_by_genre(evaluating, catalogues, made, songs)
    return made


def open_spaces(evaluating: Evaluating) -> dict[str, Catalogue]:
    """What the build in force has, the space that is served first."""
    opened = [index.open_catalogue(evaluating.tracks) for index in evaluating.indexes.values()]
    catalogues: dict[str, Catalogue] = {}
    for catalogue in opened:
        if catalogue is not None:
            catalogues.setdefault(catalogue.index.space, catalogue)
    return catalogues


def _judge_by_plays(evaluating: Evaluating, catalogues: dict[str, Catalogue], made: StoredEvaluation, users: int) -> None:
    trials, made.passed_over = find_trials(
        evaluating.listeners.sample_listeners(users),
        plays=evaluating.plays,
        feedback=evaluating.feedback,
        tracks=evaluating.tracks,
        advance=evaluating.advance,
    )
    made.listeners = len(trials)
    if not trials:
        return
    popular = list(evaluating.tracks.browse(TrackQuery(sort="played"), limit=POPULAR).items)
    ruler = next(iter(catalogues.values()))
    made.by_plays = evaluate_plays(
        trials,
        list_ways(evaluating, catalogues, popular),
        catalogue_size=made.tracks,
        play_counts={track.track_id: track.play_count for track in popular},
        units_of=lambda track_ids: _find_units(ruler, track_ids),
        advance=evaluating.advance,
    )


def list_ways(evaluating: Evaluating, catalogues: dict[str, Catalogue], popular: Sequence[Track]) -> dict[str, Way]:
    served, *others = catalogues
    engine = catalogues[served]
    other_taste: Taste = "mean" if evaluating.taste == "plays" else "plays"
    ways: dict[str, Way] = {
        "engine": EngineWay(evaluating, engine, evaluating.taste),
        "exact": EngineWay(evaluating, engine.scan_all(), evaluating.taste),
        f"taste_{other_taste}": EngineWay(evaluating, engine, other_taste),
    }
    ways |= {f"space_{space}": EngineWay(evaluating, catalogues[space], evaluating.taste) for space in others}
    return ways | {"popular": PopularWay(popular), "random": RandomWay(evaluating.tracks)}


class EngineWay:
    """The product's own code, over the past alone."""

    def __init__(self, evaluating: Evaluating, catalogue: Catalogue, taste: Taste) -> None:
        self._tracks, self._index, self._taste = evaluating.tracks, _Opened(catalogue), taste

    def __call__(self, trial: Trial) -> list[str]:
        made = recommend_for_user(
            trial.user_id,
            plays=cast("ports.PlayStore", PastPlays(trial)),
            feedback=cast("ports.FeedbackStore", PastFeedback(trial)),
            tracks=self._tracks,
            index=cast("CurrentIndex", self._index),
            now=trial.now,
            count=AT,
            taste=self._taste,
        )
        return [each.track_id for each in made.items]


class RandomWay:
    def __init__(self, tracks: ports.TrackStore) -> None:
        self._tracks = tracks

    def __call__(self, trial: Trial) -> list[str]:
        made = recommend_at_random(trial.user_id, recent=trial.past, opinions={}, tracks=self._tracks, now=trial.now, count=AT)
        return [each.track_id for each in made.items]


class _Opened:
    """An index that is not followed: all lists rest on the same."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def open_catalogue(self, _tracks: ports.TrackStore) -> Catalogue:
        return self._catalogue


def _find_units(catalogue: Catalogue, track_ids: Sequence[str]) -> npt.NDArray[np.float64]:
    return catalogue.units_of([track_id for track_id in track_ids if catalogue.vector_of(track_id) is not None])


def _judge_by_genre(evaluating: Evaluating, catalogues: dict[str, Catalogue], made: StoredEvaluation, songs: int) -> None:
    """Of a sample of the catalogue, in which songs find each other; in every space those that are in all of them."""
    sampled = evaluating.tracks.sample(min(songs, made.tracks), start=START)
    tracks = list({track.track_id: track for track in sampled}.values())
    features = evaluating.tracks.features_of([track.track_id for track in tracks])
    tracks = [track for track in tracks if "timbre" not in catalogues or len(features.get(track.track_id, b"")) == 4 * FEATURE_COUNT]
    made.songs = len(tracks)
    if not tracks:
        return
    located = [TrackVector(track.track_id, track.seq, track.mfcc, features=features.get(track.track_id)) for track in tracks]
    vectors: dict[str, Vectors] = {}
    for space, catalogue in catalogues.items():
        placed, found = catalogue.index.place(located)
        if len(placed) == len(tracks):
            vectors[space] = found
    labels = [None if track.genre is None else " ".join(track.genre.casefold().split()) or None for track in tracks]
    artists = [name_artist(track) for track in tracks]
    made.by_genre = evaluate_labels(vectors, LabelledSongs(labels, artists), advance=evaluating.advance)
