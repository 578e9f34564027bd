"""`timbre export`: everything that is kept of a user, as the settings page gives it, into a file or to standard output."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime

from chalicelib import bootstrap
from chalicelib.cli.grant import find_user
from chalicelib.cli.output import say
from chalicelib.workflows.export_listener import Exporting, write_export


def run(arguments: argparse.Namespace) -> int:
    user, exporting = find_user(arguments.user), prepare_exporting()
    if arguments.to is None:
        write_export(user, exporting, sys.stdout.buffer)
        return 0
    with arguments.to.open("wb") as file:
        size_bytes = write_export(user, exporting, file)
    say(f"{arguments.to}: {size_bytes:,} bytes")
    return 0


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
