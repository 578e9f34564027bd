"""A library of made-up music for tests: clustered MFCC means with realistic scales, tracks in the in-memory store, builds in the bucket."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from chalicelib.index.build import BuiltIndex, build_artefact
from chalicelib.model import Analysis, StoredObject, Tags, Track
from chalicelib.workflows.publish_index import CurrentBuild, publish_build
from chalicelib.workflows.scaler_in_force import read_scaler_in_force
from tests.fakes.buckets import FakeIndexBucket
from tests.fakes.stores import FakeTrackStore

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SCALES = np.array([120.0, 50.0, 30.0, 20.0, *np.linspace(15.0, 5.0, 16)])  # how MFCC means of real songs spread
CENTRE = np.array([-150.0, 110.0, -10.0, 25.0, *np.linspace(5.0, -3.0, 16)])


def name_track(number: int) -> str:
    return f"{number:024x}"


def make_mfcc(count: int, *, styles: int = 6, seed: int = 0, spread: float = 0.4) -> npt.NDArray[np.float64]:
    """(count, 20): track i is of style i % styles; `spread` within a style, in σ between styles."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(styles, 20))
    return CENTRE + SCALES * (centres[np.arange(count) % styles] + spread * random.normal(size=(count, 20)))


def build_music(folder: Path, mfcc: npt.NDArray[np.float64], *, build_id: str = "build-1", max_seq: int = 0) -> BuiltIndex:
    track_ids = [name_track(number) for number in range(len(mfcc))]
    return build_artefact(track_ids, mfcc, folder, build_id=build_id, max_seq=max_seq, scaler_in_force=None, created_at=NOW)


class Library:
    def __init__(self) -> None:
        self.tracks = FakeTrackStore()
        self.bucket = FakeIndexBucket()
        self._added = 0

    def add(self, mfcc: Sequence[float], *, title: str | None = None, artist: str | None = None, track_id: str | None = None) -> Track:
        number, self._added = self._added, self._added + 1
        analysis = Analysis(
            track_id=track_id or name_track(number),
            tags=Tags(title=title or f"Song {number}", artist=artist or f"Artist {number}"),
            cover=None,
            duration_s=200.0,
            mfcc=tuple(float(each) for each in mfcc),
        )
        stored = StoredObject(key=f"uploads/{number}.mp3", etag=str(number), size_bytes=1)
        return self.tracks.attach_object(analysis, stored, cover_key=None, mfcc_standardized=None, scaler_version=None, now=NOW)

    def remove(self, track: Track) -> None:
        for stored in track.objects:
            self.tracks.detach_object(stored.key, now=NOW)

    def build(self, build_id: str) -> CurrentBuild:
        """All active tracks, published as a build job would."""
        max_seq = self.tracks.max_seq()
        rows = list(self.tracks.stream_vectors(feature_version=1))
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "build"
            build_artefact(
                [row.track_id for row in rows],
                np.array([row.mfcc for row in rows]),
                folder,
                build_id=build_id,
                max_seq=max_seq,
                scaler_in_force=read_scaler_in_force(self.bucket),
                created_at=NOW,
            )
            return publish_build(folder, self.bucket, now=NOW)


def make_library(count: int = 60, *, styles: int = 6, build: bool = True) -> Library:
    library = Library()
    for mfcc in make_mfcc(count, styles=styles):
        library.add(mfcc)
    if build:
        library.build("build-1")
    return library
