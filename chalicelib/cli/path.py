"""`timbre path`: songs from one song to another, in small even steps of sound."""

from __future__ import annotations

import argparse

from chalicelib import bootstrap
from chalicelib.cli.output import print_json_line, print_table
from chalicelib.cli.similar import find_track
from chalicelib.recommend.reason_words import say_parts
from chalicelib.workflows.find_path import PathStep, find_path


def run(arguments: argparse.Namespace) -> int:
    tracks = bootstrap.tracks()
    first, last = find_track(arguments.from_track, tracks), find_track(arguments.to_track, tracks)
    steps = find_path(first.track_id, last.track_id, length=arguments.length, index=bootstrap.current_index(), tracks=tracks)
    if arguments.json:
        for step in steps:
            song = {"track_id": step.track.track_id, "title": step.track.display_title, "artist": step.track.artist}
            print_json_line({**song, "distance": step.distance, "percentile": step.percentile, "parts": step.parts})
        return 0
    rows = [(say_distance(step), step.track.display_title, step.track.artist, say_step(step), step.track.track_id) for step in steps]
    print_table(f"From {first.display_title} to {last.display_title}", ("step", "title", "artist", "beside the one before", "id"), rows)
    return 0


def say_distance(step: PathStep) -> str | None:
    return None if step.distance is None else f"{step.distance:.3f}"


def say_step(step: PathStep) -> str | None:
    return say_parts(step.parts[0], step.parts[-1], percentile=step.percentile or 0.0) or None if step.parts else None
