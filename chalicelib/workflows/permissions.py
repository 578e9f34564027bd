"""Which role may do what: the only place where it is decided. Routes, workflows and templates ask here."""

from __future__ import annotations

from typing import Literal

from chalicelib.errors import NotAllowedError
from chalicelib.model import Role, User

Act = Literal["listen", "upload", "change_any_song", "see_dead_letters"]

MAY: dict[Role, frozenset[Act]] = {
    "listener": frozenset({"listen"}),
    "uploader": frozenset({"listen", "upload"}),  # and change what they brought themselves: `change_track` knows who did
    "operator": frozenset({"listen", "upload", "change_any_song", "see_dead_letters"}),
}
_REFUSALS: dict[Act, str] = {
    "listen": "This account has been closed for listening. An operator can open it again.",
    "upload": "This account listens only: it may not upload songs. An operator can give it the role of an uploader.",
    "change_any_song": "Only the person who uploaded a song, or an operator, may change it.",
    "see_dead_letters": "Only an operator may see what could not be processed.",
}


def may(user: User | None, act: Act) -> bool:
    return user is not None and any(act in MAY[role] for role in user.roles)


def require(user: User, act: Act) -> None:
    """NotAllowedError with a sentence for people."""
    if not may(user, act):
        raise NotAllowedError(_REFUSALS[act])
