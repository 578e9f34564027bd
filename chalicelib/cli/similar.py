"""`timbre similar`: the songs nearest to one song, by id or by title."""

from __future__ import annotations

import argparse
import re

from chalicelib import bootstrap
from chalicelib.cli.output import print_json_line, print_table
from chalicelib.errors import NotFoundError
from chalicelib.library_model import TrackQuery
from chalicelib.model import Track
from chalicelib.workflows.find_neighbours import find_neighbours
from chalicelib.workflows.ports import TrackStore

TRACK_ID = re.compile(r"[0-9a-f]{24}")


def find_track(words: str, tracks: TrackStore) -> Track:
    """By id, by title, or the one song that a search for these words finds. NotFoundError says which candidates there are."""
    track = tracks.find(words) if TRACK_ID.fullmatch(words) else tracks.find_by_title(words.lower())
    if track is not None:
        return track
    found = tracks.browse(TrackQuery(text=words), limit=5).items
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(f"{each.display_title} ({each.track_id})" for each in found)
        raise NotFoundError(f"Several songs match {words!r}: {names}.")
    raise NotFoundError(f"There is no song {words!r}: give a track id or a title.")


def run(arguments: argparse.Namespace) -> int:
    tracks = bootstrap.tracks()
    track = find_track(arguments.track, tracks)
    found = find_neighbours(track.track_id, count=arguments.count, index=bootstrap.current_index(), tracks=tracks)
    if arguments.json:
        for each in found:
            near = {"distance": each.distance, "percentile": each.percentile}
            print_json_line({"track_id": each.track.track_id, "title": each.track.display_title, "artist": each.track.artist, **near})
        return 0
    rows = [(f"{e.distance:.3f}", f"{e.percentile:.1f} %", e.track.display_title, e.track.artist, e.track.track_id) for e in found]
    print_table(f"Near to {track.display_title}", ("distance", "nearer than", "title", "artist", "id"), rows)
    return 0
