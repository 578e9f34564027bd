"""The pages of mixes and paths. What they show is in their address: links and forms work them, with or without a script."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec

from chalicelib.errors import StoreUnavailableError
from chalicelib.library_model import TrackQuery
from chalicelib.web import shapes, shapes_explore
from chalicelib.web.answers import Answer
from chalicelib.web.explore import lead_path, list_mixed
from chalicelib.web.parsing import read_query_as
from chalicelib.web.presenters import present_track
from chalicelib.web.rendering import render
from chalicelib.web.routing import Routes
from chalicelib.web.visit import Visit

routes = Routes(__name__)
_SHOWN, _FOUND = 24, 8
_Words = Annotated[str, msgspec.Meta(max_length=200)]
_MaybeId = Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{24})?\Z")]


class _MixAsked(msgspec.Struct, frozen=True):
    to: shapes_explore.Chosen = ()
    away: shapes_explore.Avoided = ()
    q: _Words = ""  # songs to add


class _PathAsked(msgspec.Struct, frozen=True):
    from_id: _MaybeId = msgspec.field(name="from", default="")
    to: _MaybeId = ""
    length: Annotated[int, msgspec.Meta(ge=2, le=25)] = 10
    q: _Words = ""  # songs for one of the ends
    end: Literal["from", "to"] = "from"


@routes.page("/similar")
def show_mix_page(visit: Visit) -> Answer:
    asked = read_query_as(visit, _MixAsked)
    named = visit.stores.tracks().find_cards([*asked.to, *asked.away])
    chosen, avoided = ([each for each in dict.fromkeys(ids) if each in named] for ids in (asked.to, asked.away))
    return render(
        visit,
        "similar.html",
        embeds_music=True,
        asked=asked,
        chosen=[present_track(named[each], visit.urls) for each in chosen],
        avoided=[present_track(named[each], visit.urls) for each in avoided],
        found=_find_songs(visit, asked.q, leave_out=(*chosen, *avoided)),
        items=_list_mixed(visit, chosen, avoided),
    )


@routes.page("/path")
def show_path_page(visit: Visit) -> Answer:
    asked = read_query_as(visit, _PathAsked)
    named = visit.stores.tracks().find_cards([each for each in (asked.from_id, asked.to) if each])
    ends = [present_track(named[each], visit.urls) if each in named else None for each in (asked.from_id, asked.to)]
    steps = _lead_path(visit, ends[0].track_id, ends[1].track_id, length=asked.length) if ends[0] and ends[1] else ()
    return render(
        visit,
        "path.html",
        embeds_music=True,
        asked=asked,
        ends=ends,
        found=_find_songs(visit, asked.q, leave_out=tuple(each.track_id for each in ends if each)),
        steps=steps,
    )


def _find_songs(visit: Visit, words: str, *, leave_out: Sequence[str]) -> list[shapes.Track] | None:
    """None: nothing was looked for."""
    if not words.strip():
        return None
    page = visit.stores.tracks().browse(TrackQuery(text=words), limit=_FOUND + len(leave_out))
    return [present_track(track, visit.urls) for track in page.items if track.track_id not in leave_out][:_FOUND]


def _list_mixed(visit: Visit, chosen: Sequence[str], avoided: Sequence[str]) -> tuple[shapes.Recommendation, ...] | None:
    """None: the index is out of reach."""
    if not chosen and not avoided:
        return ()
    try:
        return list_mixed(visit, chosen, avoided, limit=_SHOWN).items
    except StoreUnavailableError:
        return None


def _lead_path(visit: Visit, from_id: str, to_id: str, *, length: int) -> tuple[shapes_explore.PathStep, ...] | None:
    try:
        return lead_path(visit, from_id, to_id, length=length).items
    except StoreUnavailableError:
        return None
