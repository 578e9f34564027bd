"""`timbre export`: everything that is kept of a user, as the settings page gives it, into a file or to standard output."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from chalicelib import bootstrap
from chalicelib.cli.grant import find_user
from chalicelib.cli.output import print_json_line, say
from chalicelib.errors import InvalidInputError
from chalicelib.model import User
from chalicelib.workflows.export_listener import Exporting, write_export


def run(arguments: argparse.Namespace) -> int:
    user, exporting = find_user(arguments.user), prepare_exporting()
    if arguments.to is None:
        write_export(user, exporting, sys.stdout.buffer)
        return 0
    size_bytes = write_file(user, exporting, arguments.to)
    if arguments.json:
        print_json_line({"file": str(arguments.to), "size_bytes": size_bytes})
    else:
        say(f"Everything that is kept of {user.username} is in {arguments.to} ({size_bytes:,} bytes).")
    return 0


def write_file(user: User, exporting: Exporting, to: Path) -> int:
    """Whole or not at all, and for its owner's eyes only. InvalidInputError where the file cannot be written."""
    if to.is_dir():
        raise InvalidInputError(f"{to} is a folder: name a file.")
    part = to.with_name(f".{to.name}.part")
    try:
        part.touch(mode=0o600)
        with part.open("wb") as file:
            size_bytes = write_export(user, exporting, file)
        part.replace(to)
    except OSError as error:
        raise InvalidInputError(f"{to} cannot be written: {error.strerror or error}.") from error
    finally:
        part.unlink(missing_ok=True)
    return size_bytes


def prepare_exporting() -> Exporting:
    stores = bootstrap.account_stores()
    return Exporting(
        history=stores.history,
        personal=stores.personal,
        uploads=bootstrap.uploads(),
        recommendations=bootstrap.recommendations(),
        tracks=bootstrap.tracks(),
        listening=bootstrap.listening(),
        sessions=stores.sessions,
        now=datetime.now(UTC),
    )
