"""`timbre status`: the state of the catalogue, its receipts, the index and the plays, in one look."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from chalicelib import bootstrap
from chalicelib.cli.output import print_json_line, print_table
from chalicelib.workflows.show_status import show_status


def run(arguments: argparse.Namespace) -> int:
    status = show_status(
        tracks=bootstrap.tracks(),
        uploads=bootstrap.uploads(),
        plays=bootstrap.plays(),
        index_builds=bootstrap.index_builds(),
        dead_letters=bootstrap.dead_letters(),
    )
    if arguments.json:
        print_json_line(status)
        return 0
    build = status.current_build
    rows: list[tuple[str, object]] = [("tracks", status.track_count)]
    rows += [(f"uploads {name}", count) for name, count in sorted(status.uploads_by_status.items())]
    if build is not None:
        age_s = round((datetime.now(UTC) - build.created_at).total_seconds())
        rows += [("index build", build.build_id), ("index holds", f"{build.track_count} tracks"), ("index age", f"{age_s} s")]
        rows.append(("recall@10", build.recall_at_10))
    rows.append(("changes beyond the index", "yes" if status.tracks_changed_since else "none"))
    rows += [("plays waiting for their effect", status.plays_waiting), ("dead letters", status.dead_letter_count)]
    print_table("Timbre", ("what", "now"), rows)
    return 0
