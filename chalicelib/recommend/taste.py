"""What a listener's plays say of each played track: a weight, above 0 for more of this, below 0 for less.

Completing raises, skipping lowers (the sooner the more), a like or dislike outweighs both, and what is recent counts more than what is old.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

import msgspec

from chalicelib.model import Opinion, Play

SEED_TRACKS = 20  # tracks that a list rests on
LIKED_SEEDS = 5  # liked tracks that were not played lately, beside them
HALF_LIFE = timedelta(days=7)
NEXT_TRACK = 0.95  # each track further back counts this much of the one after it

STARTED = 0.4
COMPLETED = 0.6
SKIPPED_AT_ONCE = -1.0
SKIPPED_AT_THE_END = -0.2  # with the start it still says a little: nearly all was heard
UNKNOWN_DURATION_S = 240.0
LIKED = 1.0
DISLIKED = -1.5
STRONGEST = 2.0


class PlayedTrack(msgspec.Struct, frozen=True):
    track_id: str
    weight: float
    event_ids: tuple[str, ...]  # the plays that the weight rests on, newest first; none for a track that is only liked


def weigh_plays(plays: Sequence[Play], opinions: Mapping[str, Opinion], durations_s: Mapping[str, float]) -> tuple[PlayedTrack, ...]:
    """The last tracks played, latest first, then liked ones that were not among them. `plays` newest first.

    A track's weight is the sum over its plays, each faded by its age against the newest play and by how many tracks came since; a like
    or dislike, which does not fade, is added. `durations_s` tells how early a skip was.
    """
    by_track = group_by_track(plays)
    latest = list(by_track.items())[:SEED_TRACKS]
    played = []
    for rank, (track_id, mine) in enumerate(latest):
        heard = _weigh_heard(mine, newest=plays[0], duration_s=durations_s.get(track_id) or UNKNOWN_DURATION_S) * NEXT_TRACK**rank
        weight = max(-STRONGEST, min(STRONGEST, heard + _value_opinion(opinions.get(track_id))))
        played.append(PlayedTrack(track_id, weight, tuple(play.event_id for play in mine)))
    liked = [track_id for track_id, opinion in opinions.items() if opinion == "like" and track_id not in dict(latest)]
    return (*played, *(PlayedTrack(track_id, LIKED / 2, ()) for track_id in liked[:LIKED_SEEDS]))


def list_telling_tracks(plays: Sequence[Play], opinions: Mapping[str, Opinion]) -> list[str]:
    """Those that `weigh_plays` weighs, in its order."""
    latest = list(group_by_track(plays))[:SEED_TRACKS]
    liked = [track_id for track_id, opinion in opinions.items() if opinion == "like" and track_id not in latest]
    return [*latest, *liked[:LIKED_SEEDS]]


def group_by_track(plays: Iterable[Play]) -> dict[str, list[Play]]:
    """Plays of each track, in the order of the plays; tracks in the order of their first."""
    grouped: dict[str, list[Play]] = {}
    for play in plays:
        grouped.setdefault(play.track_id, []).append(play)
    return grouped


def _weigh_heard(plays: Sequence[Play], *, newest: Play, duration_s: float) -> float:
    return sum(_value_play(play, duration_s) * _fade(newest, play) for play in plays)


def _value_opinion(opinion: Opinion | None) -> float:
    return {"like": LIKED, "dislike": DISLIKED}.get(opinion or "", 0.0)


def _value_play(play: Play, duration_s: float) -> float:
    if play.kind == "start":
        return STARTED
    if play.kind == "complete":
        return COMPLETED
    heard = max(0.0, min(1.0, play.position_s / duration_s))
    return SKIPPED_AT_ONCE + (SKIPPED_AT_THE_END - SKIPPED_AT_ONCE) * heard


def _fade(newest: Play, play: Play) -> float:
    age = max(timedelta(0), newest.occurred_at - play.occurred_at)
    return float(0.5 ** (age / HALF_LIFE))
