"""Send recorded plays to Kafka and note which of them were acknowledged. The listener's request and the relay both come through here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from chalicelib.errors import StoreUnavailableError
from chalicelib.log import log
from chalicelib.model import Play
from chalicelib.workflows.ports import PlayPublisher, PlayStore, TrackStore


def publish_plays(
    plays: Sequence[Play],
    *,
    publisher: PlayPublisher,
    tracks: TrackStore,
    play_store: PlayStore,
    timeout_s: float,
    clock: Callable[[], datetime],
    recorded_at: datetime | None = None,
    titles: Mapping[str, str] | None = None,
) -> int:
    """How many were acknowledged and noted as published. `titles`: by track, where they are known already.

    Never raises for a broker or a store that is away: the plays are recorded already, and what was not noted here the relay sends
    (again). A play that is sent twice takes effect once, by its event_id.
    """
    if not plays:
        return 0
    try:
        known = titles if titles is not None else _find_titles(plays, tracks)
        acknowledged = publisher.publish([(play, known.get(play.track_id, "")) for play in plays], timeout_s=timeout_s)
        if acknowledged:
            play_store.mark_published(acknowledged, at=clock(), recorded_at=recorded_at)
    except StoreUnavailableError as exc:
        log.warning("plays_not_published", play_count=len(plays), reason=exc.message)
        return 0
    if len(acknowledged) < len(plays):
        log.warning("plays_left_for_relay", play_count=len(plays) - len(acknowledged))
    return len(acknowledged)


def _find_titles(plays: Sequence[Play], tracks: TrackStore) -> dict[str, str]:
    return {track.track_id: track.title for track in tracks.find_many(sorted({play.track_id for play in plays})).values()}
