"""Somebody signs up: the rules for usernames and passwords, and the user that comes of it. Opens no session: `log_in` does."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime

from chalicelib.errors import InvalidInputError
from chalicelib.model import Role, User
from chalicelib.workflows.limit_rate import limit_rate
from chalicelib.workflows.passwords import Passwords
from chalicelib.workflows.ports import ThrottleStore, UserStore

_USERNAME = re.compile(r"[\w.-]{3,32}")
PASSWORD_MIN, PASSWORD_MAX = 8, 200
_WINDOW_S = 3600


def register_user(
    *,
    user_id: str,
    username: str,
    password: str,
    address: str,
    users: UserStore,
    throttles: ThrottleStore,
    passwords: Passwords,
    limit_per_address: int,
    roles: tuple[Role, ...] = ("listener", "uploader"),
    now: datetime,
) -> User:
    """InvalidInputError for a name or password outside the rules, ConflictError (`username_taken`), TooManyRequestsError."""
    name = unicodedata.normalize("NFKC", username.strip())
    _check_username(name)
    check_password(password, name)
    limit_rate(act="sign_up", by=address, limit=limit_per_address, window_s=_WINDOW_S, throttles=throttles, now=now)
    user = User(user_id=user_id, username=name, password_hash=passwords.hash(password), roles=roles, created_at=now)
    users.add(user)
    return user


def _check_username(name: str) -> None:
    if not _USERNAME.fullmatch(name):
        raise InvalidInputError(
            "A username has 3 to 32 characters: letters, digits, dots, dashes and underscores.", code="username_not_allowed"
        )


def check_password(password: str, name: str) -> None:
    """InvalidInputError for one outside the rules."""
    if len(password) < PASSWORD_MIN:
        raise InvalidInputError(f"A password has at least {PASSWORD_MIN} characters.", code="password_too_short")
    if len(password) > PASSWORD_MAX:
        raise InvalidInputError(f"A password has at most {PASSWORD_MAX} characters.", code="password_too_long")
    if password.casefold() == name.casefold():
        raise InvalidInputError("The password must not be the username.", code="password_is_username")
