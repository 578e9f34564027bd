"""`timbre similar`: the songs nearest to a song, by id or by title; or near to several, and away from others."""

from __future__ import annotations

import argparse
import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from chalicelib import bootstrap
from chalicelib.cli.output import print_json_line, print_table
from chalicelib.errors import NotFoundError
from chalicelib.library_model import TrackQuery
from chalicelib.model import Track
from chalicelib.recommend.reason_words import say_reason
from chalicelib.workflows.find_mix import find_mix
from chalicelib.workflows.find_neighbours import NeighbourTrack, find_neighbours
from chalicelib.workflows.past_index import PastIndex
from chalicelib.workflows.ports import TrackStore
from chalicelib.workflows.show_home import OfferedTrack

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


def past_index(build_id: str) -> PastIndex:
    folder = Path(tempfile.gettempdir()) / f"timbre-index-{os.getuid()}-past"
    return PastIndex(build_id, bootstrap.index_bucket(), folder, space=bootstrap.settings().feature_space)


def run(arguments: argparse.Namespace) -> int:
    """One song alone has neighbours with their distances; several, or some to be away from, are a mix."""
    tracks = bootstrap.tracks()
    named = [find_track(words, tracks) for words in arguments.tracks]
    away = [find_track(words, tracks) for words in arguments.away]
    index = past_index(arguments.build) if arguments.build else bootstrap.current_index()
    if len(named) == 1 and not away:
        near = find_neighbours(named[0].track_id, count=arguments.count, index=index, tracks=tracks)
        return print_neighbours(f"Near to {named[0].display_title}", near, as_json=arguments.json)
    found = find_mix(
        [track.track_id for track in named], [track.track_id for track in away], count=arguments.count, index=index, tracks=tracks
    )
    return print_songs(say_mix(named, away), found, as_json=arguments.json)


def say_mix(named: Sequence[Track], away: Sequence[Track]) -> str:
    near = f"Near to {', '.join(track.display_title for track in named)}" if named else ""
    far = f"away from {', '.join(track.display_title for track in away)}" if away else ""
    said = ", ".join(filter(None, [near, far]))
    return said[:1].upper() + said[1:]


def print_neighbours(title: str, found: Sequence[NeighbourTrack], *, as_json: bool) -> int:
    if as_json:
        for each in found:
            near = {"distance": each.distance, "percentile": each.percentile}
            print_json_line({"track_id": each.track.track_id, "title": each.track.display_title, "artist": each.track.artist, **near})
        return 0
    rows = [(f"{e.distance:.3f}", f"{e.percentile:.1f} %", e.track.display_title, e.track.artist, e.track.track_id) for e in found]
    print_table(title, ("distance", "nearer than", "title", "artist", "id"), rows)
    return 0


def print_songs(title: str, found: Sequence[OfferedTrack], *, as_json: bool) -> int:
    """Songs with their reasons, in their order."""
    if as_json:
        for each in found:
            song = {"track_id": each.track.track_id, "title": each.track.display_title, "artist": each.track.artist}
            print_json_line({**song, "score": each.score, "reasons": each.reasons})
        return 0
    rows = [(e.track.display_title, e.track.artist, say_reason(e.reasons[0]) if e.reasons else None, e.track.track_id) for e in found]
    print_table(title, ("title", "artist", "because", "id"), rows)
    return 0
