"""`timbre redrive uploads|plays`: shows what would be put back on its way and what is beyond help, asks, does it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from functools import partial

from chalicelib import bootstrap
from chalicelib.cli.output import print_json_line, print_table, progress_bar, say
from chalicelib.events.dead_messages import parse_record_spans
from chalicelib.events.kafka_events import parse_play_payload
from chalicelib.events.queue_watch import DEAD_LETTERS_OF_UPLOADS
from chalicelib.events.s3_events import parse_object_events
from chalicelib.workflows.operator_ports import RecordReader
from chalicelib.workflows.read_play_letters import UsableLetter
from chalicelib.workflows.redrive_plays import PlayRedriving, plan_play_redrive, redrive_plays
from chalicelib.workflows.redrive_uploads import UploadRedriving, plan_upload_redrive, redrive_uploads

SHOWN = 5


def run(arguments: argparse.Namespace) -> int:
    act = redrive_failed_uploads if arguments.what == "uploads" else redrive_failed_plays
    return act(arguments)


def redrive_failed_uploads(arguments: argparse.Namespace) -> int:
    redriving = UploadRedriving(
        uploads=bootstrap.uploads(),
        dead_letters=bootstrap.dead_letters(),
        music_bucket=bootstrap.music_bucket(),
        upload_queue=bootstrap.upload_queue(),
        redelivery=bootstrap.upload_redelivery(),
        dead_letter_queue=bootstrap.uploads_dead_letter_queue(),
        parse_events=parse_object_events,
        clock=partial(datetime.now, UTC),
    )
    plan = plan_upload_redrive(redriving)
    held = next((each.waiting for each in bootstrap.queue_watch().depths() if each.name == DEAD_LETTERS_OF_UPLOADS), None) or 0
    newest = [(each.key, each.error_code or "no message left", each.message) for each in plan.receipts[:SHOWN]]
    newest += [(", ".join(event.key for event in events), "dead letter", letter.reason) for letter, events in plan.letters[:SHOWN]]
    total = plan.count + held
    show_plan(arguments, total, "uploads", newest, ("file", "was", "why"))
    show_beyond_help(arguments, plan.beyond_help)
    if not total or not is_confirmed(arguments, f"Queue {total} again?"):
        return 0
    with progress_bar() as bar:
        task = bar.add_task("Queued again", total=plan.count)
        done = redrive_uploads(plan, redriving, advance=lambda: bar.advance(task))
    return report_done(arguments, done, "queued again; `timbre status` shows what becomes of them.")


def redrive_failed_plays(arguments: argparse.Namespace) -> int:
    with closing(bootstrap.record_reader()) as record_reader:
        return _redrive_plays(arguments, record_reader)


def _redrive_plays(arguments: argparse.Namespace, record_reader: RecordReader) -> int:
    redriving = PlayRedriving(
        plays=bootstrap.plays(),
        tracks=bootstrap.tracks(),
        users=bootstrap.users(),
        dead_letters=bootstrap.dead_letters(),
        publisher=bootstrap.play_publisher(),
        record_reader=record_reader,
        parse_play=parse_play_payload,
        parse_spans=parse_record_spans,
        resend_after_s=bootstrap.settings().play_resend_after_s,
        clock=partial(datetime.now, UTC),
    )
    plan = plan_play_redrive(redriving)
    newest: list[tuple[object, ...]] = [describe_letter(usable) for usable in plan.letters[:SHOWN]]
    if plan.waiting_count:
        newest.append(("in the outbox", plan.waiting_count, "no effect for too long"))
    show_plan(arguments, plan.count, "plays", newest, ("letter", "plays", "why"))
    show_beyond_help(arguments, plan.beyond_help)
    if not plan.count or not is_confirmed(arguments, f"Send {plan.count} again?"):
        return 0
    with progress_bar() as bar:
        task = bar.add_task("Sent again", total=plan.count)
        done = redrive_plays(plan, redriving, advance=lambda count: bar.advance(task, count))
    code = report_done(arguments, done, "made good: sent again, or of effect already.")
    if done < plan.count:
        say(f"{plan.count - done} were not taken by Kafka: they stay where they are, and the relay tries every minute.")
    return code if done >= plan.count else 1


def describe_letter(usable: UsableLetter) -> tuple[object, ...]:
    kept = f", {len(usable.remains)} beyond help" if usable.remains else ""
    return (usable.letter.letter_id, f"{len(usable.plays)}{kept}", usable.why)


def show_plan(arguments: argparse.Namespace, count: int, things: str, newest: Sequence[Sequence[object]], columns: Sequence[str]) -> None:
    if arguments.json:
        print_json_line({"can_be_redriven": count})
        return
    say(f"{count} {things} can be redriven.")
    if newest:
        print_table("The newest", columns, newest)


def show_beyond_help(arguments: argparse.Namespace, counts: dict[str, int]) -> None:
    if arguments.json:
        print_json_line({"beyond_help": counts})
    elif counts:
        rows = [(why, counts[why]) for why in sorted(counts, key=lambda why: (-counts[why], why))]
        print_table("Beyond help", ("why", "how many"), rows)


def is_confirmed(arguments: argparse.Namespace, question: str) -> bool:
    """`--yes`, or a person's word; never without a person."""
    if arguments.yes:
        return True
    if not sys.stdin.isatty():
        say("Nothing was done: say --yes to do it.")
        return False
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def report_done(arguments: argparse.Namespace, done: int, sentence: str) -> int:
    if arguments.json:
        print_json_line({"redriven": done})
    else:
        say(f"{done} {sentence}")
    return 0
