"""What a listener's list rests on has changed without a play: the list is made again at once, so that nothing of the old one is shown.

What makes a repetition harmless: the later list stands. A run by Kafka that began before is older and does not replace it.
"""

from __future__ import annotations

from datetime import datetime

from chalicelib.errors import StoreUnavailableError
from chalicelib.log import log
from chalicelib.workflows import ports
from chalicelib.workflows.current_index import CurrentIndex
from chalicelib.workflows.recommend_for_user import recommend_for_user


def renew_recommendations(
    user_id: str,
    *,
    users: ports.UserStore,
    plays: ports.PlayStore,
    feedback: ports.FeedbackStore,
    tracks: ports.TrackStore,
    recommendations: ports.RecommendationStore,
    index: CurrentIndex,
    now: datetime,
) -> bool:
    """Whether there is a new list. What brought it about is stored before and stands, whatever is away: the next play renews it then."""
    try:
        made = recommend_for_user(user_id, users=users, plays=plays, feedback=feedback, tracks=tracks, index=index, now=now)
        recommendations.save_with_effect(made, (), now=now)
    except StoreUnavailableError as exc:
        log.warning("recommendations_not_renewed", user_id=user_id, reason=exc.message)
        return False
    log.info("recommendations_renewed", user_id=user_id, basis=made.basis, songs=len(made.items))
    return True
