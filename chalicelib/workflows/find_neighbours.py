"""Songs that sound like one song: the index in force and what changed since, read as they are now, each song once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from chalicelib.errors import NotFoundError
from chalicelib.index.angular import scale_to_unit
from chalicelib.index.catalogue import Catalogue
from chalicelib.index.scaler import Vectors
from chalicelib.index.search import Neighbour
from chalicelib.model import MFCC_SINCE_VERSION, Track, TrackCard, TrackVector
from chalicelib.recommend.diversity import ArtistCap
from chalicelib.recommend.duplicates import KnownSongs
from chalicelib.workflows import ports
from chalicelib.workflows.ask_together import FeaturesOf, Reader, Steps, TracksOf, run_alone
from chalicelib.workflows.current_index import CurrentIndex

SPARE = 15  # found beyond what is asked for: some are removed, twins, or one artist's too many
LOOKS = 4  # each four times as wide as the one before, until there are enough


class NeighbourTrack(msgspec.Struct, frozen=True):
    track: TrackCard
    distance: float  # angular, 0 (alike) to 2 (opposite)
    percentile: float  # 0-100: how many of the catalogue's pairs are farther apart


def find_neighbours(
    track_id: str, *, count: int, index: CurrentIndex, tracks: ports.TrackStore, max_per_artist: int | None = None
) -> list[NeighbourTrack]:
    """At most `count` others, nearest first; none while there is no index. NotFoundError where there is no such active track."""
    track = tracks.find_cards([track_id]).get(track_id)
    if track is None:
        raise NotFoundError("There is no such track.", code="track_not_found")
    return find_neighbours_of(track, count=count, index=index, tracks=tracks, max_per_artist=max_per_artist)


def find_neighbours_of(
    track: TrackCard, *, count: int, index: CurrentIndex, tracks: ports.TrackStore, max_per_artist: int | None = None
) -> list[NeighbourTrack]:
    """The same, of a track that was read already."""
    catalogue = index.open_catalogue(tracks)
    vector = None if catalogue is None else locate_vectors(catalogue, [track], tracks).get(track.track_id)
    if catalogue is None or vector is None:
        return []
    known = KnownSongs(catalogue.space)
    known.add(track, scale_to_unit(vector))
    return _collect(catalogue, vector, count=count, tracks=tracks, known=known, max_per_artist=max_per_artist, exclude=(track.track_id,))


def find_neighbours_of_sound(
    sound: TrackVector, *, count: int, index: CurrentIndex, tracks: ports.TrackStore, max_per_artist: int | None = None
) -> list[NeighbourTrack]:
    """The same for a sound that is no track: of a clip, say. What sounds the same comes first; none where the sound lacks what the index's
    space is made of."""
    catalogue = index.open_catalogue(tracks)
    vector = None if catalogue is None else catalogue.locate(sound)
    if catalogue is None or vector is None:
        return []
    known = KnownSongs(catalogue.space)
    return _collect(catalogue, vector, count=count, tracks=tracks, known=known, max_per_artist=max_per_artist, exclude=())


def locate_vectors(catalogue: Catalogue, wanted: Sequence[TrackCard], tracks: ports.TrackStore) -> dict[str, Vectors]:
    """`gather_vectors`, at once."""
    return run_alone(gather_vectors(catalogue, wanted), Reader(tracks))


def gather_vectors(catalogue: Catalogue, wanted: Sequence[TrackCard]) -> Steps[dict[str, Vectors]]:
    """The vectors by track id, in the space that the index serves. Those that neither index nor delta has are made of what the store
    knows of them, read at once; without those of which it does not know enough."""
    found = {track.track_id: vector for track in wanted if (vector := catalogue.vector_of(track.track_id)) is not None}
    missing = [track for track in wanted if track.track_id not in found]
    if not missing:
        return found
    whole: dict[str, Track] = {track.track_id: track for track in missing if isinstance(track, Track)}
    unread = [track.track_id for track in missing if track.track_id not in whole]
    if unread:
        whole |= yield TracksOf(unread)
    asked = list(whole) if catalogue.space == "timbre" else []
    features: dict[str, bytes] = (yield FeaturesOf(asked)) if asked else {}
    return found | _make_vectors(catalogue, list(whole.values()), features)


def _make_vectors(catalogue: Catalogue, missing: Sequence[Track], features: Mapping[str, bytes]) -> dict[str, Vectors]:
    made = {}
    for track in missing:
        sound = TrackVector(track.track_id, track.seq, track.mfcc, features=features.get(track.track_id))
        vector = catalogue.locate(sound) if track.feature_version >= MFCC_SINCE_VERSION else None
        if vector is not None:
            made[track.track_id] = vector
    return made


def _collect(
    catalogue: Catalogue,
    vector: Vectors,
    *,
    count: int,
    tracks: ports.TrackStore,
    known: KnownSongs,
    max_per_artist: int | None,
    exclude: tuple[str, ...],
) -> list[NeighbourTrack]:
    artists = ArtistCap(max_per_artist)
    chosen: list[NeighbourTrack] = []
    seen: set[str] = set()
    wanted = count + SPARE
    for _ in range(LOOKS):
        found = catalogue.search(vector, wanted, exclude=exclude)
        fresh = [each for each in found if each.track_id not in seen]
        chosen += _choose(catalogue, fresh, tracks, known, artists)
        seen.update(each.track_id for each in fresh)
        if len(chosen) >= count or len(found) < wanted:
            break
        wanted *= 4
    return chosen[:count]


def _choose(
    catalogue: Catalogue, found: Sequence[Neighbour], tracks: ports.TrackStore, known: KnownSongs, artists: ArtistCap
) -> list[NeighbourTrack]:
    """Those of the found that are still there, are no song that is known, and by an artist that has room."""
    ids = [each.track_id for each in found]
    active = tracks.find_cards(ids)
    chosen = []
    for each, unit in zip(found, catalogue.units_of(ids), strict=True):
        track = active.get(each.track_id)
        if track is None or known.holds(track, unit) or not artists.has_room(track):
            continue
        known.add(track, unit)
        artists.add(track)
        chosen.append(NeighbourTrack(track, each.distance, catalogue.percentile_of(each.distance)))
    return chosen
