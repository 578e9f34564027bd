"""Everything that is kept of one listener, as JSON, written piece by piece: 100,000 plays never stand in memory together.

Songs are named once, in `songs`; the plays name them by id. What is kept of others (play counts, the library) is not in it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO

import msgspec

from chalicelib.model import Play, Session, User
from chalicelib.workflows import ports
from chalicelib.workflows.account_ports import ExportBucket, HistoryStore, OpenSessions, PersonalStore
from chalicelib.workflows.limit_rate import limit_rate
from chalicelib.workflows.player_ports import ListeningStore

EXPORT_VERSION = 1
LINK_S = 900
_IN_MEMORY = 8 * 1024 * 1024
_SONGS_AT_ONCE = 500
_PER_HOUR = 20
_SESSIONS = 1_000
_WRITTEN_AT_ONCE = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Exporting:
    history: HistoryStore
    personal: PersonalStore
    uploads: ports.UploadStore
    recommendations: ports.RecommendationStore
    tracks: ports.TrackStore
    listening: ListeningStore
    sessions: OpenSessions
    now: datetime


class ExportLink(msgspec.Struct, frozen=True, kw_only=True):
    url: str
    size_bytes: int
    expires_s: int


def export_to_link(user: User, exporting: Exporting, *, bucket: ExportBucket, throttles: ports.ThrottleStore) -> ExportLink:
    """A link to a file in the bucket. TooManyRequestsError."""
    limit_rate(act="export", by=user.user_id, limit=_PER_HOUR, window_s=3600, throttles=throttles, now=exporting.now)
    with _open_file() as file:
        size_bytes = write_export(user, exporting, file)
        file.seek(0)
        bucket.put(user.user_id, file)
    return ExportLink(
        url=bucket.presign(user.user_id, filename=name_export(exporting.now), expires_s=LINK_S), size_bytes=size_bytes, expires_s=LINK_S
    )


def name_export(now: datetime) -> str:
    return f"timbre-{now:%Y-%m-%d}.json"


def write_export(user: User, exporting: Exporting, file: BinaryIO) -> int:
    """How many bytes."""
    size_bytes = 0
    buffer = bytearray()
    for piece in _write_document(user, exporting):
        buffer += piece
        if len(buffer) >= _WRITTEN_AT_ONCE:
            size_bytes += file.write(buffer)
            buffer.clear()
    return size_bytes + file.write(buffer)


@contextmanager
def _open_file() -> Iterator[BinaryIO]:
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
        yield file  # type: ignore[misc]  # a spooled file is one of bytes in all but its type


def _write_document(user: User, exporting: Exporting) -> Iterator[bytes]:
    heard: dict[str, None] = {}
    parts: list[tuple[str, Iterable[Any]]] = [
        ("plays", _list_plays(user.user_id, exporting, heard)),
        ("feedback", exporting.personal.stream_feedback(user.user_id)),
        ("uploads", _list_uploads(user.user_id, exporting)),
        ("sessions", _list_sessions(user.user_id, exporting)),
        ("songs", _list_songs(heard, exporting)),  # after the plays: what they name
    ]
    yield b'{"format":"timbre-export","version":%d,"exported_at":' % EXPORT_VERSION
    yield msgspec.json.encode(exporting.now)
    yield b',"profile":' + msgspec.json.encode(_describe(user))
    yield b',"recommendations":' + msgspec.json.encode(exporting.recommendations.find(user.user_id))
    yield b',"listening":' + msgspec.json.encode(exporting.listening.find(user.user_id))
    for name, items in parts:
        yield b',"%s":[' % name.encode()
        yield from _write_items(items)
        yield b"]"
    yield b"}\n"


def _write_items(items: Iterable[Any]) -> Iterator[bytes]:
    for number, item in enumerate(items):
        yield (b",\n" if number else b"\n") + msgspec.json.encode(item)


def _describe(user: User) -> dict[str, Any]:
    """All but the password's hash."""
    return {name: getattr(user, name) for name in user.__struct_fields__ if name != "password_hash"}


def _list_plays(user_id: str, exporting: Exporting, heard: dict[str, None]) -> Iterator[dict[str, Any]]:
    for play in exporting.history.stream(user_id):
        heard[play.track_id] = None
        yield _describe_play(play)


def _describe_play(play: Play) -> dict[str, Any]:
    return {
        "event_id": play.event_id,
        "track_id": play.track_id,
        "kind": play.kind,
        "position_s": play.position_s,
        "occurred_at": play.occurred_at,
        "arrived_at": play.arrived_at,
        "processed_at": play.processed_at,
    }


def _list_uploads(user_id: str, exporting: Exporting) -> Iterator[Any]:
    cursor = None
    while True:
        page = exporting.uploads.list_for_user(user_id, limit=100, cursor=cursor)
        yield from page.items
        cursor = page.next_cursor
        if cursor is None:
            return


def _list_sessions(user_id: str, exporting: Exporting) -> Iterator[dict[str, Any]]:
    for session in exporting.sessions.list_for_user(user_id, now=exporting.now, limit=_SESSIONS):
        yield describe_session(session)


def describe_session(session: Session) -> dict[str, Any]:
    """Nothing that would let anybody in."""
    return {
        "session_id": session.session_id,
        "device": session.device,
        "created_at": session.created_at,
        "last_seen_at": session.last_seen_at,
        "expires_at": session.expires_at,
    }


def _list_songs(heard: dict[str, None], exporting: Exporting) -> Iterator[dict[str, Any]]:
    ids = iter(heard)
    while batch := list(islice(ids, _SONGS_AT_ONCE)):
        for track in exporting.tracks.find_many(batch).values():
            yield {"track_id": track.track_id, "title": track.display_title, "artist": track.artist, "album": track.album}
