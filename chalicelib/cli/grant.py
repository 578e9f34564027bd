"""`timbre grant` and `timbre revoke`: what a user may do. The same twice is as good as once."""

from __future__ import annotations

import argparse

from chalicelib import bootstrap
from chalicelib.cli.output import print_json_line, say
from chalicelib.errors import InvalidInputError, NotFoundError
from chalicelib.model import User

NAMES = {"listener": "a listener", "uploader": "an uploader", "operator": "an operator"}


def run(arguments: argparse.Namespace) -> int:
    user = find_user(arguments.user)
    accounts = bootstrap.account_stores().accounts
    if arguments.command == "revoke":
        if arguments.role == "listener":
            raise InvalidInputError("Everybody stays a listener: revoke other roles, or erase the account with `timbre erase`.")
        changed = accounts.revoke(user.user_id, arguments.role)
    else:
        changed = accounts.grant(user.user_id, arguments.role)
    if arguments.json:
        print_json_line({"username": changed.username, "roles": changed.roles})
    else:
        say(describe_change(user, changed, arguments.role))
    return 0


def describe_change(before: User, after: User, role: str) -> str:
    """Whether anything is different, and what holds now."""
    had, has = role in before.roles, role in after.roles
    turn = {(True, True): "already was", (True, False): "no longer is", (False, True): "now is", (False, False): "was not"}[had, has]
    all_roles = ", ".join(NAMES[each] for each in after.roles) or "nothing, and may not even listen"
    return f"{after.username} {turn} {NAMES[role]}. Roles: {all_roles}."


def find_user(username: str) -> User:
    """NotFoundError where nobody is called so."""
    user = bootstrap.users().find_by_username(username)
    if user is None:
        raise NotFoundError(f"There is no user {username!r}.")
    return user
