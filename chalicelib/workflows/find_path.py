"""A path of songs from one song to another, in small even steps through the sound between them. The arithmetic is `recommend.paths`'s.

Costs a few searches and one read of names, at any size of the catalogue and any length.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec
import numpy as np

from chalicelib.index.catalogue import Catalogue
from chalicelib.model import TrackCard, TrackName
from chalicelib.reason_model import PartLikeness
from chalicelib.recommend.agreement import Numbers
from chalicelib.recommend.duplicates import name_artist
from chalicelib.recommend.paths import Stop, Strides, choose_way, list_distinct, part_among_points, place_points, spread_over
from chalicelib.workflows import ports
from chalicelib.workflows.compare_sounds import read_sounds
from chalicelib.workflows.current_index import CurrentIndex
from chalicelib.workflows.locate_songs import ALIKE_SHARE, LocatedSongs, SongsAround, find_around, locate_named

POINTS_ASKED = 6  # however long the path is: points that lie close together have most of their neighbours in common
NEAR_POINT = 60
SONGS_A_STOP = 24
PLACE_WORTH = 2.0  # squared distances of alike songs: two such steps more are worth a place, a leap to another kind for one song is not
DETOUR = 1.2  # a step may be so much longer than the ends are apart: where songs are few, all are about as far from each other


class PathStep(msgspec.Struct, frozen=True, kw_only=True):
    track: TrackCard
    distance: float | None = None  # from the step before; None: the first
    percentile: float | None = None  # how many of the catalogue's pairs are farther apart
    parts: tuple[PartLikeness, ...] = ()  # beside the step before, nearest first


def find_path(from_id: str, to_id: str, *, length: int, index: CurrentIndex, tracks: ports.TrackStore) -> tuple[PathStep, ...]:
    """At most `length` songs with both ends, fewer where they lie close together; none while there is no index or an end cannot be
    compared. No song twice; of one artist two in a row only where there is no other. NotFoundError where an end is no active track."""
    catalogue = index.open_catalogue(tracks)
    if catalogue is None:
        return ()
    ends = locate_named([from_id, to_id], catalogue, tracks)
    if len(ends.tracks) < len({from_id, to_id}):
        return ()
    if len(ends.tracks) == 1:  # from a song to itself
        return (PathStep(track=ends.tracks[0]),)
    between = _choose_between(ends, catalogue, tracks, count=length - 2)
    found = tracks.find_cards([name.track_id for name, _ in between])
    there = [(found[name.track_id], unit) for name, unit in between if name.track_id in found]
    return _measure_steps([(ends.tracks[0], ends.units[0]), *there, (ends.tracks[1], ends.units[1])], catalogue, tracks)


def _choose_between(ends: LocatedSongs, catalogue: Catalogue, tracks: ports.TrackStore, *, count: int) -> list[tuple[TrackName, Numbers]]:
    if count < 1:
        return []
    points = place_points(ends.units[0], ends.units[1], count=count)
    asked = spread_over(points, POINTS_ASKED)
    catalogue.look_around(np.concatenate([asked, ends.units]).astype(np.float32))  # asked at once that is cheaper
    around = find_around(catalogue, asked, NEAR_POINT, exclude=ends.ids)
    if not around.ids:
        return []
    names, units = _read_once(around, ends, tracks, space=catalogue.space)
    apart, reach = float(np.linalg.norm(ends.units[1] - ends.units[0])), float(ends.measure_reaches(catalogue).max())
    parted = [rows for rows in part_among_points(units, points, most=SONGS_A_STOP) if rows]
    stops = [Stop(units[rows], [name_artist(names[row]) for row in rows]) for rows in parted]
    first, last = (Stop(unit[np.newaxis], [name_artist(track)]) for unit, track in zip(ends.units, ends.tracks, strict=True))
    worth = PLACE_WORTH * max(reach, catalogue.distance_of(ALIKE_SHARE)) ** 2
    way = choose_way([first, *stops, last], Strides(even=max(apart, reach), longest=max(DETOUR * apart, reach), worth=worth))[1:-1]
    return [(names[rows[place]], units[rows[place]]) for rows, place in zip(parted, way, strict=True) if place is not None]


def _read_once(around: SongsAround, ends: LocatedSongs, tracks: ports.TrackStore, *, space: str) -> tuple[list[TrackName], Numbers]:
    """Those that are still there, each song once however many recordings of it there are."""
    active = tracks.find_names(around.ids)
    there = [row for row, track_id in enumerate(around.ids) if track_id in active]
    names, units = [active[around.ids[row]] for row in there], around.units[there]
    first = len(ends.tracks)
    distinct = list_distinct([*ends.tracks, *names], np.concatenate([ends.units, units]), space=space)
    rows = [row - first for row in distinct if row >= first]
    return [names[row] for row in rows], units[rows]


def _measure_steps(songs: Sequence[tuple[TrackCard, Numbers]], catalogue: Catalogue, tracks: ports.TrackStore) -> tuple[PathStep, ...]:
    ids = [track.track_id for track, _ in songs]
    pairs = list(pairwise(ids))
    compared = read_sounds(ids, catalogue, tracks).compare(pairs)
    steps = [PathStep(track=songs[0][0])]
    for place, pair in enumerate(pairs, start=1):
        distance = float(np.linalg.norm(songs[place][1] - songs[place - 1][1]))
        percentile = catalogue.percentile_of(distance)
        steps.append(PathStep(track=songs[place][0], distance=distance, percentile=percentile, parts=compared.get(pair, ())))
    return tuple(steps)
