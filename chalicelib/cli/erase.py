"""`timbre erase`: a user and all that was kept or made of them, for good. Asks first; what is cut off, the minute's function finishes."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from functools import partial

from chalicelib import bootstrap
from chalicelib.cli.grant import find_user
from chalicelib.cli.output import say
from chalicelib.workflows.erase_user import Erasing, begin_erasure, erase


def run(arguments: argparse.Namespace) -> int:
    user = find_user(arguments.user)
    if not arguments.yes and not _is_confirmed(user.username):
        say("Nothing was erased.")
        return 1
    erasing = Erasing(
        stores=bootstrap.account_stores(),
        listening=bootstrap.listening(),
        exports=bootstrap.export_bucket(),
        music_bucket=bootstrap.music_bucket(),
        clock=partial(datetime.now, UTC),
    )
    begun = begin_erasure(user, takes_uploads=arguments.with_uploads, erasing=erasing)
    erase(begun, erasing, is_time_up=lambda: False)
    say(f"{user.username} is erased. In an hour the minute's function looks once more for what was under way.")
    return 0


def _is_confirmed(username: str) -> bool:
    say(f"This erases {username} and everything that was kept of them. It cannot be undone. Type the username to go on:")
    return sys.stdin.readline().strip() == username
