"""A first like is enough for recommendations."""

from __future__ import annotations

from pathlib import Path

import pytest

from chalicelib.errors import StoreUnavailableError
from chalicelib.workflows.current_index import CurrentIndex
from chalicelib.workflows.start_taste import start_taste
from tests.fakes.stores import FakeFeedbackStore, FakePlayStore, FakeRecommendationStore
from tests.unit.index.music_library import NOW, Library, make_library, name_track

STYLES = 6


class Newcomer:
    def __init__(self, library: Library, folder: Path) -> None:
        self.library = library
        self.plays, self.feedback = FakePlayStore(), FakeFeedbackStore()
        self.recommendations = FakeRecommendationStore(self.plays)
        self.index = CurrentIndex(library.bucket, folder, refresh_s=0.0)

    def like(self, number: int) -> bool:
        self.feedback.put("ann", name_track(number), "like", now=NOW)
        return start_taste(
            "ann",
            plays=self.plays,
            feedback=self.feedback,
            tracks=self.library.tracks,
            recommendations=self.recommendations,
            index=self.index,
            now=NOW,
        )


@pytest.fixture
def newcomer(tmp_path: Path) -> Newcomer:
    return Newcomer(make_library(120, styles=STYLES), tmp_path / "index")


def test_a_like_brings_songs_of_its_kind_and_not_itself(newcomer: Newcomer) -> None:
    assert newcomer.like(7)
    made = newcomer.recommendations.find("ann")
    assert made is not None
    assert made.basis == "plays"
    ids = [item.track_id for item in made.items]
    assert name_track(7) not in ids
    assert sum(int(track_id, 16) % STYLES == 7 % STYLES for track_id in ids[:8]) >= 6
    assert {reason.track_id for item in made.items for reason in item.reasons} == {name_track(7)}


def test_who_has_a_taste_gets_the_next_list_with_the_next_play(newcomer: Newcomer) -> None:
    newcomer.like(7)
    before = newcomer.recommendations.find("ann")
    assert not newcomer.like(8)
    assert newcomer.recommendations.find("ann") == before


def test_a_like_stands_while_the_index_is_away(newcomer: Newcomer) -> None:
    class Away:
        def open_catalogue(self, _tracks: object) -> None:
            raise StoreUnavailableError("index")

    newcomer.index = Away()  # type: ignore[assignment]
    assert not newcomer.like(7)
    assert newcomer.feedback.for_user("ann") == {name_track(7): "like"}
    assert newcomer.recommendations.find("ann") is None
