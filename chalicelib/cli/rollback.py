"""`timbre rollback BUILD`: an earlier build of the index back in force, in every warm function within seconds."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from chalicelib import bootstrap
from chalicelib.cli.output import print_json_line, say
from chalicelib.workflows.roll_back_index import release_index, roll_back_index


def run(arguments: argparse.Namespace) -> int:
    builds, bucket, now = bootstrap.index_builds(), bootstrap.index_bucket(), datetime.now(UTC)
    if arguments.release:
        current = release_index(index_builds=builds, bucket=bucket, build_queue=bootstrap.build_queue(), now=now)
        words = f"{current.build_id} is no longer pinned; a build of what has changed since was asked for."
    else:
        current = roll_back_index(arguments.build, index_builds=builds, bucket=bucket, now=now)
        words = (
            f"{current.build_id} is in force, and pinned: songs that come are found beside it, but no build replaces it until "
            "`timbre rollback --release` or `timbre rebuild`."
        )
    if arguments.json:
        print_json_line(current)
    else:
        say(words)
    return 0
