"""A listener changes their account: the password, whether history is kept, where their taste begins, which devices stay logged in."""

from __future__ import annotations

from datetime import datetime

from chalicelib.errors import InvalidInputError, NotAllowedError, NotFoundError
from chalicelib.log import log
from chalicelib.model import Session, User
from chalicelib.workflows.account_ports import AccountStore, OpenSessions
from chalicelib.workflows.limit_rate import limit_rate
from chalicelib.workflows.passwords import Passwords
from chalicelib.workflows.ports import SessionStore, ThrottleStore
from chalicelib.workflows.register_user import check_password

SESSIONS_SHOWN = 100
FEEDBACK_AT_ONCE = 1_000
_WINDOW_S = 300
_TRIES = 10


def prove_password(user: User, password: str, *, passwords: Passwords, throttles: ThrottleStore, now: datetime) -> None:
    """NotAllowedError (`wrong_password`), TooManyRequestsError: whoever finds a device unlocked must not guess."""
    limit_rate(act="prove_password", by=user.user_id, limit=_TRIES, window_s=_WINDOW_S, throttles=throttles, now=now)
    if not passwords.verify(user.password_hash, password):
        raise NotAllowedError("That is not your password.", code="wrong_password")


def refuse_demo(user: User, demo_username: str) -> None:
    """NotAllowedError for the account that is everybody's."""
    if demo_username and user.username == demo_username:
        raise NotAllowedError(
            "The demo account belongs to everybody who comes: its password stays, and so does the account.", code="demo_stays"
        )


def change_password(
    user: User, new_password: str, *, keep: Session, passwords: Passwords, accounts: AccountStore, sessions: OpenSessions
) -> int:
    """How many other sessions have ended. They end before too, so that one that is cut off half-way leaves nobody in by the old one
    who would not be noticed. InvalidInputError for a password outside the rules, or the old one again."""
    check_password(new_password, user.username)
    if passwords.verify(user.password_hash, new_password):
        raise InvalidInputError("That is the password you have already.", code="password_unchanged")
    ended = sessions.remove_all(user.user_id, keep=keep.token_sha256)
    accounts.set_password(user.user_id, passwords.hash(new_password))
    ended += sessions.remove_all(user.user_id, keep=keep.token_sha256)
    log.info("password_changed", user_id=user.user_id, sessions_ended=ended)
    return ended


def reset_taste(user: User, *, accounts: AccountStore, now: datetime) -> None:
    """Plays stay in the history and count for taste no more; likes and dislikes are taken back, and nothing of the list stays, nor of one
    that is being made now. Again from the start does no harm."""
    while not accounts.reset_taste(user.user_id, at=now, opinions=FEEDBACK_AT_ONCE):
        pass
    log.info("taste_reset", user_id=user.user_id)


def end_session(user: User, session_id: str, *, open_sessions: OpenSessions, sessions: SessionStore, now: datetime) -> None:
    """NotFoundError (`session_not_found`): another's does not exist."""
    own = open_sessions.list_for_user(user.user_id, now=now, limit=SESSIONS_SHOWN)
    found = next((each for each in own if each.session_id == session_id), None)
    if found is None:
        raise NotFoundError("There is no such session, or it has ended.", code="session_not_found")
    sessions.remove(found.token_sha256)


def set_history_paused(user: User, *, is_paused: bool, accounts: AccountStore, now: datetime) -> User:
    """From this moment plays are neither kept nor used, or they are again. What was kept before stays."""
    return accounts.pause_history(user.user_id, since=now) if is_paused else accounts.resume_history(user.user_id, at=now)
