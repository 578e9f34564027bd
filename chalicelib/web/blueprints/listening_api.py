"""What a listener does and gets, as JSON: plays, recommendations, opinions, history."""

from __future__ import annotations

from chalicelib.model import Play
from chalicelib.web.answers import Answer, answer_json, answer_nothing
from chalicelib.web.listening import list_played, make_offer, save_play
from chalicelib.web.parsing import OpinionRequest, PlayRequest, parse_track_id, read_cursor, read_json, read_limit
from chalicelib.web.presenters import present_list, present_offer, present_played
from chalicelib.web.routing import Routes
from chalicelib.web.shapes import PlayAccepted
from chalicelib.web.visit import Visit
from chalicelib.workflows.give_feedback import give_feedback, withdraw_feedback

routes = Routes(__name__)


@routes.api("/plays", "POST", status=202, errors=("track_not_found", "conflict", "store_unavailable"))
def create_play(visit: Visit, body: PlayRequest) -> PlayAccepted:
    """Notes one act of listening. Sent again with the same `event_id` it counts once."""
    play = Play(
        event_id=body.event_id,
        user_id=visit.listener.user_id,
        track_id=parse_track_id(body.track_id),
        kind=body.kind,
        position_s=body.position_s,
        occurred_at=visit.now,
        request_id=visit.request_id,
    )
    save_play(visit, play)
    return PlayAccepted(event_id=play.event_id)


@routes.api("/recommendations")
def show_recommendations(visit: Visit) -> Answer:
    return answer_json(present_offer(make_offer(visit, limit=read_limit(visit)), visit.urls))


@routes.api("/tracks/{track_id}/feedback", "PUT")
def put_feedback(visit: Visit, track_id: str) -> Answer:
    opinion = read_json(visit, OpinionRequest).opinion
    stores = visit.stores
    give_feedback(
        visit.listener.user_id, parse_track_id(track_id), opinion, tracks=stores.tracks(), feedback=stores.feedback(), now=visit.now
    )
    return answer_json({"track_id": track_id, "opinion": opinion})


@routes.api("/tracks/{track_id}/feedback", "DELETE")
def delete_feedback(visit: Visit, track_id: str) -> Answer:
    withdraw_feedback(visit.listener.user_id, parse_track_id(track_id), feedback=visit.stores.feedback())
    return answer_nothing()


@routes.api("/history")
def list_history(visit: Visit) -> Answer:
    page = list_played(visit, limit=read_limit(visit), cursor=read_cursor(visit))
    return answer_json(present_list([present_played(played, visit.urls) for played in page.items], page.next_cursor))
