"""The spaces, judged on songs in a file: the lines of `timbre analyse --json`, a label added to each. No server, no database.

The spaces are fitted as a build fits them, which knows no labels. A line that cannot be used is counted and passed over.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from chalicelib.errors import ArtefactError
from chalicelib.feature_model import FEATURE_COUNT
from chalicelib.index.scaler import Vectors
from chalicelib.index.scaler_fitting import Moments
from chalicelib.index.space_fitting import PASSAGES_SAMPLED, gather_passages
from chalicelib.index.timbre_fitting import balance_groups, fit_timbre_space, name_one_artist
from chalicelib.model import MFCC_COUNT, PassageRows
from chalicelib.workflows.evaluate_labels import LabelledSongs, LabelReport, evaluate_labels
from chalicelib.workflows.evaluation_steps import Advance, pass_over

SEED = 1
LARGEST = 1e30  # no feature is; its square is still a number


class UnusableLineError(ValueError):
    """This line can take no part; the words say why. Never leaves this module."""


@dataclass(slots=True)
class SongFile:
    """What was in the file. Parallel lists; `passages` are of a bounded sample of the songs."""

    labels: list[str | None] = field(default_factory=list)
    artists: list[str | None] = field(default_factory=list)
    mfcc: list[npt.NDArray[np.float64]] = field(default_factory=list)
    features: list[npt.NDArray[np.float32] | None] = field(default_factory=list)
    passages: dict[int, PassageRows] = field(default_factory=dict)  # by the song's place
    counted: Counter[str] = field(default_factory=Counter)  # what was passed over
    remarks: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, slots=True)
class FeaturesEvaluation:
    songs: int
    notes: tuple[str, ...]
    report: LabelReport | None  # None: there is nothing to be judged by
    learned_from: int | None  # songs; None where nothing could be learned


def evaluate_features(lines: Iterable[bytes], *, advance: Advance = pass_over) -> FeaturesEvaluation:
    """`advance` is called as work is done: by line, of which nobody knows how many will come, then by query."""
    songs = read_song_file(lines, advance=lambda count: advance("read", count))
    if _are_labels_artists(songs):
        _forget_artists(songs)
    vectors, learned_from = fit_vectors(songs)
    report = evaluate_labels(vectors, LabelledSongs(songs.labels, songs.artists), advance=advance) if vectors else None
    if report is None:
        songs.remarks.append("No song has another artist's song of its label to find: there is nothing to judge by.")
    passed_over = [f"{count} {what}." for what, count in songs.counted.items() if count]
    return FeaturesEvaluation(len(songs), (*passed_over, *songs.remarks), report, learned_from)


def _are_labels_artists(songs: SongFile) -> bool:
    """No label has two artists' songs, and some has two songs."""
    artists: defaultdict[str, list[str | None]] = defaultdict(list)
    for label, artist in zip(songs.labels, songs.artists, strict=True):
        if label is not None:
            artists[label].append(artist)
    several = [each for each in artists.values() if len(each) > 1]
    return bool(several) and all(None not in each and len(set(each)) == 1 for each in several)


def _forget_artists(songs: SongFile) -> None:
    """Else nothing could be found, and the space would have learned what it is asked for."""
    songs.artists = [None] * len(songs)
    songs.passages = {place: msgspec.structs.replace(each, artist=None) for place, each in songs.passages.items()}
    songs.remarks.append("Each label is one artist's: songs of the same artist count here, and the space learned nothing of artists.")


def read_song_file(lines: Iterable[bytes], *, advance: Callable[[int], None] = lambda _count: None) -> SongFile:
    songs, seen, dice = SongFile(), set[str](), np.random.default_rng(SEED)
    for line in lines:
        advance(1)
        if not line.strip(b"\xef\xbb\xbf \t\r\n"):
            continue
        try:
            _add_line(_parse_line(line), songs, seen, dice)
        except UnusableLineError as reason:
            songs.counted[str(reason)] += 1
    return songs if not any(each is not None for each in songs.features) else _drop_featureless(songs)


def _drop_featureless(songs: SongFile) -> SongFile:
    """Both spaces are judged on the same songs: where some have features, the others take no part."""
    kept = [place for place, each in enumerate(songs.features) if each is not None]
    if len(kept) == len(songs):
        return songs
    songs.counted[f"songs without {FEATURE_COUNT} features, left out"] = len(songs) - len(kept)
    return SongFile(
        labels=[songs.labels[place] for place in kept],
        artists=[songs.artists[place] for place in kept],
        mfcc=[songs.mfcc[place] for place in kept],
        features=[songs.features[place] for place in kept],
        passages=songs.passages,
        counted=songs.counted,
    )


