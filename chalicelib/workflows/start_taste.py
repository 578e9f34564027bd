"""A first like starts a taste: the listener's list is made at once, as no play of theirs is under way that would bring it about.

Who has a list by taste already gets the next one with their next play. Done twice it has the effect of once: the later list stands.
"""

from __future__ import annotations

from datetime import datetime

from chalicelib.errors import StoreUnavailableError
from chalicelib.log import log
from chalicelib.recommend.arms import Experiment
from chalicelib.workflows import ports
from chalicelib.workflows.current_index import CurrentIndex
from chalicelib.workflows.recommend_for_user import recommend_for_user


def start_taste(
    user_id: str,
    *,
    users: ports.UserStore | None = None,
    plays: ports.PlayStore,
    feedback: ports.FeedbackStore,
    tracks: ports.TrackStore,
    recommendations: ports.RecommendationStore,
    index: CurrentIndex,
    experiment: Experiment | None = None,
    now: datetime,
) -> bool:
    """Whether there is a new list. The like is stored before and stands, whatever is away."""
    try:
        if recommendations.find_basis(user_id) == "plays":
            return False
        epoch = recommendations.read_epoch(user_id)
        made = recommend_for_user(
            user_id, users=users, plays=plays, feedback=feedback, tracks=tracks, index=index, now=now, experiment=experiment
        )
        if made.basis != "plays":
            return False
        recommendations.save_with_effect(made, (), now=now, epoch=epoch)
    except StoreUnavailableError as exc:
        log.warning("taste_not_started", user_id=user_id, reason=exc.message)
        return False
    log.info("taste_started", user_id=user_id, songs=len(made.items))
    return True
