"""`timbre query`: songs that sound like a local recording. It is analysed here and sent nowhere."""

from __future__ import annotations

import argparse
from pathlib import Path

from chalicelib import bootstrap
from chalicelib.cli.similar import print_neighbours
from chalicelib.errors import NotFoundError
from chalicelib.workflows.find_neighbours import find_neighbours_of_sound
from chalicelib.workflows.hear_query import make_sound


def run(arguments: argparse.Namespace) -> int:
    from chalicelib.audio.analysis import analyse_file

    path: Path = arguments.file
    if not path.is_file():
        raise NotFoundError(f"There is no file {str(path)!r}.")
    settings = bootstrap.settings()
    analysis = analyse_file(path, file_name=path.name, engine=settings.mfcc_engine, max_duration_s=settings.max_query_duration_s)
    found = find_neighbours_of_sound(
        make_sound(analysis), count=arguments.count, index=bootstrap.current_index(), tracks=bootstrap.tracks(), max_per_artist=3
    )
    return print_neighbours(f"Near to {path.name}", found, as_json=arguments.json)
