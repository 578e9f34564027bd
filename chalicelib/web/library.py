"""The library as pages and API share it: what may be asked, and how groups and songs of it are shown."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from chalicelib.library_model import Group, GroupKind, TrackQuery, TrackSort
from chalicelib.model import Track, TrackCard, User
from chalicelib.web import shapes_library
from chalicelib.web.parsing import Limit, PageQuery
from chalicelib.web.presenters import describe_track
from chalicelib.web.visit import Visit
from chalicelib.workflows.also_played import list_also_played
from chalicelib.workflows.change_track import EARLIEST_YEAR, GREATEST_TRACK_NUMBER, LATEST_YEAR, TagChanges, may_change

Filter = Annotated[str, msgspec.Meta(max_length=300, description="Without regard to case and accents.")]
Tag = Annotated[str, msgspec.Meta(max_length=300)]


class LibraryQuery(PageQuery, frozen=True):
    """Songs that answer everything that is given."""

    q: Annotated[
        str,
        msgspec.Meta(
            max_length=200,
            description="Words of title, artist or album, the last one may be a beginning, one letter may be wrong. The best come first.",
            examples=["blue"],
        ),
    ] = ""
    artist: Filter = ""
    album: Filter = ""
    genre: Filter = ""
    year: Annotated[int, msgspec.Meta(ge=0, le=9999)] | None = None
    sort: Annotated[
        TrackSort | None,
        msgspec.Meta(description="Where there are no words. `track`: as on the album, where `artist` and `album` are given."),
    ] = None


class GroupQuery(PageQuery, frozen=True):
    sort: Annotated[Literal["name", "count"], msgspec.Meta(description="`count`: those with the most songs first.")] = "name"


class AlbumQuery(GroupQuery, frozen=True):
    artist: Annotated[str, msgspec.Meta(max_length=300, description="Albums of this artist alone, by name.")] = ""


class AlsoPlayedQuery(msgspec.Struct, frozen=True):
    limit: Limit = 10


class TagsRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be different. Null or empty text takes a tag away; what is not named stays."""

    title: Annotated[str, msgspec.Meta(min_length=1, max_length=300, examples=["Blue Hour"])] | msgspec.UnsetType = msgspec.UNSET
    artist: Tag | msgspec.UnsetType | None = msgspec.UNSET
    album: Tag | msgspec.UnsetType | None = msgspec.UNSET
    album_artist: Tag | msgspec.UnsetType | None = msgspec.UNSET
    genre: Tag | msgspec.UnsetType | None = msgspec.UNSET
    year: Annotated[int, msgspec.Meta(ge=EARLIEST_YEAR, le=LATEST_YEAR)] | msgspec.UnsetType | None = msgspec.UNSET
    track_number: Annotated[int, msgspec.Meta(ge=1, le=GREATEST_TRACK_NUMBER)] | msgspec.UnsetType | None = msgspec.UNSET

    def to_changes(self) -> TagChanges:
        return TagChanges(**msgspec.structs.asdict(self))


def make_query(asked: LibraryQuery) -> TrackQuery:
    """An album of an artist is in its own order where no other is asked for."""
    usual: TrackSort = "track" if asked.album and asked.artist else "title"
    return TrackQuery(
        text=asked.q.strip(),
        artist=asked.artist or None,
        album=asked.album or None,
        genre=asked.genre or None,
        year=asked.year,
        sort=asked.sort or usual,
    )


def list_groups(
    visit: Visit, kind: GroupKind, asked: GroupQuery, *, artist: str = "", limit: int | None = None
) -> shapes_library.GroupList:
    tracks = visit.stores.tracks()
    page = tracks.list_groups(kind, limit=limit or asked.limit, sort=asked.sort, artist=artist or None, cursor=asked.cursor)
    covers = tracks.find_cards([group.cover_track_id for group in page.items if group.cover_track_id])
    return shapes_library.GroupList(items=tuple(_present_group(visit, group, covers) for group in page.items), next_cursor=page.next_cursor)


def _present_group(visit: Visit, group: Group, covers: dict[str, TrackCard]) -> shapes_library.Group:
    """The song that its cover was taken from may be gone, or have no cover any more."""
    cover = covers.get(group.cover_track_id or "")
    url = visit.urls.cover(cover.track_id) if cover is not None and cover.cover_key else None
    return shapes_library.Group(kind=group.kind, name=group.name, artist=group.artist, track_count=group.count, cover_url=url)


def list_company(visit: Visit, track_id: str, *, limit: int) -> tuple[shapes_library.AlsoPlayed, ...]:
    stores = visit.stores
    found = list_also_played(track_id, user_id=visit.listener.user_id, plays=stores.plays(), tracks=stores.tracks(), limit=limit)
    return tuple(shapes_library.AlsoPlayed(**describe_track(each.track, visit.urls), listeners=each.listeners) for each in found)


def present_tags(visit: Visit, track: Track) -> shapes_library.TrackTags:
    opinion = visit.stores.feedback().find(visit.listener.user_id, track.track_id, now=visit.now)
    described = describe_track(track, visit.urls)
    return shapes_library.TrackTags(**described, opinion=opinion, album_artist=track.album_artist, track_number=track.track_number)


def may_change_track(visit: Visit, track: Track) -> bool:
    user: User = visit.listener
    return may_change(user, track, uploads=visit.stores.uploads())
