"""The `timbre` command: words to acts. Each act is a module beside this one; what they print goes through `output`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import get_args

from chalicelib import __version__
from chalicelib.cli.output import OutputClosedError
from chalicelib.config import adopt_running_machine
from chalicelib.errors import TimbreError
from chalicelib.log import log
from chalicelib.model import Role

RUN_FILE = Path(".timbre/run.json")


def parse_path(text: str) -> Path:
    """Never the whole current folder because a variable of the shell was empty."""
    if not text:
        raise argparse.ArgumentTypeError("the name of a file is empty")
    return Path(text)


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="timbre", description="Songs that sound alike: analyse, upload, ask.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    analyse = commands.add_parser("analyse", help="tags, MFCC and features of local files, no server needed")
    analyse.add_argument("files", nargs="+", type=parse_path, metavar="FILE", help="or a folder: all audio below it")
    analyse.add_argument("--engine", choices=("streaming", "librosa"), default="streaming")

    upload = commands.add_parser("upload", help="files or folders into the bucket, with receipts")
    upload.add_argument("paths", nargs="+", type=parse_path, metavar="PATH")
    upload.add_argument("--no-wait", action="store_true", help="do not wait for the receipts")
    upload.add_argument("--timeout", type=float, default=600.0, metavar="SECONDS", help="how long to wait for receipts (600)")

    commands.add_parser("status", help="catalogue, receipts, index, queues, plays, dead letters")

    rebuild = commands.add_parser("rebuild", help="build the index now")
    rebuild.add_argument("--refit", action="store_true", help="a new scaler, and every document standardized with it")

    evaluate = commands.add_parser("evaluate", help="how good recommendations and spaces are, beside simpler ways, with intervals")
    judged = evaluate.add_mutually_exclusive_group()
    judged.add_argument(
        "--features", type=parse_path, metavar="FILE", help="lines of `analyse --json` with a `label`: no server needed (-: stdin)"
    )
    judged.add_argument("--online", action="store_true", help="plays, completions and skips per arm of the A/B test")
    evaluate.add_argument("--users", type=int, default=200, metavar="N", help="listeners whose last new song is to be foretold (200)")
    evaluate.add_argument("--songs", type=int, default=5_000, metavar="N", help="songs judged by their genre (5000)")

    add_listening_commands(commands)
    add_operator_commands(commands)
    add_account_commands(commands)
    for command in commands.choices.values():
        command.add_argument("--json", action="store_true", help="JSON lines instead of tables")
    return parser


def add_listening_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    similar = commands.add_parser("similar", help="songs that sound like a track, or like several and unlike others")
    similar.add_argument("tracks", nargs="+", metavar="TRACK", help="a track id or a title")
    similar.add_argument("--away", action="append", default=[], metavar="TRACK", help="unlike this one; may be given several times")
    similar.add_argument("--count", type=int, default=10)
    similar.add_argument("--build", metavar="BUILD", help="as this build of the index would have answered")

    recommend = commands.add_parser("recommend", help="what a user would be recommended now, and why")
    recommend.add_argument("user", help="a username")
    recommend.add_argument("--count", type=int, default=10)

    radio = commands.add_parser("radio", help="what a radio from a track on would play")
    radio.add_argument("seed", metavar="SEED", help="a track id or a title")
    radio.add_argument("--skip", action="append", default=[], metavar="TRACK", help="as if it had been skipped; may be given several times")
    radio.add_argument("--user", metavar="USER", help="as this user would hear it, with their last plays and dislikes")
    radio.add_argument("--count", type=int, default=20)

    path = commands.add_parser("path", help="songs from one track to another in small even steps")
    path.add_argument("from_track", metavar="FROM", help="a track id or a title")
    path.add_argument("to_track", metavar="TO")
    path.add_argument("--length", type=int, default=10, choices=range(2, 26), metavar="N", help="songs, with both ends (10; 2 to 25)")

    query = commands.add_parser("query", help="songs that sound like a recording, which is kept nowhere")
    query.add_argument("file", type=parse_path, metavar="FILE")
    query.add_argument("--count", type=int, default=10)


def add_operator_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    redrive = commands.add_parser("redrive", help="failed uploads or plays back on their way: shows what, asks, does it")
    redrive.add_argument("what", choices=("uploads", "plays"))
    redrive.add_argument("--yes", action="store_true", help="do not ask")

    indexes = commands.add_parser("indexes", help="builds of the index: which is in force, and which can be put back")
    indexes.add_argument("--limit", type=int, default=20)

    rollback = commands.add_parser("rollback", help="a build back in force at once, and pinned there; a rebuild by hand ends that too")
    chosen = rollback.add_mutually_exclusive_group(required=True)
    chosen.add_argument("build", nargs="?", metavar="BUILD", help="its id, as `timbre indexes` tells it")
    chosen.add_argument("--release", action="store_true", help="the pinned build gives way to the next again")

    backfill = commands.add_parser("backfill", help="an existing bucket through the uploads queue")
    backfill.add_argument("source", metavar="s3://BUCKET/PREFIX")
    backfill.add_argument("--rate", type=float, default=50.0, metavar="N", help="files a second at most (50)")
    backfill.add_argument("--max-waiting", type=int, default=1000, metavar="N", help="wait while the queue holds so many (1000)")
    backfill.add_argument("--resume", action="store_true", help="of a finished one too: only what comes after its last key")


def add_account_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    for name, text in (("grant", "give a user a role"), ("revoke", "take a role from a user")):
        command = commands.add_parser(name, help=text)
        command.add_argument("user", help="a username")
        command.add_argument("role", choices=get_args(Role))

    export = commands.add_parser("export", help="everything that is kept of a user, as JSON")
    export.add_argument("user", help="a username")
    export.add_argument("--to", type=parse_path, metavar="FILE", help="instead of standard output")

    erase = commands.add_parser("erase", help="a user and everything that was kept of them, for good: asks first")
    erase.add_argument("user", help="a username")
    erase.add_argument("--with-uploads", action="store_true", help="the songs that they uploaded too")
    erase.add_argument("--yes", action="store_true", help="do not ask")


def main(argv: Sequence[str] | None = None) -> int:
    """0 when all went well, 1 when a part failed, 2 when the words were wrong."""
    arguments = build_parser().parse_args(argv)
    try:
        if arguments.command != "analyse" and getattr(arguments, "features", None) is None:
            adopt_running_machine(RUN_FILE)
        act: Callable[[argparse.Namespace], int] = import_module(f"chalicelib.cli.{arguments.command}").run
        with log.quiet():
            return act(arguments)
    except TimbreError as error:
        sys.stderr.write(f"timbre: {error.message}\n")
        if error.code == "config_error":
            sys.stderr.write("Start `make run` in this folder first, or set these variables to your own MongoDB and buckets.\n")
        return 1
    except OutputClosedError as closed:
        return leave_output(closed)
    except KeyboardInterrupt:
        return 130


def leave_output(closed: OutputClosedError) -> int:
    """As if the signal had ended us where the reader went. What Python still holds for the output, it must not try to write at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if closed.is_broken_pipe:
        return 141
    sys.stderr.write(f"timbre: standard output: {closed.words}.\n")
    return 1
