"""Uploads as JSON: the permission to send a file, and the receipts of one's own. Another's receipt does not exist."""

from __future__ import annotations

from chalicelib.errors import NotFoundError
from chalicelib.model import Upload
from chalicelib.web.answers import Answer, answer_json
from chalicelib.web.parsing import UploadRequest, parse_upload_id, read_cursor, read_json, read_limit
from chalicelib.web.presenters import present_list, present_permission, present_upload
from chalicelib.web.routing import Routes
from chalicelib.web.visit import Visit
from chalicelib.workflows.request_upload import request_upload

routes = Routes(__name__)


@routes.api("/uploads", "POST")
def create_upload(visit: Visit) -> Answer:
    wanted = read_json(visit, UploadRequest)
    permission = request_upload(
        visit.listener,
        upload_id=visit.wiring.draw_id(),
        filename=wanted.filename,
        size_bytes=wanted.size_bytes,
        content_type=wanted.content_type,
        uploads=visit.stores.uploads(),
        bucket=visit.stores.music_bucket(),
        max_bytes=visit.settings.max_upload_bytes,
        now=visit.now,
    )
    return answer_json(present_permission(permission), status=201)


@routes.api("/uploads")
def list_uploads(visit: Visit) -> Answer:
    """With `?key=`: the newest receipt of an object that was dropped into the bucket."""
    store = visit.stores.uploads()
    if visit.query("key"):
        found = store.find_by_key(visit.query("key"))
        return answer_json(present_list([present_upload(found)] if found and _may_see(visit, found) else []))
    page = store.list_for_user(visit.listener.user_id, limit=read_limit(visit), cursor=read_cursor(visit))
    return answer_json(present_list([present_upload(upload) for upload in page.items], page.next_cursor))


@routes.api("/uploads/{upload_id}")
def show_upload(visit: Visit, upload_id: str) -> Answer:
    upload = visit.stores.uploads().find(parse_upload_id(upload_id))
    if upload is None or not _may_see(visit, upload):
        raise NotFoundError("There is no such upload.", code="upload_not_found")
    return answer_json(present_upload(upload))


def _may_see(visit: Visit, upload: Upload) -> bool:
    """One's own, and those of nobody: dropped by an S3 client, found by who knows the key."""
    return upload.user_id in (None, visit.listener.user_id)
