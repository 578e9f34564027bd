"""Makes a random draw of songs fit to be looked at: each song once, artists mixed. Where the draw comes from is left to the workflows."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.model import Track
from chalicelib.recommend.diversity import ArtistCap
from chalicelib.recommend.duplicates import KnownSongs


def vary_artists(tracks: Sequence[Track]) -> list[Track]:
    """Each song once; of one artist at most three, while there are others."""
    artists, known, first, rest = ArtistCap(), KnownSongs(), list[Track](), list[Track]()
    for track in tracks:
        if known.holds(track, None):
            continue
        known.add(track, None)
        (first if artists.has_room(track) else rest).append(track)
        artists.add(track)
    return first + rest
