"""What the home page offers a listener: the stored recommendations, made fit for this moment, or random songs. Computes no
recommendation (`refresh_recommendations` does) and is never empty while there is music.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from chalicelib.model import Basis, Reason, RecommendationList, Track
from chalicelib.workflows.ports import FeedbackStore, PlayStore, RecommendationStore, TrackStore

_JUST_PLAYED = 10  # a song on a list right after it was heard looks like a mistake


class OfferedTrack(msgspec.Struct, frozen=True, kw_only=True):
    track: Track
    score: float
    reasons: tuple[Reason, ...] = ()


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    basis: Basis
    items: tuple[OfferedTrack, ...]
    generated_at: datetime
    index_build: str | None


def show_home(
    user_id: str,
    *,
    tracks: TrackStore,
    plays: PlayStore,
    feedback: FeedbackStore,
    recommendations: RecommendationStore,
    limit: int,
    start: float,
    now: datetime,
) -> Offer:
    """`start` in [0, 1) says where in the fixed random order the random songs begin."""
    stored = recommendations.find(user_id)
    played = {play.track_id for play in plays.recent(user_id, limit=_JUST_PLAYED)}
    disliked = {track_id for track_id, opinion in feedback.for_user(user_id).items() if opinion == "dislike"}
    if stored is not None and stored.basis == "plays":
        items = _make_current(stored, without=played | disliked, tracks=tracks, limit=limit)
        if items:
            return Offer(basis="plays", items=items, generated_at=stored.generated_at, index_build=stored.index_build)
    items = _draw_random(tracks, played=played, disliked=disliked, limit=limit, start=start)
    return Offer(basis="random", items=items, generated_at=stored.generated_at if stored else now, index_build=None)


def _make_current(stored: RecommendationList, *, without: set[str], tracks: TrackStore, limit: int) -> tuple[OfferedTrack, ...]:
    wanted = [item for item in stored.items if item.track_id not in without]
    found = tracks.find_many([item.track_id for item in wanted])
    current = [
        OfferedTrack(track=found[item.track_id], score=item.score, reasons=item.reasons) for item in wanted if item.track_id in found
    ]
    return tuple(current[:limit])


def _draw_random(tracks: TrackStore, *, played: set[str], disliked: set[str], limit: int, start: float) -> tuple[OfferedTrack, ...]:
    from chalicelib.recommend.variety import vary_artists  # with numpy: a page that draws nothing does without

    drawn = tracks.sample(2 * limit + len(played) + min(len(disliked), limit), start=start)
    fresh = [track for track in drawn if track.track_id not in played | disliked]
    varied = vary_artists(fresh or [track for track in drawn if track.track_id not in disliked] or drawn)
    return tuple(OfferedTrack(track=track, score=0.0) for track in varied[:limit])
