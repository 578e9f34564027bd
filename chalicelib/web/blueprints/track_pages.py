"""A song's page, and for those who may: its tags as a form, its removal and its return."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import msgspec

from chalicelib.errors import InvalidInputError, NotFoundError, StoreUnavailableError
from chalicelib.model import Tags, Track
from chalicelib.web import shapes
from chalicelib.web.answers import Answer, redirect
from chalicelib.web.blueprints.track_changes_api import edit, remove, restore
from chalicelib.web.blueprints.tracks_api import find_track
from chalicelib.web.library import list_company, may_change_track, present_tags
from chalicelib.web.listening import list_similar
from chalicelib.web.parsing import parse_track_id, read_form_as
from chalicelib.web.presenters import present_track
from chalicelib.web.rendering import render
from chalicelib.web.routing import Routes
from chalicelib.web.visit import Visit
from chalicelib.workflows.change_track import TagChanges, may_change, read_tags

routes = Routes(__name__)
_SIMILAR, _COMPANY = 12, 12
_Text = Annotated[str, msgspec.Meta(max_length=1000)]


class _TagsForm(msgspec.Struct, frozen=True, kw_only=True):
    """As a browser sends it: an empty field takes a tag away."""

    title: _Text
    artist: _Text = ""
    album: _Text = ""
    album_artist: _Text = ""
    genre: _Text = ""
    year: _Text = ""
    track_number: _Text = ""

    def to_changes(self) -> TagChanges:
        texts = {name: getattr(self, name) for name in ("title", "artist", "album", "album_artist", "genre")}
        return TagChanges(**texts, year=_read_number("year", self.year), track_number=_read_number("track number", self.track_number))


@routes.page("/tracks/{track_id}")
def show_track_page(visit: Visit, track_id: str) -> Answer:
    try:
        track = find_track(visit, track_id)
    except NotFoundError:
        return _show_trashed(visit, parse_track_id(track_id))
    may_change_it = may_change_track(visit, track)
    return render(
        visit,
        "track.html",
        embeds_music=True,
        track=present_tags(visit, track),
        similar=_list_near(visit, track),
        company=list_company(visit, track.track_id, limit=_COMPANY),
        play_count=track.play_count,
        may_change=may_change_it,
    )


@routes.page("/tracks/{track_id}/edit")
def show_tags_form(visit: Visit, track_id: str) -> Answer:
    track = find_track(visit, track_id)
    if not may_change_track(visit, track):
        return redirect(visit.urls.track(track.track_id))
    return _show_form(visit, track, _to_form(read_tags(track)))


@routes.page("/tracks/{track_id}/edit", "POST")
def submit_tags(visit: Visit, track_id: str) -> Answer:
    form = read_form_as(visit, _TagsForm)
    try:
        track = edit(visit, track_id, form.to_changes())
    except InvalidInputError as error:
        return _show_form(visit, find_track(visit, track_id), form, error.message)
    return redirect(visit.urls.track(track.track_id))


@routes.page("/tracks/{track_id}/delete", "POST")
def submit_removal(visit: Visit, track_id: str) -> Answer:
    return redirect(visit.urls.track(remove(visit, track_id).track_id))


@routes.page("/tracks/{track_id}/restore", "POST")
def submit_return(visit: Visit, track_id: str) -> Answer:
    return redirect(visit.urls.track(restore(visit, track_id).track_id))


def _list_near(visit: Visit, track: Track) -> tuple[shapes.Neighbour, ...] | None:
    try:
        return list_similar(visit, track, limit=_SIMILAR)
    except StoreUnavailableError:  # without an index the song can still be heard
        return None


def _show_trashed(visit: Visit, track_id: str) -> Answer:
    """For those who can bring it back; for all others it is gone."""
    track = visit.stores.tracks().find_in_trash(track_id)
    ttl = timedelta(seconds=visit.settings.trash_ttl_s)
    is_late = track is None or track.trashed_at is None or track.trashed_at + ttl <= visit.now
    if track is None or is_late or not may_change(visit.listener, track, uploads=visit.stores.uploads()):
        raise NotFoundError("There is no such track.", code="track_not_found")
    minutes = max(1, round(visit.settings.trash_ttl_s / 60))
    return render(visit, "track_trashed.html", status=404, embeds_music=True, track=present_track(track, visit.urls), minutes=minutes)


def _show_form(visit: Visit, track: Track, form: _TagsForm, error: str = "") -> Answer:
    status = 400 if error else 200
    shown = present_track(track, visit.urls)
    return render(visit, "track_edit.html", status=status, embeds_music=True, track=shown, form=form, error=error)


def _to_form(tags: Tags) -> _TagsForm:
    return _TagsForm(**{name: "" if value is None else str(value) for name, value in msgspec.structs.asdict(tags).items()})


def _read_number(name: str, text: str) -> int | None:
    digits = text.strip()
    if not digits:
        return None
    if not digits.isascii() or not digits.isdigit() or len(digits) > 9:
        raise InvalidInputError(f"The {name} must be a number, got {digits[:20]!r}.")
    return int(digits)
