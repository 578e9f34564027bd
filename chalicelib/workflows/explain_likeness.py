"""In what a song and others are alike: what a song's page says of each of its neighbours."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.reason_model import PartLikeness
from chalicelib.workflows import ports
from chalicelib.workflows.compare_sounds import read_sounds
from chalicelib.workflows.current_index import CurrentIndex


def explain_likeness(
    track_id: str, other_ids: Sequence[str], *, index: CurrentIndex, tracks: ports.TrackStore
) -> dict[str, tuple[PartLikeness, ...]]:
    """By the others' ids: nearest part first, with what the other is beside the song. Those that cannot be compared are left out."""
    catalogue = index.open_catalogue(tracks)
    if catalogue is None or not other_ids:
        return {}
    compared = read_sounds([track_id, *other_ids], catalogue, tracks).compare([(track_id, other_id) for other_id in other_ids])
    return {other_id: parts for (_, other_id), parts in compared.items()}
