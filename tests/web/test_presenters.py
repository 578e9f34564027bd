"""The shapes of DESIGN 5, field by field: clients are written against them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import msgspec

from chalicelib.model import Page, Play
from chalicelib.web import presenters
from chalicelib.web.rendering import say_ago, say_duration
from chalicelib.web.urls import Urls
from chalicelib.workflows.list_history import PlayedTrack
from tests.fakes.samples import NOW, make_play, make_upload
from tests.web.site import Site

URLS = Urls("/timbre")


def test_a_track_has_these_fields(site: Site) -> None:
    track = site.add_track("Song", artist="Ada", album="Firsts", genre="Folk", year=1999, cover=True)
    assert msgspec.to_builtins(presenters.present_track(track, URLS)) == {
        "track_id": track.track_id,
        "title": "Song",
        "artist": "Ada",
        "album": "Firsts",
        "genre": "Folk",
        "year": 1999,
        "duration_s": 30.5,
        "preview_start_s": 0.0,
        "cover_url": f"/timbre/api/v1/tracks/{track.track_id}/cover",
        "audio_url": f"/timbre/api/v1/tracks/{track.track_id}/audio",
    }


def test_a_receipt_has_these_fields_and_no_owner() -> None:
    assert msgspec.to_builtins(presenters.present_upload(make_upload("a" * 24)), builtin_types=()) == {
        "upload_id": "a" * 24,
        "key": f"uploads/{'a' * 24}/song.mp3",
        "filename": "song.mp3",
        "status": "queued",
        "track_id": None,
        "error_code": None,
        "message": None,
        "warnings": (),
        "is_duplicate": False,
        "attempts": 0,
        "created_at": "2026-11-22T12:00:00.123Z",
        "updated_at": "2026-11-22T12:00:00.123Z",
    }


def test_a_play_has_these_fields() -> None:
    shown = presenters.present_played(PlayedTrack(play=make_play("event-1"), track=None), URLS)
    assert msgspec.to_builtins(shown) == {
        "event_id": "event-1",
        "track_id": "t1",
        "kind": "start",
        "position_s": 0.0,
        "occurred_at": "2026-11-22T12:00:00.123Z",
        "track": None,
    }


def test_times_are_told_in_utc() -> None:
    local = datetime(2026, 1, 1, 1, 0, tzinfo=timezone(timedelta(hours=2)))
    assert presenters.present_time(local) == "2025-12-31T23:00:00.000Z"


def test_plays_of_one_listening_are_one_row_and_of_two_are_two() -> None:
    def played(event_id: str, track_id: str, kind: str) -> PlayedTrack:
        play = Play(event_id=event_id, user_id="u", track_id=track_id, kind=kind, position_s=0, occurred_at=NOW)  # type: ignore[arg-type]
        return PlayedTrack(play=play, track=None)

    newest_first = [
        played("7", "a", "start"),
        played("6", "b", "complete"),
        played("5", "b", "start"),
        played("4", "b", "skip"),
        played("3", "b", "start"),
        played("2", "a", "start"),
        played("1", "a", "start"),
    ]
    assert [row.play.event_id for row, _ in presenters.group_listenings(Page(tuple(newest_first)))] == ["7", "6", "4", "2", "1"]


def test_durations_and_ages_read_as_people_say_them() -> None:
    assert [say_duration(s) for s in (0, 59.6, 185.2, 3725)] == ["0:00", "1:00", "3:05", "1:02:05"]
    now = datetime(2026, 11, 22, tzinfo=UTC)
    ages = [say_ago(now - timedelta(seconds=s), now) for s in (-5, 30, 60, 7200, 86_400 * 3)]
    assert ages == ["just now", "just now", "1 minute ago", "2 hours ago", "3 days ago"]
