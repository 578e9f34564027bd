"""Changes of a song as JSON, for who uploaded it and for operators: its tags, its removal, its return. And what else its listeners play."""

from __future__ import annotations

from datetime import timedelta

from chalicelib.model import Track
from chalicelib.web import shapes_library
from chalicelib.web.blueprints.tracks_api import find_track
from chalicelib.web.library import AlsoPlayedQuery, TagsRequest, list_company, present_tags
from chalicelib.web.parsing import parse_track_id
from chalicelib.web.presenters import present_time
from chalicelib.web.routing import Routes
from chalicelib.web.visit import Visit
from chalicelib.workflows.change_track import TagChanges, delete_track, edit_track, restore_track

routes = Routes(__name__)
_MAY_FAIL = ("track_not_found", "not_allowed")


@routes.api("/tracks/{track_id}", "PATCH", errors=(*_MAY_FAIL, "not_storable"))
def patch_track(visit: Visit, track_id: str, body: TagsRequest) -> shapes_library.TrackTags:
    """Edits tags. They stay as they are now until a file of the same song comes with other tags of its own than it had."""
    return present_tags(visit, edit(visit, track_id, body.to_changes()))


@routes.api("/tracks/{track_id}", "DELETE", status=202, errors=_MAY_FAIL)
def remove_track(visit: Visit, track_id: str) -> shapes_library.Trashed:
    """Takes a song down at once. For a while it can be brought back; then its files are removed."""
    track = remove(visit, track_id)
    until = (track.trashed_at or visit.now) + timedelta(seconds=visit.settings.trash_ttl_s)
    return shapes_library.Trashed(track_id=track.track_id, restorable_until=present_time(until))


@routes.api("/tracks/{track_id}/restore", "POST", errors=_MAY_FAIL)
def restore_removed_track(visit: Visit, track_id: str) -> shapes_library.TrackTags:
    """Brings a song back that was taken down a moment ago."""
    return present_tags(visit, restore(visit, track_id))


@routes.api("/tracks/{track_id}/also-played", errors=("track_not_found",))
def list_also_played_tracks(visit: Visit, track_id: str, query: AlsoPlayedQuery) -> shapes_library.AlsoPlayedList:
    """What its last listeners also played: songs that at least two others played, those first that they play more than everybody."""
    track = find_track(visit, track_id)
    return shapes_library.AlsoPlayedList(items=list_company(visit, track.track_id, limit=query.limit))


def edit(visit: Visit, track_id: str, changes: TagChanges) -> Track:
    stores = visit.stores
    return edit_track(visit.listener, parse_track_id(track_id), changes, tracks=stores.tracks(), uploads=stores.uploads(), now=visit.now)


def remove(visit: Visit, track_id: str) -> Track:
    stores = visit.stores
    return delete_track(visit.listener, parse_track_id(track_id), tracks=stores.tracks(), uploads=stores.uploads(), now=visit.now)


def restore(visit: Visit, track_id: str) -> Track:
    stores = visit.stores
    return restore_track(
        visit.listener,
        parse_track_id(track_id),
        tracks=stores.tracks(),
        uploads=stores.uploads(),
        trash_ttl_s=visit.settings.trash_ttl_s,
        now=visit.now,
    )
