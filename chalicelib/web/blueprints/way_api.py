"""The way of a song as JSON, and for the pages that show it."""

from __future__ import annotations

from chalicelib.web import shapes_way
from chalicelib.web.blueprints.uploads_api import find_own
from chalicelib.web.presenters import present_time
from chalicelib.web.routing import Routes
from chalicelib.web.visit import Visit
from chalicelib.workflows.show_way import Way, show_way, trace_upload

routes = Routes(__name__)


@routes.api("/way", errors=("upload_not_found",))
def show_last_way(visit: Visit, query: shapes_way.WayQuery) -> shapes_way.LastWay:
    """The way of the listener's newest upload or play: each step with the milliseconds that it took, from stored times."""
    way = trace_upload(find_own(visit, query.upload_id)) if query.upload_id else find_last_way(visit)
    return shapes_way.LastWay(way=present_way(way) if way else None)


def find_last_way(visit: Visit) -> Way | None:
    stores = visit.stores
    return show_way(visit.listener.user_id, uploads=stores.uploads(), plays=stores.plays(), tracks=stores.tracks())


def present_way(way: Way) -> shapes_way.SongWay:
    return shapes_way.present_way(way, present_time(way.began_at))
