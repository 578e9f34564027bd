"""The pages of someone who is signed in."""

from __future__ import annotations

from chalicelib.web.answers import Answer
from chalicelib.web.rendering import render
from chalicelib.web.routing import Routes
from chalicelib.web.visit import Visit
from chalicelib.workflows.permissions import may
from chalicelib.workflows.show_status import show_status as read_status

routes = Routes(__name__)


@routes.page("/status")
def show_status(visit: Visit) -> Answer:
    stores = visit.stores
    status = read_status(
        tracks=stores.tracks(),
        uploads=stores.uploads(),
        plays=stores.plays(),
        index_builds=stores.index_builds(),
        dead_letters=stores.dead_letters(),
        reanalyses=stores.reanalyses(),
        queue_watch=stores.queue_watch(),
        lag_watch=stores.lag_watch(),
        now=visit.now,
    )
    return render(visit, "status.html", embeds_music=True, system=status, is_operator=may(visit.listener, "see_dead_letters"))
