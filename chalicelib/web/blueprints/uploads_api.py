"""Uploads as JSON: the permission to send a file, and the receipts of one's own. Another's receipt does not exist. What is sent in parts
is `upload_parts_api`'s.
"""

from __future__ import annotations

from chalicelib.errors import NotFoundError
from chalicelib.model import Upload
from chalicelib.web import shapes
from chalicelib.web.answers import Answer, answer_nothing
from chalicelib.web.parsing import UploadRequest, UploadsQuery, parse_upload_id
from chalicelib.web.presenters import present_permission, present_upload
from chalicelib.web.routing import Routes
from chalicelib.web.visit import Visit
from chalicelib.workflows.request_upload import WantedUpload, request_upload
from chalicelib.workflows.send_parts import cancel_upload

routes = Routes(__name__)


@routes.api("/uploads", "POST", status=201, act="upload", errors=("not_allowed", "too_large", "empty", "not_audio", "too_many_requests"))
def create_upload(visit: Visit, body: UploadRequest) -> shapes.UploadPermission:
    """Gives the permission to send one file straight to the bucket, and the receipt that tells what becomes of it. With a `request_key`
    it may be asked again, after a reload say: the receipt is the same, and its `status` tells whether there is anything left to send."""
    permission = request_upload(
        visit.listener,
        WantedUpload(
            filename=body.filename,
            size_bytes=body.size_bytes,
            content_type=body.content_type,
            request_key=body.request_key,
            in_parts=body.in_parts,
        ),
        drawn_id=visit.wiring.draw_id(),
        uploads=visit.stores.uploads(),
        bucket=visit.stores.music_bucket(),
        limits=visit.settings,
        now=visit.now,
    )
    return present_permission(permission)


@routes.api("/uploads")
def list_uploads(visit: Visit, query: UploadsQuery) -> shapes.UploadList:
    """One's own receipts, newest first. With `key`: the newest receipt of an object that was dropped into the bucket; with `ids`: those
    receipts."""
    store = visit.stores.uploads()
    if query.ids:
        found = store.find_many(query.ids.split(","))
        return shapes.UploadList(items=tuple(present_upload(each) for each in found.values() if may_see(visit, each)))
    if query.key:
        newest = store.find_by_key(query.key)
        return shapes.UploadList(items=(present_upload(newest),) if newest and may_see(visit, newest) else ())
    page = store.list_for_user(visit.listener.user_id, limit=query.limit, cursor=query.cursor)
    return shapes.UploadList(items=tuple(present_upload(upload) for upload in page.items), next_cursor=page.next_cursor)


@routes.api("/uploads/{upload_id}", errors=("upload_not_found",))
def show_upload(visit: Visit, upload_id: str) -> shapes.Upload:
    """One receipt: how far the file has come, or why it failed."""
    upload = visit.stores.uploads().find(parse_upload_id(upload_id))
    if upload is None or not may_see(visit, upload):
        raise NotFoundError("There is no such upload.", code="upload_not_found")
    return present_upload(upload)


@routes.api("/uploads/{upload_id}", "DELETE", status=204, act="upload", errors=("not_allowed", "upload_not_found", "upload_arrived"))
def delete_upload(visit: Visit, upload_id: str) -> Answer:
    """Calls an upload off whose file has not arrived. Its receipt stays, as failed."""
    cancel_upload(find_own(visit, upload_id), uploads=visit.stores.uploads(), bucket=visit.stores.music_bucket(), now=visit.now)
    return answer_nothing()


def find_own(visit: Visit, upload_id: str) -> Upload:
    """For acts: what nobody owns is nobody's to act on."""
    upload = visit.stores.uploads().find(parse_upload_id(upload_id))
    if upload is None or upload.user_id != visit.listener.user_id:
        raise NotFoundError("There is no such upload.", code="upload_not_found")
    return upload


def may_see(visit: Visit, upload: Upload) -> bool:
    """One's own, and those of nobody: dropped by an S3 client, found by who knows the key."""
    return upload.user_id in (None, visit.listener.user_id)
