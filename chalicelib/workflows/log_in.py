"""Somebody logs in: throttled by address and by username, answered in the same time and words whatever was wrong."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

import msgspec

from chalicelib.errors import NotFoundError, NotSignedInError
from chalicelib.model import Session, User
from chalicelib.workflows.account_ports import OpenSessions
from chalicelib.workflows.limit_rate import limit_rate
from chalicelib.workflows.passwords import Passwords
from chalicelib.workflows.ports import SessionStore, ThrottleStore, UserStore

_WINDOW_S = 300
_ADDRESS_FACTOR = 10  # a household or a school shares one address
SEEN_EVERY = timedelta(minutes=5)  # that a session was used is written at most so often
_DEMO_LOG_INS = 60  # from one address in the window


class OpenedSession(msgspec.Struct, frozen=True, kw_only=True):
    """The one moment in which the token is known: only its hash is stored."""

    token: str
    session: Session
    user: User


def log_in(
    *,
    username: str,
    password: str,
    address: str,
    users: UserStore,
    throttles: ThrottleStore,
    passwords: Passwords,
    limit_per_username: int,
    now: datetime,
) -> User:
    """NotSignedInError (`wrong_credentials`), TooManyRequestsError."""
    name = username.strip()
    limit_rate(act="log_in_from", by=address, limit=limit_per_username * _ADDRESS_FACTOR, window_s=_WINDOW_S, throttles=throttles, now=now)
    limit_rate(act="log_in_as", by=name, limit=limit_per_username, window_s=_WINDOW_S, throttles=throttles, now=now)
    user = users.find_by_username(name)
    if not passwords.verify(user.password_hash if user else None, password) or user is None:
        raise NotSignedInError("The username or the password is wrong.", code="wrong_credentials")
    return user


def log_in_as_demo(
    *, username: str, password: str, address: str, users: UserStore, throttles: ThrottleStore, passwords: Passwords, now: datetime
) -> User:
    """The demo listener, for whoever asks, where the settings name one: NotFoundError (`no_demo`) elsewhere. The password is the settings'
    own, so that somebody else who has taken the name is never opened to strangers. TooManyRequestsError."""
    if not username or not password:
        raise NotFoundError("There is no demo here.", code="no_demo")
    limit_rate(act="demo_from", by=address, limit=_DEMO_LOG_INS, window_s=_WINDOW_S, throttles=throttles, now=now)
    user = users.find_by_username(username)
    if user is None or not passwords.verify(user.password_hash, password):
        raise NotFoundError("The demo is not ready yet; please try again in a moment.", code="no_demo")
    return user


def open_session(
    user: User, *, token: str, csrf_token: str, device: str = "", sessions: SessionStore, ttl_s: int, now: datetime
) -> OpenedSession:
    session = Session(
        token_sha256=hash_token(token),
        user_id=user.user_id,
        csrf_token=csrf_token,
        created_at=now,
        expires_at=now + timedelta(seconds=ttl_s),
        device=device,
        last_seen_at=now,
    )
    sessions.add(session)
    return OpenedSession(token=token, session=session, user=user)


def resume_session(token: str, *, sessions: SessionStore, users: UserStore, now: datetime) -> tuple[Session, User] | None:
    """Whose token it is, or None: unknown, expired, or of a user who is gone."""
    session = sessions.find(hash_token(token), now=now)
    user = users.find(session.user_id) if session else None
    return (session, user) if session and user else None


def note_use(session: Session, *, sessions: OpenSessions, now: datetime) -> None:
    """So that a listener can tell which of their devices are in use. One write in some minutes, whatever they do."""
    if session.last_seen_at is None or session.last_seen_at < now - SEEN_EVERY:
        sessions.touch(session.token_sha256, now=now, if_before=now - SEEN_EVERY)


def hash_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
