"""The library's page: songs by words, and everything by artist, album, genre and year."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from chalicelib.library_model import GroupKind
from chalicelib.web import shapes_library
from chalicelib.web.answers import Answer
from chalicelib.web.library import GroupQuery, LibraryQuery, list_groups, make_query
from chalicelib.web.parsing import read_query_as
from chalicelib.web.presenters import present_track
from chalicelib.web.rendering import render
from chalicelib.web.routing import Routes
from chalicelib.web.visit import Visit

routes = Routes(__name__)
_SONGS, _GROUPS, _ALBUMS_OF_ARTIST = 30, 60, 24
By = Literal["song", "artist", "album", "genre", "year"]


class _Asked(LibraryQuery, frozen=True):
    by: By = "song"
    groups_by: Annotated[Literal["name", "count"], msgspec.Meta(description="Of a list of groups.")] = "name"


@routes.page("/search")
def show_library(visit: Visit) -> Answer:
    asked = read_query_as(visit, _Asked)
    return _show_songs(visit, asked) if asked.by == "song" else _show_groups(visit, asked, asked.by)


def _show_songs(visit: Visit, asked: _Asked) -> Answer:
    query = make_query(asked)
    page = visit.stores.tracks().browse(query, limit=_SONGS, cursor=asked.cursor)
    names_artist_alone = query.artist is not None and not (query.text or query.album or query.genre or query.year is not None)
    return render(
        visit,
        "search.html",
        embeds_music=True,
        asked=asked,
        sort=query.sort,
        items=[present_track(track, visit.urls) for track in page.items],
        albums=_list_albums(visit, asked.artist) if names_artist_alone and asked.cursor is None else (),
        next_url=_link(visit, asked, page.next_cursor) if page.next_cursor else "",
    )


def _list_albums(visit: Visit, artist: str) -> tuple[shapes_library.Group, ...]:
    return list_groups(visit, "album", GroupQuery(), artist=artist, limit=_ALBUMS_OF_ARTIST).items


def _show_groups(visit: Visit, asked: _Asked, kind: GroupKind) -> Answer:
    groups = list_groups(visit, kind, GroupQuery(cursor=asked.cursor, sort=asked.groups_by), limit=_GROUPS)
    next_cursor = groups.next_cursor
    next_url = visit.urls.page("/search", by=kind, groups_by=_unless(asked.groups_by, "name"), cursor=next_cursor) if next_cursor else ""
    return render(visit, "library_groups.html", embeds_music=True, asked=asked, kind=kind, groups=groups.items, next_url=next_url)


def _link(visit: Visit, asked: _Asked, cursor: str) -> str:
    return visit.urls.page(
        "/search", q=asked.q, artist=asked.artist, album=asked.album, genre=asked.genre, year=asked.year, sort=asked.sort, cursor=cursor
    )


def _unless(value: str, usual: str) -> str:
    return "" if value == usual else value
