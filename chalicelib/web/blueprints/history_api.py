"""The listener's history as JSON: reading it, taking plays out, bringing them back."""

from __future__ import annotations

import re

from chalicelib.errors import NotFoundError
from chalicelib.web import shapes, shapes_me
from chalicelib.web.listening import list_played
from chalicelib.web.own_account import remove_plays, restore_plays
from chalicelib.web.parsing import PageQuery
from chalicelib.web.presenters import present_played, present_time
from chalicelib.web.routing import Routes
from chalicelib.web.visit import Visit
from chalicelib.workflows.change_history import RESTORABLE_FOR

routes = Routes(__name__)
_EVENT_ID = re.compile(shapes_me.EVENT_ID)


@routes.api("/history")
def list_history(visit: Visit, query: PageQuery) -> shapes.History:
    """What the listener played, newest first; `track` is null where the song is gone."""
    page = list_played(visit, limit=query.limit, cursor=query.cursor)
    return shapes.History(items=tuple(present_played(played, visit.urls) for played in page.items), next_cursor=page.next_cursor)


@routes.api("/history/{event_id}", "DELETE", errors=("play_not_found",))
def remove_play(visit: Visit, event_id: shapes_me.EventId, query: shapes_me.RemovalQuery) -> shapes_me.Removed:
    """Takes a play out of the history. It counts nowhere from then on: not for taste, statistics or play counts; recommendations are made
    anew. For ten minutes it can be brought back."""
    gone = remove_plays(visit, (_parse(event_id), *query.event_ids))
    return shapes_me.Removed(event_ids=gone, restorable_until=present_time(visit.now + RESTORABLE_FOR))


@routes.api("/history/{event_id}/restoration", "POST", errors=("play_not_found",))
def restore_play(visit: Visit, event_id: shapes_me.EventId, query: shapes_me.RemovalQuery) -> shapes_me.Restored:
    """Brings a play back that was taken out less than ten minutes ago, with all that it counted for."""
    return shapes_me.Restored(event_ids=restore_plays(visit, (_parse(event_id), *query.event_ids)))


def _parse(event_id: str) -> str:
    if not _EVENT_ID.fullmatch(event_id):
        raise NotFoundError("There is no such play in your history.", code="play_not_found")
    return event_id
