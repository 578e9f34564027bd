"""The library as JSON: songs by words, artist, album, genre and year, in several orders, and the groups that they fall into."""

from __future__ import annotations

from chalicelib.web import shapes, shapes_library
from chalicelib.web.library import AlbumQuery, GroupQuery, LibraryQuery, list_groups, make_query
from chalicelib.web.presenters import present_track
from chalicelib.web.routing import Routes
from chalicelib.web.visit import Visit

routes = Routes(__name__)


@routes.api("/tracks", errors=("invalid_cursor",))
def list_tracks(visit: Visit, query: LibraryQuery) -> shapes.TrackList:
    """Searches titles, artists and albums; without `q`, all songs, or those of an artist, an album, a genre, a year. A part may hold
    fewer than `limit` songs and have a next one."""
    page = visit.stores.tracks().browse(make_query(query), limit=query.limit, cursor=query.cursor)
    return shapes.TrackList(items=tuple(present_track(track, visit.urls) for track in page.items), next_cursor=page.next_cursor)


@routes.api("/artists", errors=("invalid_cursor",))
def list_artists(visit: Visit, query: GroupQuery) -> shapes_library.GroupList:
    """Artists of songs and of albums, with how many songs they have."""
    return list_groups(visit, "artist", query)


@routes.api("/albums", errors=("invalid_cursor",))
def list_albums(visit: Visit, query: AlbumQuery) -> shapes_library.GroupList:
    """Albums, told apart by whose they are."""
    return list_groups(visit, "album", query, artist=query.artist)


@routes.api("/genres", errors=("invalid_cursor",))
def list_genres(visit: Visit, query: GroupQuery) -> shapes_library.GroupList:
    """Genres as the songs' tags name them."""
    return list_groups(visit, "genre", query)


@routes.api("/years", errors=("invalid_cursor",))
def list_years(visit: Visit, query: GroupQuery) -> shapes_library.GroupList:
    """Years that songs came out in, the last one first."""
    return list_groups(visit, "year", query)
