"""More ways into the catalogue, as JSON: near to several songs and away from others, a radio without end, a path between two songs."""

from __future__ import annotations

from chalicelib.errors import InvalidInputError
from chalicelib.web import shapes_explore
from chalicelib.web.explore import lead_path, list_mixed, tune_radio
from chalicelib.web.routing import Routes
from chalicelib.web.visit import Visit

routes = Routes(__name__)


@routes.api("/similar", errors=("track_not_found", "store_unavailable"))
def list_mix(visit: Visit, query: shapes_explore.MixQuery) -> shapes_explore.Mixed:
    """Songs near to each of several songs, and to what lies between them; none that is nearer to one of `away`. With `away` alone: songs
    that sound least like those. Each with its reasons. A song in both is refused."""
    if not query.to and not query.away:
        raise InvalidInputError("to or away must name a song.")
    return list_mixed(visit, query.to, query.away, limit=query.limit)


@routes.api("/radio", errors=("track_not_found", "store_unavailable"))
def show_radio(visit: Visit, query: shapes_explore.RadioQuery) -> shapes_explore.Radio:
    """The next few songs of a radio that never ends and never repeats: near to its seed and to what was heard last, away from what was
    skipped. Give what was heard and skipped so far along; the plays that are stored of the last three hours count too."""
    return tune_radio(visit, query)


@routes.api("/path", errors=("track_not_found", "store_unavailable"))
def show_path(visit: Visit, query: shapes_explore.PathQuery) -> shapes_explore.SongPath:
    """Songs from one to the other in small, even steps: no song twice, and of one artist two in a row only for want of others. Fewer than
    `length` where the two are close and no small steps lead through others."""
    return lead_path(visit, query.from_id, query.to, length=query.length)
