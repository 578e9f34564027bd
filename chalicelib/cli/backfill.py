"""`timbre backfill s3://bucket/prefix`: an existing bucket through the uploads queue. Ctrl-C keeps the place; the same call goes on."""

from __future__ import annotations

import argparse
import threading
import time
from datetime import UTC, datetime
from functools import partial
from urllib.parse import urlsplit

from rich.progress import Progress, TaskID

from chalicelib import bootstrap
from chalicelib.cli.output import print_json_line, progress_bar, say
from chalicelib.errors import InvalidInputError, TimbreError
from chalicelib.log import log
from chalicelib.model import Backfill
from chalicelib.workflows.backfill_bucket import Backfilling, backfill_bucket, begin_backfill, count_objects


def run(arguments: argparse.Namespace) -> int:
    backfilling = prepare_backfilling(arguments)
    backfill = begin_backfill(backfilling, resume=arguments.resume)
    if backfill.last_key:
        say(f"Going on after {backfill.last_key} ({backfill.queued} were queued before).")
    try:
        with progress_bar() as bar:
            task = bar.add_task("Queued", total=None)
            count_beside(backfilling, backfill, bar, task)
            seen_before = _count_seen(backfill)

            def show(state: Backfill) -> None:
                bar.update(task, completed=_count_seen(state) - seen_before, description=f"Queued {state.queued}")

            backfill = backfill_bucket(backfill, backfilling, report=show)
    except KeyboardInterrupt:
        say("\nStopped. The same call goes on where this one was.")
        return 130
    report(backfill, as_json=arguments.json)
    return 1 if backfill.failed else 0


def prepare_backfilling(arguments: argparse.Namespace) -> Backfilling:
    bucket, prefix = parse_source(arguments.source)
    if arguments.rate <= 0:
        raise InvalidInputError(f"--rate must be more than 0, got {arguments.rate:g}.")
    return Backfilling(
        bucket=bucket,
        prefix=prefix,
        is_music_bucket=bucket == bootstrap.settings().music_bucket,
        source=bootstrap.source_bucket(bucket),
        music_bucket=bootstrap.music_bucket(),
        upload_queue=bootstrap.upload_queue(),
        queue_watch=bootstrap.queue_watch(),
        backfills=bootstrap.backfills(),
        clock=partial(datetime.now, UTC),
        monotonic=time.monotonic,
        sleep=time.sleep,
        rate_per_s=arguments.rate,
        waiting_max=arguments.max_waiting,
    )


def parse_source(source: str) -> tuple[str, str]:
    """(bucket, prefix) of s3://bucket/prefix."""
    parts = urlsplit(source, allow_fragments=False)
    if parts.scheme != "s3" or not parts.netloc:
        raise InvalidInputError(f"The source must look like s3://bucket/prefix, got {source!r}.")
    return parts.netloc, source.removeprefix(f"s3://{parts.netloc}").removeprefix("/")


def count_beside(backfilling: Backfilling, backfill: Backfill, bar: Progress, task: TaskID) -> None:
    """What lies ahead, counted while the work goes on already: the bar gets its end, and so its estimate, when it is known."""

    def count() -> None:
        total = 0
        try:
            for total in count_objects(backfilling, after=backfill.last_key):  # noqa: B007  # the last one is wanted
                if bar.finished:
                    return
        except TimbreError as exc:  # the work itself will meet it too
            log.info("backfill_not_counted", reason=exc.message)
            return
        bar.update(task, total=total)

    threading.Thread(target=count, name="count-backfill", daemon=True).start()


def report(backfill: Backfill, *, as_json: bool) -> None:
    if as_json:
        print_json_line(backfill)
        return
    say(f"{backfill.queued} files were queued, {backfill.skipped} are no audio by their names, {backfill.failed} could not be read.")


def _count_seen(backfill: Backfill) -> int:
    return backfill.queued + backfill.skipped + backfill.failed
