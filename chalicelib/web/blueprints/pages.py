"""The pages of someone who is signed in."""

from __future__ import annotations

from chalicelib.errors import StoreUnavailableError
from chalicelib.web.answers import Answer
from chalicelib.web.blueprints.tracks_api import find_track
from chalicelib.web.listening import list_played, list_similar, make_offer
from chalicelib.web.parsing import read_cursor, read_search_query
from chalicelib.web.presenters import group_plays, present_offer, present_played, present_track, present_upload
from chalicelib.web.rendering import render
from chalicelib.web.routing import Routes
from chalicelib.web.visit import Visit
from chalicelib.workflows.show_status import show_status as read_status

routes = Routes(__name__)
_HOME_SIZE, _LIST_SIZE, _SIMILAR_SIZE = 20, 30, 10


@routes.page("/")
def show_home(visit: Visit) -> Answer:
    return render(visit, "home.html", embeds_music=True, offer=present_offer(make_offer(visit, limit=_HOME_SIZE), visit.urls))


@routes.page("/search")
def show_search(visit: Visit) -> Answer:
    query = read_search_query(visit)
    page = visit.stores.tracks().search(query, limit=_LIST_SIZE, cursor=read_cursor(visit))
    items = [present_track(track, visit.urls) for track in page.items]
    return render(visit, "search.html", embeds_music=True, query=query, items=items, next_cursor=page.next_cursor)


@routes.page("/tracks/{track_id}")
def show_track_page(visit: Visit, track_id: str) -> Answer:
    track = find_track(visit, track_id)
    opinion = visit.stores.feedback().for_user(visit.listener.user_id).get(track.track_id)
    try:
        similar = list_similar(visit, track.track_id, limit=_SIMILAR_SIZE)
    except StoreUnavailableError:  # without an index the song can still be heard
        similar = None
    return render(visit, "track.html", embeds_music=True, track=present_track(track, visit.urls), opinion=opinion, similar=similar)


@routes.page("/upload")
def show_upload_page(visit: Visit) -> Answer:
    page = visit.stores.uploads().list_for_user(visit.listener.user_id, limit=_LIST_SIZE, cursor=read_cursor(visit))
    uploads = [present_upload(upload) for upload in page.items]
    max_bytes = visit.settings.max_upload_bytes
    return render(visit, "upload.html", embeds_music=True, uploads=uploads, next_cursor=page.next_cursor, max_bytes=max_bytes)


@routes.page("/history")
def show_history(visit: Visit) -> Answer:
    page = list_played(visit, limit=_LIST_SIZE, cursor=read_cursor(visit))
    rows = [{**present_played(row, visit.urls), "at": row.play.occurred_at} for row in group_plays(page)]
    return render(visit, "history.html", embeds_music=True, rows=rows, next_cursor=page.next_cursor)


@routes.page("/status")
def show_status(visit: Visit) -> Answer:
    stores = visit.stores
    status = read_status(
        tracks=stores.tracks(),
        uploads=stores.uploads(),
        plays=stores.plays(),
        index_builds=stores.index_builds(),
        dead_letters=stores.dead_letters(),
        queue_watch=stores.queue_watch(),
        now=visit.now,
    )
    return render(visit, "status.html", embeds_music=True, system=status, is_operator="operator" in visit.listener.roles)
