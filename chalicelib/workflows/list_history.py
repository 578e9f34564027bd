"""What a listener has played, newest first, with the songs as they are now (None: gone from the catalogue)."""

from __future__ import annotations

import msgspec

from chalicelib.model import Page, Play, TrackCard
from chalicelib.workflows.ports import PlayStore, TrackStore


class PlayedTrack(msgspec.Struct, frozen=True, kw_only=True):
    play: Play
    track: TrackCard | None


def list_history(user_id: str, *, plays: PlayStore, tracks: TrackStore, limit: int, cursor: str | None = None) -> Page[PlayedTrack]:
    page = plays.history(user_id, limit=limit, cursor=cursor)
    found = tracks.find_cards(list(dict.fromkeys(play.track_id for play in page.items)))
    return Page(tuple(PlayedTrack(play=play, track=found.get(play.track_id)) for play in page.items), page.next_cursor)
