"""A library of made-up music for tests: clustered MFCC means with realistic scales, tracks in the in-memory store, builds in the bucket.

Without features (a catalogue of an older version) builds have the `mfcc` space alone; with them, from 50 songs on, `timbre` too.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from chalicelib.feature_model import FEATURE_COUNT
from chalicelib.index.build import BuildPlan, BuiltIndex, build_artefact
from chalicelib.model import FEATURE_VERSION, Analysis, PassageRows, StoredObject, Tags, Track, TrackVector
from chalicelib.workflows.publish_index import CurrentBuild, publish_build
from chalicelib.workflows.scaler_in_force import read_in_force
from tests.fakes.buckets import FakeIndexBucket
from tests.fakes.stores import FakeTrackStore
from tests.fakes.track_store import FakePassageStore

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SCALES = np.array([120.0, 50.0, 30.0, 20.0, *np.linspace(15.0, 5.0, 16)])  # how MFCC means of real songs spread
CENTRE = np.array([-150.0, 110.0, -10.0, 25.0, *np.linspace(5.0, -3.0, 16)])

Matrix = npt.NDArray[np.float64]


def name_track(number: int) -> str:
    return f"{number:024x}"


def make_mfcc(count: int, *, styles: int = 6, seed: int = 0, spread: float = 0.4) -> Matrix:
    """(count, 20): track i is of style i % styles; `spread` within a style, in σ between styles."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(styles, 20))
    return CENTRE + SCALES * (centres[np.arange(count) % styles] + spread * random.normal(size=(count, 20)))


def make_features(mfcc: npt.ArrayLike, *, seed: int = 0) -> npt.NDArray[np.float32]:
    """(n, 204): the MFCCs, and beside them what goes along with them."""
    rows = np.atleast_2d(np.asarray(mfcc, dtype=np.float64))
    mixture = np.random.default_rng(99).normal(size=(20, FEATURE_COUNT - 20))
    others = (rows - CENTRE) / SCALES @ mixture + 0.3 * np.random.default_rng(seed).normal(size=(len(rows), FEATURE_COUNT - 20))
    return np.hstack([rows, others]).astype(np.float32)


def make_passages(features: npt.NDArray[np.float32], *, seed: int = 0) -> npt.NDArray[np.float32]:
    """(n, 4, 204): around each song's features."""
    spread = np.concatenate([SCALES, np.ones(FEATURE_COUNT - 20)]) * np.linspace(0.2, 0.8, FEATURE_COUNT)
    apart = np.random.default_rng(seed).normal(size=(len(features), 4, FEATURE_COUNT)) * spread
    return (features[:, None, :] + apart).astype(np.float32)


def list_vectors(mfcc: Matrix, *, features: npt.NDArray[np.float32] | None = None) -> list[TrackVector]:
    rich = [None] * len(mfcc) if features is None else [row.tobytes() for row in features]
    return [TrackVector(name_track(n), n + 1, tuple(row.tolist()), features=rich[n]) for n, row in enumerate(mfcc)]


def offer_passages(features: npt.NDArray[np.float32]) -> Callable[[], Iterable[PassageRows]]:
    rows = make_passages(features).astype("<f2")
    return lambda: (PassageRows(name_track(n), f"Artist {n}", row.tobytes()) for n, row in enumerate(rows))


def offer_none() -> Iterable[PassageRows]:
    return ()


def build_music(folder: Path, mfcc: Matrix, *, build_id: str = "build-1", max_seq: int = 0, has_features: bool = False) -> BuiltIndex:
    plan = BuildPlan(build_id=build_id, max_seq=max_seq, created_at=NOW)
    features = make_features(mfcc) if has_features else None
    passages = offer_none if features is None else offer_passages(features)
    built = build_artefact(list_vectors(mfcc, features=features), passages, folder, plan)
    assert built is not None
    return built


class Library:
    def __init__(self) -> None:
        self.tracks = FakeTrackStore()
        self.passages = FakePassageStore(self.tracks)
        self.bucket = FakeIndexBucket()
        self._added = 0

    def add(
        self,
        mfcc: Sequence[float],
        *,
        title: str | None = None,
        artist: str | None = None,
        track_id: str | None = None,
        has_features: bool = False,
        genre: str | None = None,
    ) -> Track:
        number, self._added = self._added, self._added + 1
        features = make_features(mfcc, seed=number) if has_features else np.empty((0, FEATURE_COUNT), dtype=np.float32)
        passages = make_passages(features, seed=number)
        analysis = Analysis(
            track_id=track_id or name_track(number),
            tags=Tags(title=title or f"Song {number}", artist=artist or f"Artist {number}", genre=genre),
            cover=None,
            duration_s=200.0,
            mfcc=tuple(float(each) for each in mfcc),
            features=tuple(features.ravel().tolist()),
            passages=tuple(tuple(row) for row in passages.reshape(-1, FEATURE_COUNT).tolist()),
        )
        stored = StoredObject(key=f"uploads/{number}.mp3", etag=str(number), size_bytes=1)
        return self.tracks.attach_object(analysis, stored, cover_key=None, mfcc_standardized=None, scaler_version=None, now=NOW)

    def remove(self, track: Track) -> None:
        for stored in track.objects:
            self.tracks.detach_object(stored.key, now=NOW)

    def build(self, build_id: str) -> CurrentBuild:
        """All active tracks, published as a build job would."""
        plan = BuildPlan(build_id=build_id, max_seq=self.tracks.max_seq(), created_at=NOW, in_force=read_in_force(self.bucket))
        vectors = self.tracks.stream_vectors(feature_version=FEATURE_VERSION)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "build"
            assert build_artefact(vectors, lambda: self.passages.sample(feature_version=FEATURE_VERSION, limit=1000), folder, plan)
            return publish_build(folder, self.bucket, now=NOW)


def make_library(count: int = 60, *, styles: int = 6, build: bool = True, has_features: bool = False) -> Library:
    library = Library()
    for mfcc in make_mfcc(count, styles=styles):
        library.add(mfcc, has_features=has_features)
    if build:
        library.build("build-1")
    return library