def _parse_line(line: bytes) -> dict[str, Any]:
    """Any: whatever stands in a line that somebody wrote; each part is checked where it is used."""
    try:
        parsed = msgspec.json.decode(line.strip(b"\xef\xbb\xbf \t\r\n"))
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise UnusableLineError("lines that are not JSON, or hold NaN") from exc
    if not isinstance(parsed, dict):
        raise UnusableLineError("lines that are no JSON objects")
    return parsed


def _add_line(line: dict[str, Any], songs: SongFile, seen: set[str], dice: np.random.Generator) -> None:
    if line.get("error"):
        raise UnusableLineError("files that could not be analysed")
    mfcc = _read_numbers(line.get("mfcc"), MFCC_COUNT)
    if mfcc is None:
        raise UnusableLineError(f"lines without {MFCC_COUNT} MFCC means")
    track_id = line.get("track_id")
    if isinstance(track_id, str) and track_id:
        if track_id in seen:
            raise UnusableLineError("songs that were there before, under the same track_id")
        seen.add(track_id)
    features = _read_numbers(line.get("features"), FEATURE_COUNT)
    label = _read_name(line.get("label"))
    songs.counted["songs without a label, neither asked nor found"] += label is None
    songs.labels.append(label)
    songs.artists.append(name_one_artist(_read_name(line.get("artist"))))
    songs.mfcc.append(mfcc)
    songs.features.append(None if features is None else features.astype(np.float32))
    if features is not None:
        _keep_passages(line.get("passages"), features, songs, dice)


def _keep_passages(value: object, features: npt.NDArray[np.float64], songs: SongFile, dice: np.random.Generator) -> None:
    """Of a sample of at most PASSAGES_SAMPLED songs (Vitter's reservoir). A song without any is one passage: the whole of it."""
    place = len(songs) - 1
    rows = [_read_numbers(each, FEATURE_COUNT) for each in value] if isinstance(value, list) else []
    usable = [row for row in rows if row is not None]
    songs.counted["songs without passages"] += not usable
    table = np.array(usable or [features])
    if len(songs.passages) >= PASSAGES_SAMPLED:
        draw = int(dice.integers(place + 1))
        if draw >= PASSAGES_SAMPLED:
            return
        del songs.passages[list(songs.passages)[draw]]
    half = np.clip(table, -65_504, 65_504).astype("<f2")  # as the store keeps them
    songs.passages[place] = PassageRows(f"song {place}", songs.artists[place], half.tobytes())


def fit_vectors(songs: SongFile) -> tuple[dict[str, Vectors], int | None]:
    """Vectors (n, d) by space, and how many songs the `timbre` space was learned from. Without features there is none, as in a build; where
    songs are too few it is of the features as they are."""
    if not len(songs):
        return {}, None
    mfcc = np.array(songs.mfcc)
    moments = Moments()
    moments.add(mfcc)
    vectors = {"mfcc": moments.make_scaler(1).transform(mfcc)}
    known = [each for each in songs.features if each is not None]
    if not known:
        songs.remarks.append(f"No line has {FEATURE_COUNT} features: there is no timbre space.")
        return vectors, None
    features = np.array(known)
    scales = Moments()
    scales.add(features.astype(np.float64))
    sample = gather_passages(songs.passages.values())
    try:
        space, _ = fit_timbre_space(scales, sample, version=1, in_force=None)
    except ArtefactError as exc:
        songs.remarks.append(f"{exc.message} So nothing was learned, and the features are compared as they are.")
        return vectors | {"timbre": balance_groups(scales, version=1).transform(features)}, None
    return vectors | {"timbre": space.transform(features)}, len(songs.passages)


def _read_numbers(value: object, count: int) -> npt.NDArray[np.float64] | None:
    """`count` numbers of this world, or None."""
    if not isinstance(value, list) or len(value) != count:
        return None
    if not all(isinstance(each, (int, float)) and abs(each) <= LARGEST for each in value):
        return None
    return np.array(value, dtype=np.float64)


def _read_name(value: object) -> str | None:
    if isinstance(value, (str, int, float)):
        return " ".join(str(value).split()) or None
    return None
