"""What two songs are alike in is told by features that are read once while an index is in force."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from chalicelib.workflows.compare_sounds import read_sounds
from chalicelib.workflows.current_index import CurrentIndex
from tests.unit.index.music_library import make_library


class Reading:
    """A store of tracks that notes whose features were asked for."""

    def __init__(self, tracks: Any) -> None:
        self._tracks = tracks
        self.asked: list[list[str]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tracks, name)

    def features_of(self, track_ids: Sequence[str]) -> dict[str, bytes]:
        self.asked.append(list(track_ids))
        found: dict[str, bytes] = self._tracks.features_of(track_ids)
        return found


def test_features_that_were_read_for_one_list_are_not_read_for_the_next(tmp_path: Path) -> None:
    library = make_library(60, has_features=True)
    tracks = Reading(library.tracks)
    catalogue = CurrentIndex(library.bucket, tmp_path / "index", refresh_s=1.0, space="timbre").open_catalogue(library.tracks, 0.0)
    assert catalogue is not None
    ids = [raw.decode() for raw in catalogue.index.track_ids[:20].tolist()]
    first = read_sounds(ids[:10], catalogue, tracks)
    second = read_sounds(ids, catalogue, tracks)
    assert tracks.asked == [ids[:10], ids[10:]]
    again = read_sounds(ids[:10], catalogue, tracks)
    assert len(tracks.asked) == 2
    assert set(second.places) == set(ids)
    np.testing.assert_array_equal(again.table, first.table)
