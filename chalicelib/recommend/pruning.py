"""What is left of a list when plays that it rests on are no longer there. Pure; the stores call it in the transaction that takes them."""

from __future__ import annotations

from collections.abc import Collection

from msgspec.structs import replace

from chalicelib.model import RecommendationList, RecommendedTrack


def drop_reasons(recommendations: RecommendationList, *, events: Collection[str], tracks: Collection[str]) -> RecommendationList:
    """Without the plays of these events, without the reasons that name one of these tracks, and without the songs that had no other
    reason. Songs that never had a reason (random ones, say) rest on no play and stay."""
    left = (_drop_from(item, tracks) for item in recommendations.items)
    return replace(
        recommendations,
        items=tuple(item for item in left if item is not None),
        play_event_ids=tuple(event_id for event_id in recommendations.play_event_ids if event_id not in events),
    )


def _drop_from(item: RecommendedTrack, tracks: Collection[str]) -> RecommendedTrack | None:
    reasons = tuple(reason for reason in item.reasons if reason.track_id not in tracks)
    if item.reasons and not reasons:
        return None
    return replace(item, reasons=reasons) if len(reasons) < len(item.reasons) else item
