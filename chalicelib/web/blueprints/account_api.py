"""Users and sessions as JSON."""

from __future__ import annotations

from chalicelib.web.account import open_for, register, verify_credentials
from chalicelib.web.answers import Answer, answer_json, answer_nothing
from chalicelib.web.auth import forget_cookie, session_cookie
from chalicelib.web.parsing import Credentials, read_json
from chalicelib.web.presenters import present_time, present_user
from chalicelib.web.routing import Routes
from chalicelib.web.visit import Visit
from chalicelib.workflows.log_out import log_out

routes = Routes(__name__)


@routes.api("/users", "POST", access="anyone")
def create_user(visit: Visit) -> Answer:
    wanted = read_json(visit, Credentials)
    return answer_json(present_user(register(visit, wanted.username, wanted.password)), status=201)


@routes.api("/session", "POST", access="anyone")
def create_session(visit: Visit) -> Answer:
    given = read_json(visit, Credentials)
    opened = open_for(visit, verify_credentials(visit, given.username, given.password))
    body = {"token": opened.token, "expires_at": present_time(opened.session.expires_at)}
    return answer_json(body, status=201, cookies=(session_cookie(visit, opened),))


@routes.api("/session", "DELETE")
def delete_session(visit: Visit) -> Answer:
    log_out(visit.own_session, sessions=visit.stores.sessions())
    return answer_nothing(cookies=(forget_cookie(visit),))
