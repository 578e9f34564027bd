"""Who asks, and whether the request is of their own will: cookies, bearer tokens, form tokens, the origin of writes.
Opens no session (`workflows/log_in.py`) and decides nothing about tracks or uploads.
"""

from __future__ import annotations

import hmac
from dataclasses import replace
from urllib.parse import urlsplit

from chalicelib.errors import NotAllowedError
from chalicelib.web.cookies import make_cookie, read_cookie
from chalicelib.web.visit import Visit
from chalicelib.workflows.log_in import OpenedSession, note_use, resume_session

SESSION_COOKIE = "timbre_session"
FORM_COOKIE = "timbre_form"  # ties the log-in and sign-up forms, which have no session yet, to the browser that fetched them
_FORM_COOKIE_S = 4 * 3600
_TOKEN_MAX = 200


def identify(visit: Visit) -> Visit:
    """The same visit with its session and user, if the token is good."""
    bearer = _read_bearer(visit)
    token = bearer or read_cookie(visit, SESSION_COOKIE)
    if not token:
        return visit
    found = resume_session(token, sessions=visit.stores.sessions(), users=visit.stores.users(), now=visit.now)
    if found is None:
        return visit
    note_use(found[0], sessions=visit.stores.account_stores().sessions, now=visit.now)
    return replace(visit, session=found[0], user=found[1], uses_bearer=bool(bearer))


def check_form_token(visit: Visit, given: str) -> None:
    """NotAllowedError unless the form was made for this session (or, before one, for this browser) and comes from our own pages."""
    _check_origin_if_told(visit)
    expected = visit.session.csrf_token if visit.session else read_cookie(visit, FORM_COOKIE)
    if not expected or not hmac.compare_digest(expected.encode(), given.encode()):
        raise NotAllowedError("This form is out of date; please go back, reload the page and try again.", code="form_expired")


def check_origin(visit: Visit) -> None:
    """NotAllowedError for a JSON write that another site may have made a browser send. A bearer token needs no origin."""
    if visit.uses_bearer:
        return
    _check_origin_if_told(visit)
    is_told = bool(visit.header("origin")) or visit.header("sec-fetch-site") == "same-origin"
    if visit.session is not None and not is_told:
        raise _wrong_origin()
    _check_listener_if_told(visit)


def _check_listener_if_told(visit: Visit) -> None:
    """A tab that was opened by one listener sends the cookie of whoever logged in since; the player says whose tab it is."""
    meant = visit.header("timbre-listener")
    if meant and visit.user is not None and meant != visit.user.user_id:
        raise NotAllowedError("Somebody else is logged in on this browser now; please reload the page.", code="other_listener")


def _check_origin_if_told(visit: Visit) -> None:
    origin = visit.header("origin")
    if origin and urlsplit(origin).netloc.lower() not in _own_hosts(visit):
        raise _wrong_origin()


def _own_hosts(visit: Visit) -> set[str]:
    names = (visit.header("host"), str(visit.request.context.get("domainName") or ""))
    return {name.lower() for name in names if name}


def _wrong_origin() -> NotAllowedError:
    return NotAllowedError("This request does not come from a page of Timbre.", code="wrong_origin")


def form_token(visit: Visit) -> tuple[str, tuple[str, ...]]:
    """The token that a form of this visit must carry, and the cookies to set for it."""
    if visit.session is not None:
        return visit.session.csrf_token, ()
    known = read_cookie(visit, FORM_COOKIE)
    if known:
        return known, ()
    fresh = visit.wiring.draw_token()
    return fresh, (make_cookie(visit, FORM_COOKIE, fresh, max_age_s=_FORM_COOKIE_S),)


def session_cookie(visit: Visit, opened: OpenedSession) -> str:
    return make_cookie(visit, SESSION_COOKIE, opened.token, max_age_s=visit.settings.session_ttl_s)


def forget_cookie(visit: Visit) -> str:
    return make_cookie(visit, SESSION_COOKIE, "", max_age_s=0)


def _read_bearer(visit: Visit) -> str:
    scheme, _, token = visit.header("authorization").partition(" ")
    return _bound(token.strip()) if scheme.lower() == "bearer" else ""


def _bound(token: str) -> str:
    return token if len(token) <= _TOKEN_MAX else ""
