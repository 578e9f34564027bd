"""`timbre grant` and `timbre revoke`: what a user may do. The same twice is as good as once."""

from __future__ import annotations

import argparse

from chalicelib import bootstrap
from chalicelib.cli.output import print_json_line, print_table
from chalicelib.errors import InvalidInputError, NotFoundError
from chalicelib.model import User


def run(arguments: argparse.Namespace) -> int:
    user = find_user(arguments.user)
    accounts = bootstrap.account_stores().accounts
    if arguments.command == "revoke":
        if arguments.role == "listener":
            raise InvalidInputError("A listener stays one: revoke other roles, or `timbre erase` the account.")
        changed = accounts.revoke(user.user_id, arguments.role)
    else:
        changed = accounts.grant(user.user_id, arguments.role)
    if arguments.json:
        print_json_line({"username": changed.username, "roles": changed.roles})
    else:
        print_table("", ("user", "roles"), [(changed.username, ", ".join(changed.roles))])
    return 0


def find_user(username: str) -> User:
    """NotFoundError where nobody is called so."""
    user = bootstrap.users().find_by_username(username)
    if user is None:
        raise NotFoundError(f"There is no user {username!r}.")
    return user
