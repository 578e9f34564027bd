"""`timbre status`: the state of the catalogue, its receipts, the index, the queues and the plays, in one look."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from chalicelib import bootstrap
from chalicelib.cli.output import print_json_line, print_table
from chalicelib.workflows.records import ConsumerLag
from chalicelib.workflows.show_status import ReanalysisStatus, SystemStatus, show_status


def run(arguments: argparse.Namespace) -> int:
    status = show_status(
        tracks=bootstrap.tracks(),
        uploads=bootstrap.uploads(),
        plays=bootstrap.plays(),
        index_builds=bootstrap.index_builds(),
        dead_letters=bootstrap.dead_letters(),
        reanalyses=bootstrap.reanalyses(),
        queue_watch=bootstrap.queue_watch(),
        lag_watch=bootstrap.lag_watch(),
        now=datetime.now(UTC),
    )
    if arguments.json:
        print_json_line(status)
        return 0
    print_table(
        "Timbre", ("what", "now"), [("tracks", status.track_count), *list_uploads(status), *list_index(status), *list_plays(status)]
    )
    queues = [(each.name, *(_or_unknown(n) for n in (each.waiting, each.in_flight, each.delayed))) for each in status.queues]
    print_table("\nQueues", ("queue", "waiting", "in work", "delayed"), queues)
    if status.newest_dead_letters:
        letters = [(f"{each.created_at:%Y-%m-%d %H:%M:%S}", each.source, each.attempts, each.reason) for each in status.newest_dead_letters]
        print_table(f"\nDead letters: {status.dead_letter_count}, the newest", ("at (UTC)", "source", "attempts", "reason"), letters)
    return 0


def list_uploads(status: SystemStatus) -> list[tuple[str, object]]:
    return [(f"uploads {name}", count) for name, count in sorted(status.uploads_by_status.items())]


def list_index(status: SystemStatus) -> list[tuple[str, object]]:
    build = status.current_build
    rows: list[tuple[str, object]] = [("index build", "none yet")]
    if build is not None:
        rows = [
            ("index build", build.build_id),
            ("index holds", f"{build.track_count} tracks"),
            ("index age", f"{round(status.index_age_s or 0)} s"),
            ("recall@10", build.recall_at_10),
        ]
    rows.append(("changes beyond the index", "yes" if status.tracks_changed_since else "none"))
    return [*rows, *list_reanalysis(status.reanalysis)]


def list_reanalysis(reanalysis: ReanalysisStatus | None) -> list[tuple[str, object]]:
    """Nothing, once all songs are of one version."""
    if reanalysis is None or (reanalysis.is_finished and not reanalysis.failed):
        return []
    failed = f", {reanalysis.failed:,} failed" if reanalysis.failed else ""
    return [("re-analysis", f"{reanalysis.done:,} of {reanalysis.song_count:,} songs (version {reanalysis.version}){failed}")]


def list_plays(status: SystemStatus) -> list[tuple[str, object]]:
    rows: list[tuple[str, object]] = [("plays waiting for their effect", status.plays_waiting)]
    if status.oldest_play_waits_s is not None:
        rows.append(("the oldest waits", f"{status.oldest_play_waits_s:.1f} s"))
    if status.play_to_recommendation is not None:
        latency = status.play_to_recommendation
        rows.append(("play to recommendation", f"median {latency.median_s:.2f} s, p95 {latency.p95_s:.2f} s (last {latency.play_count})"))
    return [*rows, ("plays waiting in Kafka", tell_lag(status.consumer_lag)), ("dead letters", status.dead_letter_count)]


def tell_lag(lag: ConsumerLag) -> str:
    if lag.waiting is None:
        return f"unknown: {lag.unknown_because}"
    places = ", ".join(f"{each.partition}: {each.waiting}" for each in lag.partitions if each.waiting)
    return f"{lag.waiting} in {len(lag.partitions)} partitions{f' ({places})' if places else ''}, group {lag.consumer_group}"


def _or_unknown(number: int | None) -> object:
    return "unknown" if number is None else number
