"""A large file in parts, as JSON: which parts have arrived, the permission for others, and the end. Only who began an upload may go
on, as long as they may upload."""

from __future__ import annotations

from chalicelib.web import shapes
from chalicelib.web.blueprints.uploads_api import find_own
from chalicelib.web.presenters import present_upload
from chalicelib.web.routing import Routes
from chalicelib.web.shapes_uploads import PartPermission, PartPermissions, PartsRequest, UploadParts
from chalicelib.web.visit import Visit
from chalicelib.workflows.send_parts import complete_upload, count_parts, list_stored, permit_parts, require_parts

routes = Routes(__name__)


@routes.api("/uploads/{upload_id}/parts", errors=("upload_not_found", "not_in_parts", "parts_expired"))
def show_parts(visit: Visit, upload_id: str) -> UploadParts:
    """Which parts have arrived whole: where to go on after a break."""
    upload = find_own(visit, upload_id)
    stored = list_stored(upload, bucket=visit.stores.music_bucket())
    parts = require_parts(upload)
    return UploadParts(part_bytes=parts.part_bytes, part_count=count_parts(parts), stored=tuple(part.number for part in stored))


@routes.api("/uploads/{upload_id}/parts", "POST", act="upload", errors=("not_allowed", "upload_not_found", "not_in_parts"))
def create_part_permissions(visit: Visit, upload_id: str, body: PartsRequest) -> PartPermissions:
    """Gives the permission to PUT some parts straight to the bucket, for an hour."""
    permitted = permit_parts(find_own(visit, upload_id), body.numbers, bucket=visit.stores.music_bucket())
    return PartPermissions(items=tuple(PartPermission(number=each.number, size_bytes=each.size_bytes, url=each.url) for each in permitted))


@routes.api(
    "/uploads/{upload_id}/completion",
    "POST",
    act="upload",
    errors=("not_allowed", "upload_not_found", "not_in_parts", "parts_missing", "parts_expired"),
)
def complete_parts(visit: Visit, upload_id: str) -> shapes.Upload:
    """All parts have arrived: they become the file. Again changes nothing."""
    upload = find_own(visit, upload_id)
    complete_upload(upload, bucket=visit.stores.music_bucket())
    return present_upload(upload)
