"""What a listener does and gets, as JSON: plays, recommendations, opinions, history."""

from __future__ import annotations

from chalicelib.model import Play
from chalicelib.web import shapes
from chalicelib.web.answers import Answer, answer_nothing
from chalicelib.web.listening import give_opinion, make_offer, save_play
from chalicelib.web.parsing import CountQuery, OpinionRequest, PlayRequest, parse_track_id
from chalicelib.web.presenters import present_offer, present_time
from chalicelib.web.routing import Routes
from chalicelib.web.visit import Visit
from chalicelib.workflows.give_feedback import withdraw_feedback
from chalicelib.workflows.record_play import believe_time

routes = Routes(__name__)


@routes.api("/plays", "POST", status=202, errors=("track_not_found", "event_id_taken"))
def create_play(visit: Visit, body: PlayRequest) -> shapes.PlayAccepted:
    """Notes one act of listening. Sent again with the same `event_id` it counts once. While the listener pauses their history it is
    accepted and kept nowhere, as `is_kept` says; the same holds for one that comes late and happened during a pause."""
    play = Play(
        event_id=body.event_id,
        user_id=visit.listener.user_id,
        track_id=parse_track_id(body.track_id),
        kind=body.kind,
        position_s=body.position_s,
        occurred_at=believe_time(body.occurred_at, now=visit.now),
        arrived_at=visit.now,
        request_id=visit.request_id,
    )
    return shapes.PlayAccepted(event_id=play.event_id, is_kept=save_play(visit, play))


@routes.api("/recommendations")
def show_recommendations(visit: Visit, query: CountQuery) -> shapes.Recommendations:
    """Songs near in sound to the listener's latest plays, each with its reasons; random songs as long as there are no plays."""
    return present_offer(make_offer(visit, limit=query.limit), visit.urls)


@routes.api("/tracks/{track_id}/feedback", "PUT", errors=("track_not_found",))
def put_feedback(visit: Visit, track_id: str, body: OpinionRequest) -> shapes.OpinionGiven:
    """Likes or dislikes a song, or wants it later. The latest word counts; what is disliked is not recommended, what is not wanted now
    is not until a week has passed."""
    until = give_opinion(visit, parse_track_id(track_id), body.opinion)
    return shapes.OpinionGiven(track_id=track_id, opinion=body.opinion, until=present_time(until) if until else None)


@routes.api("/tracks/{track_id}/feedback", "DELETE", status=204, errors=("track_not_found",))
def delete_feedback(visit: Visit, track_id: str) -> Answer:
    """Takes an opinion back, also of a song that is gone."""
    withdraw_feedback(visit.listener.user_id, parse_track_id(track_id), feedback=visit.stores.feedback())
    return answer_nothing()
