"""`timbre evaluate`: how good recommendations and spaces are, in figures with intervals; by stored plays and labels, or by a file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import BinaryIO

from chalicelib.cli.evaluate_output import Steps, compare_spaces, flatten_score, print_scores, print_scores_as_json
from chalicelib.cli.output import print_json_line, progress_bar, say
from chalicelib.workflows.evaluate_features import evaluate_features


def run(arguments: argparse.Namespace) -> int:
    if arguments.features is not None:
        return run_on_file(arguments.features, as_json=arguments.json)
    module = "evaluate_online" if arguments.online else "evaluate_stored"
    act: Callable[[argparse.Namespace], int] = import_module(f"chalicelib.cli.{module}").run
    return act(arguments)


def run_on_file(path: Path, *, as_json: bool) -> int:
    """1 where the file gave nothing to judge. The last line of standard output is JSON either way."""
    try:
        with sys.stdin.buffer if str(path) == "-" else path.open("rb") as file, progress_bar() as bar:
            made = evaluate_features(_read_lines(file), advance=Steps(bar).advance)
    except OSError as error:
        say(f"timbre: {path}: {error.strerror or error}.")
        return 1
    for note in made.notes:
        say(note)
    scores = made.report.scores if made.report is not None else {}
    if as_json:
        print_scores_as_json("Neighbours by label", scores)
    else:
        print_scores("Neighbours by label", scores)
    summary: dict[str, object] = {method: flatten_score(score) for method, score in scores.items()}
    if made.report is not None:
        summary |= compare_spaces(made.report)
    print_json_line(summary | {"n": made.songs, "learned_from": made.learned_from, "notes": made.notes})
    return 0 if scores else 1


def _read_lines(file: BinaryIO) -> Iterator[bytes]:
    yield from file
