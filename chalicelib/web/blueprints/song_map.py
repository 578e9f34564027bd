"""The map of all songs: its page, where the points are, and what the songs under the pointer are called."""

from __future__ import annotations

import msgspec

from chalicelib.web import shapes, shapes_map
from chalicelib.web.answers import Answer
from chalicelib.web.library import GroupQuery, list_groups
from chalicelib.web.presenters import present_track
from chalicelib.web.rendering import render
from chalicelib.web.routing import Routes
from chalicelib.web.visit import Visit
from chalicelib.workflows.find_map import FoundMap, find_map, list_own_songs

routes = Routes(__name__)
_LINK_TTL_S = 600
_GENRES = 40


@routes.page("/map")
def show_map_page(visit: Visit) -> Answer:
    genres = list_groups(visit, "genre", GroupQuery(sort="count"), limit=_GENRES).items
    return render(visit, "map.html", embeds_music=True, genres=genres)


@routes.api("/map", errors=("store_unavailable",))
def show_map(visit: Visit) -> shapes_map.SongMap:
    """Where all songs stand on the map, as a link to a compact file, and which of them the listener played and should like."""
    stores = visit.stores
    found = find_map(stores.index_bucket())
    own = list_own_songs(visit.listener.user_id, plays=stores.plays(), recommendations=stores.recommendations())
    return shapes_map.SongMap(points=_present(visit, found) if found else None, played=own.played, recommended=own.recommended)


@routes.api("/map/songs")
def list_map_songs(visit: Visit, query: shapes_map.MapSongsQuery) -> shapes.TrackList:
    """The songs with these ids, in their order. Those that are gone since the map was drawn are left out."""
    found = visit.stores.tracks().find_cards(query.track_ids)
    return shapes.TrackList(items=tuple(present_track(found[track_id], visit.urls) for track_id in query.track_ids if track_id in found))


def _present(visit: Visit, found: FoundMap) -> shapes_map.MapPoints:
    return shapes_map.MapPoints(
        url=visit.stores.index_bucket().presign_get(found.build_id, "map.bin", expires_s=_LINK_TTL_S),
        build_id=found.build_id,
        track_count=found.facts.track_count,
        size_bytes=found.file.size_bytes,
        sha256=found.file.sha256,
        genres=tuple(shapes_map.MapGenre(**msgspec.structs.asdict(genre)) for genre in found.facts.genres),
    )
