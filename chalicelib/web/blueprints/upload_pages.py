"""The page of uploads: where files are chosen without dropping them, and the receipts of those that came before."""

from __future__ import annotations

from chalicelib.web.answers import Answer
from chalicelib.web.blueprints.way_api import present_way
from chalicelib.web.parsing import read_cursor
from chalicelib.web.presenters import present_upload
from chalicelib.web.rendering import render
from chalicelib.web.routing import Routes
from chalicelib.web.visit import Visit
from chalicelib.workflows.show_way import trace_upload

routes = Routes(__name__)
_LIST_SIZE = 30


@routes.page("/upload", act="upload")
def show_upload_page(visit: Visit) -> Answer:
    page = visit.stores.uploads().list_for_user(visit.listener.user_id, limit=_LIST_SIZE, cursor=read_cursor(visit))
    return render(
        visit,
        "upload.html",
        embeds_music=True,
        uploads=[(present_upload(upload), present_way(trace_upload(upload))) for upload in page.items],
        next_cursor=page.next_cursor,
        max_bytes=visit.settings.max_upload_bytes,
    )
