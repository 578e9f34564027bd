"""The page of settings, and its forms. A form that fails shows the page again with a sentence at its place; one that did its work leads
back to the page, which says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import msgspec

from chalicelib.errors import InvalidInputError, NotAllowedError, NotFoundError, TimbreError, TooManyRequestsError
from chalicelib.web import own_account as own
from chalicelib.web.answers import Answer, redirect
from chalicelib.web.auth import forget_cookie
from chalicelib.web.errors import headers_of, status_of
from chalicelib.web.parsing import Name, Secret, read_form_as
from chalicelib.web.rendering import render
from chalicelib.web.routing import Routes
from chalicelib.web.theme import Theme, read_theme, theme_cookie
from chalicelib.web.visit import Visit
from chalicelib.workflows.export_listener import ExportLink

routes = Routes(__name__)
_TELLABLE = (InvalidInputError, NotAllowedError, NotFoundError, TooManyRequestsError)
_DONE = {
    "theme": "The look is as you chose.",
    "paused": "History is paused. Nothing that you play is kept from now on.",
    "resumed": "History is on again.",
    "taste": "Your taste begins anew. What you play from now on decides.",
    "password": "The password is changed, and every other device is logged out.",
    "session": "That device is logged out.",
    "sessions": "Every other device is logged out.",
}


class ThemeForm(msgspec.Struct, frozen=True):
    theme: Theme = ""


class HistoryForm(msgspec.Struct, frozen=True):
    history: Literal["on", "paused"] = "on"


class PasswordForm(msgspec.Struct, frozen=True):
    current_password: Secret = ""
    new_password: Secret = ""


class SessionForm(msgspec.Struct, frozen=True):
    session_id: Name = ""  # none: all the others


class EraseForm(msgspec.Struct, frozen=True):
    password: Secret = ""
    with_uploads: Literal["", "yes"] = ""


@routes.page("/settings")
def show_settings(visit: Visit) -> Answer:
    return _show(visit)


@routes.page("/settings/theme", "POST")
def submit_theme(visit: Visit) -> Answer:
    return _done(visit, "theme", "look", cookies=(theme_cookie(visit, read_form_as(visit, ThemeForm).theme),))


@routes.page("/settings/history", "POST")
def submit_history(visit: Visit) -> Answer:
    is_paused = read_form_as(visit, HistoryForm).history == "paused"
    own.pause_history(visit, is_paused=is_paused)
    return _done(visit, "paused" if is_paused else "resumed", "history")


@routes.page("/settings/taste", "POST")
def submit_taste(visit: Visit) -> Answer:
    own.reset_taste(visit)
    return _done(visit, "taste", "taste")


@routes.page("/settings/password", "POST")
def submit_password(visit: Visit) -> Answer:
    form = read_form_as(visit, PasswordForm)
    return _attempt(visit, "password", lambda: own.change_password(visit, form.current_password, form.new_password))


@routes.page("/settings/sessions", "POST")
def submit_session_end(visit: Visit) -> Answer:
    session_id = read_form_as(visit, SessionForm).session_id
    if not session_id:
        own.end_other_sessions(visit)
        return _done(visit, "sessions", "devices")
    return _attempt(visit, "session", lambda: own.end_session(visit, session_id), part="devices")


@routes.page("/settings/export", "POST")
def submit_export(visit: Visit) -> Answer:
    """A link to follow, not a redirect: a form may lead nowhere but to ourselves, says the content security policy."""
    try:
        return _show(visit, export=own.export(visit))
    except TooManyRequestsError as error:
        return _show(visit, failed="export", error=error)


@routes.page("/settings/erase", "POST")
def submit_erasure(visit: Visit) -> Answer:
    form = read_form_as(visit, EraseForm)
    try:
        own.erase_account(visit, form.password, takes_uploads=form.with_uploads == "yes")
    except _TELLABLE as error:
        return _show(visit, failed="erase", error=error)
    return redirect(visit.urls.page("/login"), cookies=(forget_cookie(visit),))


def _attempt(visit: Visit, done: str, act: Callable[[], object], *, part: str = "") -> Answer:
    try:
        act()
    except _TELLABLE as error:
        return _show(visit, failed=part or done, error=error)
    return _done(visit, done, part or done)


def _done(visit: Visit, done: str, part: str, *, cookies: tuple[str, ...] = ()) -> Answer:
    return redirect(visit.urls.page("/settings", done=done) + f"#{part}", cookies=cookies)


def _show(visit: Visit, *, failed: str = "", error: TimbreError | None = None, export: ExportLink | None = None) -> Answer:
    page = render(
        visit,
        "settings.html",
        status=status_of(error) if error else 200,
        embeds_music=True,
        me=visit.listener,
        sessions=[(own.present_session(visit, each), each.last_seen_at or each.created_at) for each in own.list_sessions(visit)],
        chosen_theme=read_theme(visit),
        is_demo=bool(visit.settings.demo_username) and visit.listener.username == visit.settings.demo_username,
        done="" if error else _DONE.get(visit.query("done"), ""),
        failed=failed,
        error=error.message if error else "",
        export=export,
    )
    return replace(page, headers={**page.headers, **headers_of(error)}) if error else page
