"""A listener in a library of made-up music, who asks for mixes, radio and paths."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np

from chalicelib.model import Play, PlayKind
from chalicelib.workflows.continue_radio import RadioSoFar, RadioStores, RadioTurn, continue_radio
from chalicelib.workflows.current_index import CurrentIndex
from chalicelib.workflows.find_mix import find_mix
from chalicelib.workflows.find_path import PathStep, find_path
from chalicelib.workflows.show_home import OfferedTrack
from tests.fakes.stores import FakeFeedbackStore, FakePlayStore
from tests.unit.index.music_library import NOW, Library


class Room:
    """Over an index that is built once for all tests of a module."""

    def __init__(self, library: Library, folder: Path) -> None:
        self.library = library
        self.index = CurrentIndex(self.library.bucket, folder, refresh_s=0.0)
        self.plays, self.feedback = FakePlayStore(), FakeFeedbackStore()

    def mix(self, to: list[str], away: list[str] | None = None, count: int = 12) -> tuple[OfferedTrack, ...]:
        return find_mix(to, away or [], count=count, index=self.index, tracks=self.library.tracks)

    def path(self, start: str, end: str, length: int = 8) -> tuple[PathStep, ...]:
        return find_path(start, end, length=length, index=self.index, tracks=self.library.tracks)

    def radio(self, count: int = 5, **so_far: object) -> RadioTurn:
        stores = RadioStores(tracks=self.library.tracks, plays=self.plays, feedback=self.feedback, index=self.index)
        return continue_radio("ann", RadioSoFar(**so_far), stores, count=count, now=NOW)  # type: ignore[arg-type]

    def play(self, track_id: str, kind: PlayKind, minutes_ago: float) -> None:
        at = NOW - timedelta(minutes=minutes_ago)
        event_id = f"{track_id}-{kind}-{minutes_ago}"
        self.plays.record(Play(event_id=event_id, user_id="ann", track_id=track_id, kind=kind, position_s=3.0, occurred_at=at))

    def unit(self, track_id: str) -> np.ndarray:
        catalogue = self.index.open_catalogue(self.library.tracks)
        assert catalogue is not None
        return catalogue.units_of([track_id])[0]

    def apart(self, one: str, other: str) -> float:
        return float(np.linalg.norm(self.unit(one) - self.unit(other)))


def ids(items: tuple[OfferedTrack, ...]) -> list[str]:
    return [each.track.track_id for each in items]
