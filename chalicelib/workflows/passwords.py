"""Hashes passwords with argon2id and checks them, in the same time whether or not there is such a user."""

from __future__ import annotations

import secrets
import unicodedata
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError


def make_hasher(*, memory_kib: int = 19_456, passes: int = 2) -> PasswordHasher:
    """OWASP's smallest setting for argon2id: 19 MiB, two passes, one lane; a Lambda has one slow core."""
    return PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=1)


class Passwords:
    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or make_hasher()

    def hash(self, password: str) -> str:
        return self._hasher.hash(_normalise(password))

    def verify(self, password_hash: str | None, password: str) -> bool:
        """False for a wrong password, and for an unknown user (None) after the same work."""
        decoy = self._decoy  # made before either way is taken, so that the first unknown user takes no longer than a known one
        try:
            self._hasher.verify(password_hash or decoy, _normalise(password))
        except (VerificationError, InvalidHashError):
            return False
        return password_hash is not None

    @cached_property
    def _decoy(self) -> str:
        return self._hasher.hash(secrets.token_urlsafe())


def _normalise(password: str) -> str:
    return unicodedata.normalize("NFKC", password)
