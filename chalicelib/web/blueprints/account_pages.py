"""The forms for signing up, logging in and logging out. A form that fails is shown again, with a sentence and without the password."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.errors import ConflictError, InvalidInputError, NotFoundError, NotSignedInError, TimbreError, TooManyRequestsError
from chalicelib.web.account import enter_demo, open_for, register
from chalicelib.web.account import verify_credentials as verify
from chalicelib.web.answers import Answer, redirect
from chalicelib.web.auth import forget_cookie, session_cookie
from chalicelib.web.errors import headers_of, status_of
from chalicelib.web.parsing import CredentialsForm, read_form_as
from chalicelib.web.rendering import render
from chalicelib.web.routing import Routes
from chalicelib.web.urls import safe_path
from chalicelib.web.visit import Visit
from chalicelib.workflows.log_out import log_out

routes = Routes(__name__)
_TELLABLE = (InvalidInputError, ConflictError, NotSignedInError, TooManyRequestsError)


@routes.page("/login", access="anyone")
def show_login(visit: Visit) -> Answer:
    return _show_form(visit, "login.html", CredentialsForm(next=visit.query("next")))


@routes.page("/login", "POST", access="anyone")
def submit_login(visit: Visit) -> Answer:
    form = read_form_as(visit, CredentialsForm)
    try:
        user = verify(visit, form.username, form.password)
    except _TELLABLE as error:
        return _show_form(visit, "login.html", form, error)
    opened = open_for(visit, user)
    return redirect(visit.urls.page(safe_path(form.next)), cookies=(session_cookie(visit, opened),))


@routes.page("/demo", "POST", access="anyone")
def submit_demo(visit: Visit) -> Answer:
    """The one button of whoever just wants to listen."""
    form = read_form_as(visit, CredentialsForm)
    try:
        user = enter_demo(visit)
    except (NotFoundError, TooManyRequestsError) as error:
        return _show_form(visit, "login.html", CredentialsForm(next=form.next), error)
    opened = open_for(visit, user)
    return redirect(visit.urls.page(safe_path(form.next)), cookies=(session_cookie(visit, opened),))


@routes.page("/signup", access="anyone")
def show_signup(visit: Visit) -> Answer:
    return _show_form(visit, "signup.html", CredentialsForm(next=visit.query("next")))


@routes.page("/signup", "POST", access="anyone")
def submit_signup(visit: Visit) -> Answer:
    form = read_form_as(visit, CredentialsForm)
    try:
        user = register(visit, form.username, form.password)
    except _TELLABLE as error:
        return _show_form(visit, "signup.html", form, error)
    opened = open_for(visit, user)
    return redirect(visit.urls.page(safe_path(form.next)), cookies=(session_cookie(visit, opened),))


@routes.page("/logout", "POST", act=None)
def submit_logout(visit: Visit) -> Answer:
    log_out(visit.own_session, sessions=visit.stores.sessions())
    return redirect(visit.urls.page("/login"), cookies=(forget_cookie(visit),))


def _show_form(visit: Visit, template: str, form: CredentialsForm, error: TimbreError | None = None) -> Answer:
    if visit.user is not None and error is None:
        return redirect(visit.urls.page(safe_path(form.next)))
    back = safe_path(form.next)
    page = render(
        visit,
        template,
        status=status_of(error) if error else 200,
        username=form.username,
        next="" if back == "/" else back,
        has_demo=bool(visit.settings.demo_username and visit.settings.demo_password),
        error=error.message if error else "",
    )
    return replace(page, headers={**page.headers, **headers_of(error)}) if error else page
