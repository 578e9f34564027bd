"""In what songs are alike: their parts of the sound, in the space that the index serves. The arithmetic is `recommend.likeness`'s."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from msgspec.structs import replace

from chalicelib.feature_model import FEATURE_COUNT
from chalicelib.index.catalogue import Catalogue
from chalicelib.index.timbre_space import TimbreSpace
from chalicelib.model import MFCC_COUNT
from chalicelib.reason_model import PartLikeness, Reason
from chalicelib.recommend.likeness import FEATURE_PARTS, MFCC_PARTS, Rows, SoundPart, compare_parts
from chalicelib.workflows import ports


@dataclass(frozen=True, slots=True)
class SoundComparison:
    """Of some songs, read at once."""

    rows: Mapping[str, Rows]  # standardized columns (c,) by track id; without those that have none
    parts: tuple[SoundPart, ...]

    def compare(self, pairs: Sequence[tuple[str, str]]) -> dict[tuple[str, str], tuple[PartLikeness, ...]]:
        """Of each pair of (another song, the song): nearest part first, with what the song is beside the other. Pairs that cannot be
        compared are left out."""
        known = [pair for pair in dict.fromkeys(pairs) if pair[0] in self.rows and pair[1] in self.rows]
        if not known:
            return {}
        others, songs = (np.array([self.rows[pair[side]] for pair in known]) for side in (0, 1))
        return dict(zip(known, compare_parts(others, songs, self.parts), strict=True))

    def explain(self, track_id: str, reasons: Sequence[Reason]) -> tuple[Reason, ...]:
        """The reasons of one song with their nearest and farthest part."""
        return self.explain_each([(track_id, reasons)])[0]

    def explain_each(self, songs: Sequence[tuple[str, Sequence[Reason]]]) -> list[tuple[Reason, ...]]:
        """`explain` of many songs at once, which costs little more than of one."""
        compared = self.compare([(reason.track_id, track_id) for track_id, reasons in songs for reason in reasons])
        return [
            tuple(_tell_parts(reason, compared.get((reason.track_id, track_id), ())) for reason in reasons) for track_id, reasons in songs
        ]


def _tell_parts(reason: Reason, parts: tuple[PartLikeness, ...]) -> Reason:
    return replace(reason, nearest=parts[0], farthest=parts[-1]) if parts else reason


def read_sounds(track_ids: Iterable[str], catalogue: Catalogue, tracks: ports.TrackStore) -> SoundComparison:
    """By the features themselves where the index's space is made of them, by the standardized MFCCs where it is those."""
    wanted = list(dict.fromkeys(track_ids))
    space = catalogue.index.scaler
    if isinstance(space, TimbreSpace):
        return SoundComparison(_read_features(wanted, space, tracks), FEATURE_PARTS)
    vectors = {track_id: vector for track_id in wanted if (vector := catalogue.vector_of(track_id)) is not None}
    rows = {track_id: np.asarray(vector, dtype=np.float64) for track_id, vector in vectors.items() if len(vector) == MFCC_COUNT}
    return SoundComparison(rows, MFCC_PARTS)


def _read_features(track_ids: list[str], space: TimbreSpace, tracks: ports.TrackStore) -> dict[str, Rows]:
    found = tracks.features_of(track_ids)
    read = {track_id: np.frombuffer(content, dtype="<f4") for track_id, content in found.items()}
    return {track_id: (row - space.means) / space.scales for track_id, row in read.items() if len(row) == FEATURE_COUNT}
