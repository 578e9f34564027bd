"""`timbre indexes`: the builds of the index, the newest first."""

from __future__ import annotations

import argparse

from chalicelib import bootstrap
from chalicelib.cli.output import print_json_line, print_table, say
from chalicelib.workflows.list_indexes import ListedBuild, list_indexes

COLUMNS = ("build", "state", "songs", "recall", "spaces", "size", "took")  # within 80 characters


def run(arguments: argparse.Namespace) -> int:
    listed = list_indexes(index_builds=bootstrap.index_builds(), bucket=bootstrap.index_bucket(), limit=arguments.limit)
    if arguments.json:
        for each in listed:
            print_json_line(each)
        return 0
    print_table("Builds of the index, named by their time (UTC)", COLUMNS, [make_row(each) for each in listed], whole="build")
    for each in listed:
        if each.build.reason:
            say(f"{each.build.build_id}: {each.build.reason}")
    return 0


def make_row(listed: ListedBuild) -> tuple[object, ...]:
    build = listed.build
    recall = f"{build.recall_at_10:.4f}" if build.recall_at_10 is not None else ""
    size = f"{listed.size_bytes / 1e6:.1f} MB" if listed.size_bytes is not None else ""
    took = f"{build.build_s:.1f} s"
    return (build.build_id, listed.state, f"{build.track_count:,}", recall, "+".join(build.spaces), size, took)
