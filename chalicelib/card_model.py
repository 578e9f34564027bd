"""The little of a track that lists need: read by the hundred, from an index that holds no more than this. `model.Track` is the whole."""

from __future__ import annotations

import msgspec


class TrackCard(msgspec.Struct, frozen=True, kw_only=True):
    """What is shown of a track wherever it stands among others."""

    track_id: str
    display_title: str
    artist: str | None
    album: str | None
    genre: str | None
    year: int | None
    duration_s: float
    cover_key: str | None
    preview_start_s: float | None = None  # None: analysed before there were previews
    play_count: int = 0  # plays that took effect, each once


class TrackName(msgspec.Struct, frozen=True):
    """The little of a track that a list of recommendations is chosen by, beside its vector."""

    track_id: str
    display_title: str
    artist: str | None
    duration_s: float
    play_count: int = 0
