"""`timbre rebuild`: one build of the index, here and now, by the workflow of the build function."""

from __future__ import annotations

import argparse

from chalicelib import bootstrap
from chalicelib.cli.output import print_json_line, say
from chalicelib.workflows.rebuild_index import rebuild_index

SENTENCES = {
    "published": "A new index is in force.",
    "unchanged": "Nothing has changed since the last build, so there was nothing to do (--refit builds anyhow).",
    "nothing_active": "There are no tracks to build an index of.",
    "failed": "The build did not pass its checks; the index that was in force stays (`timbre status` and the log tell more).",
    "lease_held": "Another builder is at work; a build after it was asked for.",
    "superseded": "A newer index was put in force meanwhile.",
    "pinned": "A build is pinned.",
    "put_off": "Too little has changed to build now.",
}


def run(arguments: argparse.Namespace) -> int:
    outcome = rebuild_index(bootstrap.index_building(), refit=arguments.refit, at_once=True)
    if arguments.json:
        print_json_line({"outcome": outcome})
    else:
        say(SENTENCES[outcome])
    return 1 if outcome == "failed" else 0
