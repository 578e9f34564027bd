"""Users and sessions as JSON."""

from __future__ import annotations

from chalicelib.web import shapes
from chalicelib.web.account import open_for, register, verify_credentials
from chalicelib.web.answers import Answer, answer_json, answer_nothing
from chalicelib.web.auth import forget_cookie, session_cookie
from chalicelib.web.parsing import Credentials, NewUser
from chalicelib.web.presenters import present_time, present_user
from chalicelib.web.routing import Routes
from chalicelib.web.visit import Visit
from chalicelib.workflows.log_out import log_out

routes = Routes(__name__)
_REFUSED = ("username_not_allowed", "password_too_short", "password_too_long", "password_is_username")


@routes.api("/users", "POST", access="anyone", status=201, errors=(*_REFUSED, "username_taken", "too_many_requests"))
def create_user(visit: Visit, body: NewUser) -> shapes.User:
    """Signs up. It opens no session: log in with the same name and password."""
    return present_user(register(visit, body.username, body.password))


@routes.api("/session", "POST", access="anyone", status=201, gives=shapes.SessionOpened, errors=("wrong_credentials", "too_many_requests"))
def create_session(visit: Visit, body: Credentials) -> Answer:
    """Logs in. The token works as a bearer token; a browser also gets it as a cookie."""
    opened = open_for(visit, verify_credentials(visit, body.username, body.password))
    told = shapes.SessionOpened(token=opened.token, expires_at=present_time(opened.session.expires_at))
    return answer_json(told, status=201, cookies=(session_cookie(visit, opened),))


@routes.api("/session", "DELETE", status=204, act=None)
def delete_session(visit: Visit) -> Answer:
    """Logs out: the token of this request is worth nothing from now on."""
    log_out(visit.own_session, sessions=visit.stores.sessions())
    return answer_nothing(cookies=(forget_cookie(visit),))
