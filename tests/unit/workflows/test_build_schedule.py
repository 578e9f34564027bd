"""When a build is due: by how much changed, how long that waited, and how large the catalogue is."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from chalicelib.index.manifest import Manifest
from chalicelib.workflows.build_schedule import MANY_CHANGES, is_build_due
from chalicelib.workflows.current_delta import DELTA_LIMIT
from tests.unit.index.music_library import NOW, build_music, make_mfcc


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    folder: Path = tmp_path_factory.mktemp("schedule") / "b"
    return build_music(folder, make_mfcc(5), max_seq=1000).manifest


def is_due(small: Manifest, *, tracks: int, changes: int, after_s: float = 60.0, build_s: float = 5.0) -> bool:
    in_force = msgspec.structs.replace(small, track_count=tracks, build_s=build_s)
    return is_build_due(in_force, max_seq=1000 + changes, now=NOW + timedelta(seconds=after_s))


def test_nothing_changed_is_never_due(small: Manifest):
    assert not is_due(small, tracks=5, changes=0, after_s=1e9)


def test_a_small_catalogue_is_built_at_every_change(small: Manifest):
    assert is_due(small, tracks=10_000, changes=1, after_s=0.0)


@pytest.mark.parametrize(("tracks", "few", "many"), [(20_000, 199, 200), (100_000, 999, 1_000), (1_000_000, 9_999, 10_000)])
def test_a_large_one_waits_for_a_hundredth_of_it(small: Manifest, tracks: int, few: int, many: int):
    assert not is_due(small, tracks=tracks, changes=few)
    assert is_due(small, tracks=tracks, changes=many)


def test_more_never_changes_than_can_be_scanned_beside_the_index(small: Manifest):
    assert MANY_CHANGES < DELTA_LIMIT
    assert is_due(small, tracks=50_000_000, changes=MANY_CHANGES)


def test_one_change_is_built_in_once_it_has_waited(small: Manifest):
    assert not is_due(small, tracks=1_000_000, changes=1, after_s=899.0)
    assert is_due(small, tracks=1_000_000, changes=1, after_s=900.0)


def test_slow_builds_are_made_more_seldom(small: Manifest):
    assert not is_due(small, tracks=1_000_000, changes=1, after_s=3_599.0, build_s=600.0)
    assert is_due(small, tracks=1_000_000, changes=1, after_s=3_600.0, build_s=600.0)


def test_an_index_of_another_database_is_replaced_at_once(small: Manifest):
    assert is_due(small, tracks=1_000_000, changes=-990, after_s=0.0)
