"""Songs of an older feature version, analysed anew in the background. Knows no database, no HTTP, no AWS."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Reanalysis(msgspec.Struct, frozen=True, kw_only=True):
    """How far the songs of older feature versions have been analysed anew: walk by walk through them, by their ids, until a walk finds
    none to ask for."""

    version: int
    song_count: int  # active, when the walk began
    done: int  # of them: counted then, and one more with each song since
    walk: int = 1
    place: str = ""  # of the walk: up to this track id all have been asked for
    asked: int = 0  # in this walk
    has_news: bool = False  # songs were asked for since a build was
    started_at: datetime
    finished_at: datetime | None = None  # all but those given up


class ReanalysisRequest(msgspec.Struct, frozen=True):
    """A song that is being analysed anew, or waits for it in the uploads queue."""

    track_id: str
    version: int
    attempts: int
    due_at: datetime  # by then it is done, or asked for again
