"""`timbre evaluate` without a file: the running system's own engine, on its own plays and genres."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from chalicelib import bootstrap
from chalicelib.cli.evaluate_output import Steps, compare_spaces, flatten_score, print_scores, print_scores_as_json
from chalicelib.cli.output import print_json_line, progress_bar, say
from chalicelib.workflows.current_index import CurrentIndex
from chalicelib.workflows.evaluate_stored import Evaluating, StoredEvaluation, evaluate_stored


def run(arguments: argparse.Namespace) -> int:
    """1 where there was nothing to judge."""
    with tempfile.TemporaryDirectory(prefix="timbre-evaluate-") as name, progress_bar() as bar:
        made = evaluate_stored(prepare(Path(name), Steps(bar)), users=arguments.users, songs=arguments.songs)
    by_genre = made.by_genre.scores if made.by_genre is not None else {}
    for sentence in describe_gaps(made):
        say(sentence)
    show = print_scores_as_json if arguments.json else print_scores
    show("Foretelling the last new song of each listener", made.by_plays)
    show("Neighbours by genre", by_genre)
    print_json_line(
        {
            "plays": {way: flatten_score(score) for way, score in made.by_plays.items()},
            "genre": {way: flatten_score(score) for way, score in by_genre.items()}
            | (compare_spaces(made.by_genre) if made.by_genre is not None else {}),
            "index": {"recall_at_10": made.recall_at_10},
            "tracks": made.tracks,
            "listeners": made.listeners,
            "songs": made.songs,
        }
    )
    return 0 if made.by_plays or by_genre else 1


def prepare(folder: Path, steps: Steps) -> Evaluating:
    """The space that is served, then both by their names: each has a folder of its own, since it fetches only its own files."""
    bucket, served = bootstrap.index_bucket(), bootstrap.settings().feature_space
    spaces = dict.fromkeys((served, "timbre", "mfcc"))
    return Evaluating(
        listeners=bootstrap.listener_sample(),
        plays=bootstrap.plays(),
        feedback=bootstrap.feedback(),
        tracks=bootstrap.tracks(),
        indexes={space: CurrentIndex(bucket, folder / space, refresh_s=float("inf"), space=space) for space in spaces},
        taste=bootstrap.settings().taste,
        advance=steps.advance,
    )


def describe_gaps(made: StoredEvaluation) -> list[str]:
    if not made.recall_at_10:
        return ["There is no index yet: upload songs, or run `timbre rebuild`."]
    gaps = []
    if made.passed_over:
        gaps.append(f"{made.passed_over} listeners played too little, or nothing new, and were passed over.")
    if not made.by_plays:
        gaps.append("There are no plays to judge by.")
    if made.by_genre is None:
        gaps.append("No song has another artist's song of its genre to find.")
    return gaps
