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
from chalicelib.recommend.likeness import FEATURE_PARTS, MFCC_PARTS, Rows, SoundPart, compare_ends, compare_parts
from chalicelib.workflows import ports
from chalicelib.workflows.ask_together import FeaturesOf, Reader, Steps, run_alone


@dataclass(frozen=True, slots=True)
class SoundComparison:
    """Of some songs, read at once."""

    places: Mapping[str, int]  # in the table, by track id; without those that have none
    table: Rows  # standardized columns (n, c)
    parts: tuple[SoundPart, ...]

    def compare(self, pairs: Sequence[tuple[str, str]]) -> dict[tuple[str, str], tuple[PartLikeness, ...]]:
        """Of each pair of (another song, the song): nearest part first, with what the song is beside the other. Pairs that cannot be
        compared are left out."""
        known, others, songs = self._gather(pairs)
        return dict(zip(known, compare_parts(others, songs, self.parts), strict=True)) if known else {}

    def explain(self, track_id: str, reasons: Sequence[Reason]) -> tuple[Reason, ...]:
        """The reasons of one song with their nearest and farthest part."""
        return self.explain_each([(track_id, reasons)])[0]

    def explain_each(self, songs: Sequence[tuple[str, Sequence[Reason]]]) -> list[tuple[Reason, ...]]:
        """`explain` of many songs at once, which costs little more than of one."""
        known, left, right = self._gather([(reason.track_id, track_id) for track_id, reasons in songs for reason in reasons])
        ends = dict(zip(known, compare_ends(left, right, self.parts), strict=True)) if known else {}
        return [tuple(_tell_ends(reason, ends.get((reason.track_id, track_id))) for reason in reasons) for track_id, reasons in songs]

    def _gather(self, pairs: Sequence[tuple[str, str]]) -> tuple[list[tuple[str, str]], Rows, Rows]:
        """The pairs that can be compared, and the rows of either side."""
        known = [pair for pair in dict.fromkeys(pairs) if pair[0] in self.places and pair[1] in self.places]
        others, songs = (self.table[[self.places[pair[side]] for pair in known]] for side in (0, 1))
        return known, others, songs


def _tell_ends(reason: Reason, ends: tuple[PartLikeness, PartLikeness] | None) -> Reason:
    return replace(reason, nearest=ends[0], farthest=ends[1]) if ends is not None else reason


def read_sounds(track_ids: Iterable[str], catalogue: Catalogue, tracks: ports.TrackStore) -> SoundComparison:
    """`gather_sounds`, at once."""
    return run_alone(gather_sounds(track_ids, catalogue), Reader(tracks))


def gather_sounds(track_ids: Iterable[str], catalogue: Catalogue) -> Steps[SoundComparison]:
    """By the features themselves where the index's space is made of them, by the standardized MFCCs where it is those."""
    wanted = list(dict.fromkeys(track_ids))
    space = catalogue.index.scaler
    if isinstance(space, TimbreSpace):
        whole = yield from _gather_features(wanted, catalogue)
        return SoundComparison(_number(whole), _standardize(list(whole.values()), space), FEATURE_PARTS)
    rows = {track_id: vector for track_id, vector in catalogue.vectors_of(wanted).items() if len(vector) == MFCC_COUNT}
    return SoundComparison(_number(rows), np.array(list(rows.values()), dtype=np.float64).reshape(len(rows), MFCC_COUNT), MFCC_PARTS)


def _gather_features(track_ids: Sequence[str], catalogue: Catalogue) -> Steps[dict[str, bytes]]:
    """Of those that have all of them. What is kept with the index need not be read."""
    known = catalogue.index.kept_features.find(track_ids)
    missing = [track_id for track_id in track_ids if track_id not in known]
    found: dict[str, bytes] = (yield FeaturesOf(missing)) if missing else {}
    whole = {track_id: content for track_id, content in found.items() if len(content) == 4 * FEATURE_COUNT}
    catalogue.index.kept_features.keep(whole)
    return known | whole


def _number(track_ids: Iterable[str]) -> dict[str, int]:
    return {track_id: place for place, track_id in enumerate(track_ids)}


def _standardize(contents: Sequence[bytes], space: TimbreSpace) -> Rows:
    table: Rows = np.frombuffer(b"".join(contents), dtype="<f4").reshape(len(contents), FEATURE_COUNT) - space.means
    table /= space.scales
    return table
