"""What every ReanalysisStore does, and what a TrackStore does for songs of an older feature version."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from chalicelib.feature_model import FEATURE_COUNT
from chalicelib.model import FEATURE_VERSION, Analysis, Track
from chalicelib.reanalysis_model import Reanalysis, ReanalysisRequest
from chalicelib.storage.reanalyses import MongoReanalysisStore
from chalicelib.storage.times import truncate_time
from chalicelib.storage.tracks import MongoTrackStore
from chalicelib.workflows.ports import ReanalysisStore, TrackStore
from tests.fakes.samples import NOW, at, attach_track, make_analysis, make_object, make_tags, make_track_id
from tests.fakes.stores import FakeReanalysisStore, FakeTrackStore

OLD, NEW = FEATURE_VERSION - 1, FEATURE_VERSION


@pytest.fixture
def reanalyses(tracks: TrackStore) -> ReanalysisStore:
    if isinstance(tracks, FakeTrackStore):
        return FakeReanalysisStore(tracks)
    assert isinstance(tracks, MongoTrackStore)
    return MongoReanalysisStore(tracks._database)  # the database of the same test


def attach_old(tracks: TrackStore, name: str) -> Track:
    return attach_track(tracks, make_analysis(name, tags=make_tags(name, artist="Ada"), feature_version=OLD), scaler_version=3)


def make_new(name: str, *, feature_version: int = NEW) -> Analysis:
    features = (0.5,) * FEATURE_COUNT
    made = make_analysis(name, mfcc=(7.0,) * 20, feature_version=feature_version, features=features, passages=(features,))
    return replace(made, preview_start_s=12.0)


def renew(tracks: TrackStore, track: Track, analysis: Analysis) -> bool:
    return tracks.renew_features(track.track_id, analysis, track.objects[0], mfcc_standardized=(0.25,) * 20, scaler_version=4)


def test_a_song_gets_new_numbers_and_stays_what_it_is(tracks: TrackStore) -> None:
    track = attach_old(tracks, "a")
    assert renew(tracks, track, make_new("a"))
    renewed = tracks.find(track.track_id)
    numbers = {"mfcc": (7.0,) * 20, "mfcc_standardized": (0.25,) * 20, "scaler_version": 4, "feature_version": NEW, "preview_start_s": 12.0}
    assert renewed == replace(track, **numbers)
    assert list(tracks.features_of([track.track_id])) == [track.track_id]
    assert tracks.max_seq() == track.seq


def test_a_song_keeps_its_id_where_the_analysis_has_another_name_for_it(tracks: TrackStore) -> None:
    track = attach_old(tracks, "a")
    assert renew(tracks, track, make_new("called otherwise today"))
    assert list(tracks.features_of([track.track_id, make_track_id("called otherwise today")])) == [track.track_id]


def test_what_is_renewed_gone_or_another_file_is_left_alone(tracks: TrackStore) -> None:
    renewed, gone, replaced = (attach_old(tracks, name) for name in ("a", "b", "c"))
    assert renew(tracks, renewed, make_new("a"))
    assert not renew(tracks, renewed, make_new("a"))
    tracks.move_to_trash(gone.track_id, now=at(1))
    assert not renew(tracks, gone, make_new("b"))
    attach_track(tracks, make_analysis("c", feature_version=OLD), make_object(replaced.objects[0].key, etag="e2"))
    assert not renew(tracks, replaced, make_new("c"))
    assert tracks.features_of([gone.track_id, replaced.track_id]) == {}


def test_outdated_songs_are_listed_by_id_and_counted(tracks: TrackStore) -> None:
    old = sorted(attach_old(tracks, str(number)).track_id for number in range(5))
    trashed = attach_old(tracks, "trashed")
    attach_track(tracks, make_analysis("new"))
    attach_track(tracks, make_analysis("newer", feature_version=NEW + 1))
    tracks.move_to_trash(trashed.track_id, now=at(1))
    assert tracks.list_outdated(NEW, after="", limit=9) == old
    assert tracks.list_outdated(NEW, after=old[1], limit=2) == old[2:4]
    assert tracks.list_outdated(NEW, after=old[4], limit=2) == []
    assert tracks.count_outdated(NEW) == 5


def test_a_seq_of_no_track_changes_none(tracks: TrackStore) -> None:
    track = attach_old(tracks, "a")
    assert tracks.draw_seq() == tracks.max_seq() == track.seq + 1
    assert tracks.count_active() == 1
    assert tracks.changed_since(track.seq, limit=5) == []


def test_a_song_is_requested_once_for_each_version(reanalyses: ReanalysisStore) -> None:
    assert reanalyses.request("a", NEW, due_at=at(9))
    assert not reanalyses.request("a", NEW, due_at=at(99))
    assert reanalyses.known(["a", "b"], NEW) == {"a"}
    assert reanalyses.known(["a"], NEW + 1) == set()
    assert reanalyses.request("a", NEW + 1, due_at=at(9))
    assert not reanalyses.request("a", NEW, due_at=at(9))
    assert (reanalyses.count_waiting(NEW, limit=9), reanalyses.count_waiting(NEW + 1, limit=9)) == (0, 1)


def test_what_is_not_done_in_time_is_overdue_the_first_first(reanalyses: ReanalysisStore) -> None:
    for track_id, seconds in (("late", 20), ("first", 10), ("waits", 99)):
        reanalyses.request(track_id, NEW, due_at=at(seconds))
    assert [each.track_id for each in reanalyses.overdue(NEW, now=at(50), limit=9)] == ["first", "late"]
    reanalyses.request_again("first", NEW, due_at=at(60))
    assert reanalyses.overdue(NEW, now=at(70), limit=9)[1] == ReanalysisRequest("first", NEW, 2, truncate_time(at(60)))
    assert len(reanalyses.overdue(NEW, now=at(70), limit=1)) == 1


def test_what_is_given_up_waits_no_more(reanalyses: ReanalysisStore) -> None:
    reanalyses.request("a", NEW, due_at=at(1))
    assert reanalyses.give_up("a", NEW, reason="silent")
    assert not reanalyses.give_up("nobody asked for it", NEW, reason="silent")
    reanalyses.request_again("a", NEW, due_at=at(2))
    assert (reanalyses.count_failed(NEW), reanalyses.count_waiting(NEW, limit=9)) == (1, 0)
    assert reanalyses.overdue(NEW, now=at(99), limit=9) == []
    assert reanalyses.known(["a"], NEW) == {"a"}
    reanalyses.forget("a")
    assert (reanalyses.count_failed(NEW), reanalyses.known(["a"], NEW)) == (0, set())


def test_waiting_ones_are_counted_up_to_a_limit(reanalyses: ReanalysisStore) -> None:
    for number in range(4):
        reanalyses.request(str(number), NEW, due_at=NOW)
    assert [reanalyses.count_waiting(NEW, limit=limit) for limit in (0, 1, 4, 9)] == [0, 1, 4, 4]


def test_a_request_goes_with_what_becomes_of_its_song(tracks: TrackStore, reanalyses: ReanalysisStore) -> None:
    renewed, dropped_again, removed = (attach_old(tracks, name) for name in ("a", "b", "c"))
    for track in (renewed, dropped_again, removed):
        reanalyses.request(track.track_id, NEW, due_at=NOW)
    renew(tracks, renewed, make_new("a"))
    attach_track(tracks, make_new("b"), make_object("uploads/again.mp3"))
    tracks.detach_object(removed.objects[0].key, now=at(1))
    assert reanalyses.count_waiting(NEW, limit=9) == 0


def test_progress_is_kept_and_never_goes_back(reanalyses: ReanalysisStore) -> None:
    assert reanalyses.progress() is None
    begun = Reanalysis(version=NEW, song_count=10, done=4, walk=2, started_at=truncate_time(NOW))
    reanalyses.save_progress(begun)
    reanalyses.advance(NEW, 2, place="b", asked=1)
    reanalyses.advance(NEW, 2, place="a", asked=2)
    reanalyses.advance(NEW, 1, place="z", asked=5)
    reanalyses.advance(NEW + 1, 2, place="z", asked=5)
    reanalyses.note_done(NEW)
    reanalyses.note_done(NEW + 1)
    assert reanalyses.progress() == replace(begun, place="b", asked=3, done=5, has_news=True)
    finished = replace(begun, finished_at=truncate_time(at(5)))
    reanalyses.save_progress(finished)
    assert reanalyses.progress() == finished
