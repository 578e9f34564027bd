"""Songs like a recording: a clip is sent, listened to and answered, and never becomes part of the library. As JSON, and the page."""

from __future__ import annotations

from chalicelib.query_model import SoundQuery
from chalicelib.web import shapes, shapes_queries
from chalicelib.web.answers import Answer
from chalicelib.web.parsing import SimilarQuery, parse_query_id, read_query_as
from chalicelib.web.presenters import present_neighbour, present_time
from chalicelib.web.rendering import render
from chalicelib.web.routing import Routes
from chalicelib.web.visit import Visit
from chalicelib.workflows.ask_by_sound import WantedQuery, answer_query, find_query, request_query

routes = Routes(__name__)


@routes.api("/queries", "POST", status=201, errors=("not_audio", "empty", "too_large", "too_many_requests", "store_unavailable"))
def create_query(visit: Visit, body: shapes_queries.QueryRequest) -> shapes_queries.QueryPermission:
    """Gives the permission to send one clip straight to the bucket. It is analysed as songs are, answered under the query's id, and
    deleted; what is kept of it is gone within the hour."""
    stores = visit.stores
    permission = request_query(
        visit.listener.user_id,
        WantedQuery(filename=body.filename, size_bytes=body.size_bytes, content_type=body.content_type),
        drawn_id=visit.wiring.draw_id(),
        queries=stores.sound_queries(),
        bucket=stores.music_bucket(),
        throttles=stores.throttles(),
        limits=visit.settings,
        now=visit.now,
    )
    query = permission.query
    return shapes_queries.QueryPermission(
        query_id=query.query_id,
        status=query.status,
        expires_at=present_time(query.expires_at),
        url=permission.url,
        fields=permission.fields,
    )


@routes.api("/queries/{query_id}", errors=("query_not_found", "store_unavailable"))
def show_query(visit: Visit, query_id: str, query: SimilarQuery) -> shapes_queries.QueryAnswer:
    """How far the question has come, and the songs nearest to the clip, nearest first, by the index of this moment."""
    found = find_query(visit.listener.user_id, parse_query_id(query_id), queries=visit.stores.sound_queries(), now=visit.now)
    return shapes_queries.QueryAnswer(
        query_id=found.query_id,
        status=found.status,
        duration_s=found.duration_s,
        error_code=found.error_code,
        message=found.message,
        created_at=present_time(found.created_at),
        expires_at=present_time(found.expires_at),
        items=_list_near(visit, found, limit=query.limit),
    )


@routes.page("/query")
def show_query_page(visit: Visit) -> Answer:
    """With `id` the answer, as far as it is there; without it, where a recording is chosen."""
    query_id = visit.query("id")
    found = (
        find_query(visit.listener.user_id, parse_query_id(query_id), queries=visit.stores.sound_queries(), now=visit.now)
        if query_id
        else None
    )
    limit = read_query_as(visit, SimilarQuery).limit if visit.query("limit") else 20
    items = _list_near(visit, found, limit=limit) if found else ()
    return render(visit, "query.html", embeds_music=True, query=found, items=items, max_bytes=visit.settings.max_query_bytes)


def _list_near(visit: Visit, query: SoundQuery, *, limit: int) -> tuple[shapes.Neighbour, ...]:
    stores = visit.stores
    found = answer_query(query, count=limit, index=stores.current_index(), tracks=stores.tracks())
    return tuple(present_neighbour(near.track, distance=near.distance, percentile=near.percentile, urls=visit.urls) for near in found)
