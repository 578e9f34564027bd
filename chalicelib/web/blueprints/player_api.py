"""Where a listener stopped, kept for their other devices."""

from __future__ import annotations

from chalicelib.model import Listening
from chalicelib.web import shapes_player
from chalicelib.web.presenters import present_time, present_track
from chalicelib.web.routing import Routes
from chalicelib.web.visit import Visit
from chalicelib.workflows.continue_listening import find_continuation, save_listening

routes = Routes(__name__)


@routes.api("/listening", "PUT", errors=("store_unavailable",))
def put_listening(visit: Visit, body: shapes_player.ListeningRequest) -> shapes_player.ListeningSaved:
    """Keeps queue and position, so that any device can go on from here. The last change wins."""
    given = Listening(
        user_id=visit.listener.user_id,
        queue=body.queue,
        place=body.place,
        position_s=body.position_s,
        changed_at=body.changed_at,
        device_id=body.device_id,
    )
    return shapes_player.ListeningSaved(is_current=save_listening(given, listening=visit.stores.listening(), now=visit.now))


@routes.api("/listening", errors=("store_unavailable",))
def show_listening(visit: Visit) -> shapes_player.Listening:
    """The queue and the position that were saved last, on whichever device. Songs that are gone are left out."""
    stores = visit.stores
    found = find_continuation(visit.listener.user_id, listening=stores.listening(), tracks=stores.tracks())
    if found is None:
        return shapes_player.Listening()
    return shapes_player.Listening(
        queue=tuple(present_track(track, visit.urls) for track in found.queue),
        place=found.place,
        position_s=round(found.position_s, 3),
        changed_at=present_time(found.changed_at),
        device_id=found.device_id,
    )
