from __future__ import annotations

from argon2 import PasswordHasher

from chalicelib.workflows.passwords import Passwords, make_hasher


class CountingHasher(PasswordHasher):
    """Notes what is verified; the answer is the real one's."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.verified: list[str] = []
        self.hashed = 0

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        self.hashed += 1
        return super().hash(password, salt=salt)

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # noqa: A002  # argon2's own name
        self.verified.append(str(hash))
        return super().verify(hash, password)


def test_the_right_password_is_known_again_and_a_wrong_one_is_not() -> None:
    passwords = Passwords(make_hasher(memory_kib=8, passes=1))
    kept = passwords.hash("correct horse battery")
    assert passwords.verify(kept, "correct horse battery")
    assert not passwords.verify(kept, "correct horse batterY")
    assert not passwords.verify("no hash at all", "correct horse battery")


def test_an_accent_typed_in_two_ways_is_one_password() -> None:
    passwords = Passwords(make_hasher(memory_kib=8, passes=1))
    assert passwords.verify(passwords.hash("cafe\u0301 creme"), "caf\u00e9 creme")


def test_an_unknown_user_costs_the_same_work_from_the_first_time_on() -> None:
    hasher = CountingHasher()
    known = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("x")
    passwords = Passwords(hasher)
    assert not passwords.verify(known, "guess")
    work_for_known = (hasher.hashed, len(hasher.verified))
    other = CountingHasher()
    assert not Passwords(other).verify(None, "guess")
    assert (other.hashed, len(other.verified)) == work_for_known


def test_the_decoy_matches_no_password_that_can_be_typed() -> None:
    passwords = Passwords(make_hasher(memory_kib=8, passes=1))
    assert not passwords.verify(None, "")


def test_the_default_is_argon2id_with_at_least_the_memory_that_owasp_asks_for() -> None:
    assert Passwords().hash("x").startswith("$argon2id$v=19$m=19456,t=2,p=1$")
