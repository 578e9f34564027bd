"""`timbre recommend`: what a user would be recommended now, computed afresh, and why. Stores nothing."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from chalicelib import bootstrap
from chalicelib.cli.output import print_json_line, print_table
from chalicelib.errors import NotFoundError
from chalicelib.model import RecommendedTrack
from chalicelib.recommend.arms import read_experiment
from chalicelib.recommend.reason_words import say_reason
from chalicelib.workflows.recommend_for_user import recommend_for_user


def run(arguments: argparse.Namespace) -> int:
    user = bootstrap.users().find_by_username(arguments.user)
    if user is None:
        raise NotFoundError(f"There is no user {arguments.user!r}.")
    tracks = bootstrap.tracks()
    answer = recommend_for_user(
        user.user_id,
        users=bootstrap.users(),
        plays=bootstrap.plays(),
        feedback=bootstrap.feedback(),
        tracks=tracks,
        index=bootstrap.current_index(),
        now=datetime.now(UTC),
        count=arguments.count,
        experiment=read_experiment(bootstrap.settings()),
    )
    named = tracks.find_many([item.track_id for item in answer.items])
    if arguments.json:
        print_json_line(answer)
        return 0
    rows = [
        (f"{item.score:.3f}", named[item.track_id].display_title, named[item.track_id].artist, explain(item))
        for item in answer.items
        if item.track_id in named
    ]
    print_table(
        f"For {user.username} ({answer.basis}, arm {answer.arm}, index {answer.index_build or 'none'})",
        ("score", "title", "artist", "because"),
        rows,
    )
    return 0


def explain(item: RecommendedTrack) -> str:
    """The strongest reason whole, the others by their names."""
    if not item.reasons:
        return "a random song"
    first, *others = item.reasons
    also = f"; also {', '.join(each.display_title for each in others)}" if others else ""
    return f"{say_reason(first)} ({first.distance:.3f}, nearer than {first.percentile:.1f} %){also}"
