"""`timbre erase`: a user and all that was kept or made of them, for good. Asks first; what is cut off, the minute's function finishes."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from functools import partial

from chalicelib import bootstrap
from chalicelib.cli.grant import find_user
from chalicelib.cli.output import print_json_line, say
from chalicelib.errors import TimbreError
from chalicelib.model import User
from chalicelib.workflows.erase_user import Erasing, begin_erasure, erase


def run(arguments: argparse.Namespace) -> int:
    user = find_user(arguments.user)
    if not arguments.yes and not _is_confirmed(user.username, takes_uploads=arguments.with_uploads):
        say("Nothing was erased.")
        return 1
    erase_now(user, takes_uploads=arguments.with_uploads)
    if arguments.json:
        print_json_line({"username": user.username, "erased": True})
    else:
        say(f"{user.username} is erased. In an hour it is looked once more for what was still under way.")
    return 0


def erase_now(user: User, *, takes_uploads: bool) -> None:
    erasing = Erasing(
        stores=bootstrap.account_stores(),
        listening=bootstrap.listening(),
        exports=bootstrap.export_bucket(),
        music_bucket=bootstrap.music_bucket(),
        clock=partial(datetime.now, UTC),
    )
    begun = begin_erasure(user, takes_uploads=takes_uploads, erasing=erasing)
    try:
        erase(begun, erasing, is_time_up=lambda: False)
    except (TimbreError, KeyboardInterrupt):
        say(f"The account of {user.username} is gone. The rest was cut off, and is erased by the function that runs every minute.")
        raise


def _is_confirmed(username: str, *, takes_uploads: bool) -> bool:
    songs = ", and the songs that they uploaded" if takes_uploads else ""
    say(f"This erases {username} with everything that was kept of them{songs}. It cannot be undone. Type the username to go on:")
    return sys.stdin.readline().strip() == username
