"""The listener themselves as JSON: settings, password, sessions, taste, numbers, export, erasure."""

from __future__ import annotations

from chalicelib.web import own_account as own
from chalicelib.web import shapes_me
from chalicelib.web.answers import Answer, answer_json, answer_nothing
from chalicelib.web.auth import forget_cookie
from chalicelib.web.routing import Routes
from chalicelib.web.visit import Visit

routes = Routes(__name__)
_REFUSED = ("password_too_short", "password_too_long", "password_is_username", "password_unchanged")
_PROVEN = ("wrong_password", "demo_stays", "too_many_requests")


@routes.api("/me")
def show_me(visit: Visit) -> shapes_me.Me:
    """Who is logged in, what they may do, and their settings."""
    return own.present_me(visit.listener)


@routes.api("/me/settings", "PATCH")
def change_settings(visit: Visit, body: shapes_me.SettingsChange) -> shapes_me.Me:
    """Pauses the history, or goes on. While it is paused plays are answered as ever and kept nowhere: not in the history, not for taste,
    not in any number. What was kept before stays."""
    return own.present_me(own.pause_history(visit, is_paused=body.history_paused))


@routes.api("/me/password", "PUT", status=204, errors=(*_REFUSED, *_PROVEN))
def change_password(visit: Visit, body: shapes_me.PasswordChange) -> Answer:
    """Changes the password. Every other session ends."""
    own.change_password(visit, body.current_password, body.new_password)
    return answer_nothing()


@routes.api("/me/sessions")
def list_sessions(visit: Visit) -> shapes_me.SessionList:
    """The devices that are logged in: this one first, then the newest."""
    return shapes_me.SessionList(items=tuple(own.present_session(visit, each) for each in own.list_sessions(visit)))


@routes.api("/me/sessions", "DELETE")
def end_other_sessions(visit: Visit) -> shapes_me.SessionsEnded:
    """Logs out every device but this one."""
    return shapes_me.SessionsEnded(count=own.end_other_sessions(visit))


@routes.api("/me/sessions/{session_id}", "DELETE", status=204, errors=("session_not_found",))
def end_session(visit: Visit, session_id: shapes_me.SessionId) -> Answer:
    """Logs one device out, this one too."""
    own.end_session(visit, session_id)
    return answer_nothing()


@routes.api("/me/taste", "DELETE", status=204)
def reset_taste(visit: Visit) -> Answer:
    """Begins the listener's taste anew: plays stay in the history and count for recommendations no more, likes and dislikes are taken
    back."""
    own.reset_taste(visit)
    return answer_nothing()


@routes.api("/me/statistics")
def show_statistics(visit: Visit, query: shapes_me.StatisticsQuery) -> shapes_me.Statistics:
    """What the listener played, in numbers. A play counts once it has taken effect, within a second or so."""
    return own.present_statistics(visit, own.read_statistics(visit, query.period, query.utc_offset_min))


@routes.api("/me/export", errors=("too_many_requests",))
def export_me(visit: Visit) -> shapes_me.Export:
    """Everything that is kept of the listener, written into one file: profile, plays, opinions, uploads, recommendations, sessions, and
    where they stopped. The answer is a link to it."""
    link = own.export(visit)
    return shapes_me.Export(url=link.url, size_bytes=link.size_bytes, expires_s=link.expires_s)


@routes.api("/me", "DELETE", status=202, gives=shapes_me.Erasing, errors=_PROVEN)
def erase_me(visit: Visit, body: shapes_me.EraseRequest) -> Answer:
    """Erases the account and everything that was kept or made of it. Uploaded songs stay, as nobody's, unless `with_uploads` says
    otherwise. It cannot be undone."""
    own.erase_account(visit, body.password, takes_uploads=body.with_uploads)
    return answer_json(shapes_me.Erasing(), status=202, cookies=(forget_cookie(visit),))
