"""How far copies of a recording lie from it, and how far other songs, in both spaces, fitted on the recordings alone as a build fits them;
and what of it the product takes for one recording (`KnownSongs`). JSON lines; the last one is all of it in one: false alarms among
different songs, and hits by kind of copy.

Held out: the songs are others than those that the numbers of `same_sound.SAME_SOUND` were chosen on.

python -m tests.bench.same_sound   (SONGS=60 composed, at least 50, COPIED=12 of them copied; and the files of AUDIO_FOLDER, where given)
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt

from chalicelib.audio.analysis import analyse_file
from chalicelib.index.angular import scale_to_unit
from chalicelib.index.scaler import Vectors
from chalicelib.index.scaler_fitting import Moments
from chalicelib.index.space_fitting import gather_passages
from chalicelib.index.timbre_fitting import fit_timbre_space
from chalicelib.model import PassageRows, TrackName
from chalicelib.recommend.duplicates import KnownSongs
from localstack.demo_music.compose import compose_library
from tests.bench.copies import KINDS, read_recording, write_copy
from tests.bench.extraction import SOUND_FILES
from tests.bench.extractors import MAX_DURATION_S

Units = npt.NDArray[np.float64]
Place = Callable[["Sound"], Vectors]

CHOSEN_ON = {
    *("air_prelude", "arcadia", "colossus", "dangerous", "evening_fall_harp", "hungarian_dance_5", "lets_go_fishin", "nerves"),
    *("sugar_plum", "the_forest_and_the_trees", "vibe_ace", "zombie_hoodoo"),
}
SEED = 2027  # of the composed ones; it was 2026
SONGS, COPIED = int(os.environ.get("SONGS", "60")), int(os.environ.get("COPIED", "12"))


@dataclass(frozen=True, slots=True)
class Sound:
    name: str
    duration_s: float
    mfcc: tuple[float, ...]
    features: tuple[float, ...]
    passages: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Recording:
    sound: Sound
    is_composed: bool
    copies: Mapping[str, Sound]  # by kind


def analyse(path: Path, name: str) -> Sound:
    found = analyse_file(path, file_name=path.name, max_duration_s=MAX_DURATION_S)
    return Sound(name, found.duration_s, found.mfcc, found.features, found.passages)


def analyse_recording(path: Path, is_composed: bool, is_copied: bool) -> Recording:
    with TemporaryDirectory(prefix="timbre-copies-") as folder:
        samples = read_recording(path) if is_copied else None
        copies = {} if samples is None else {kind: analyse(write_copy(kind, samples, Path(folder)), kind) for kind in KINDS}
    return Recording(analyse(path, path.stem), is_composed, copies)


def analyse_all(composed: Sequence[Path], given: Sequence[Path]) -> list[Recording]:
    paths = [*composed, *given]
    is_composed = [True] * len(composed) + [False] * len(given)
    step = max(1, len(composed) // max(1, COPIED))
    is_copied = [place % step == 0 and place // step < COPIED for place in range(len(composed))] + [True] * len(given)
    with ProcessPoolExecutor() as pool:
        recordings = []
        for recording in pool.map(analyse_recording, paths, is_composed, is_copied):
            recordings.append(recording)
            print(f"same_sound: {len(recordings)} of {len(paths)} recordings", file=sys.stderr, flush=True)
    return recordings


def fit_spaces(sounds: Sequence[Sound]) -> dict[str, Place]:
    """As a build fits them; the passages as the store keeps them."""
    moments, scales = Moments(), Moments()
    moments.add(np.array([sound.mfcc for sound in sounds]))
    scales.add(np.array([sound.features for sound in sounds]))
    rows = [PassageRows(sound.name, None, np.array(sound.passages).astype("<f2").tobytes()) for sound in sounds]
    space, _ = fit_timbre_space(scales, gather_passages(rows), version=1, in_force=None)
    scaler = moments.make_scaler(1)
    return {"mfcc": lambda sound: scaler.transform(np.array(sound.mfcc)), "timbre": lambda sound: space.transform(sound.features)}


def measure_copies(space: str, place: Place, recordings: Sequence[Recording], units: Units) -> Iterator[dict[str, object]]:
    """By kind of copy; `found` is the share that is taken for the original."""
    for is_composed in (True, False):
        copied = [row for row, each in enumerate(recordings) if each.copies and each.is_composed is is_composed]
        for kind in KINDS if copied else ():
            copies = [recordings[row].copies[kind] for row in copied]
            placed = scale_to_unit(np.array([place(copy) for copy in copies]))
            distances = np.linalg.norm(placed - units[copied], axis=1)
            found = [is_same(space, recordings[row].sound, units[row], copies[n], placed[n]) for n, row in enumerate(copied)]
            yield {
                "copy": kind,
                "of": "composed" if is_composed else "given",
                "copies": len(copied),
                **describe(distances),
                "found": round(float(np.mean(found)), 3),
            }


def measure_others(space: str, recordings: Sequence[Recording], units: Units) -> dict[str, object]:
    """Of different recordings: how far the nearest lies, and how many pairs are taken for one all the same."""
    apart = np.linalg.norm(units[:, np.newaxis] - units[np.newaxis], axis=2) + 9 * np.eye(len(units))
    taken = [
        f"{recordings[one].sound.name} / {recordings[other].sound.name}"
        for one, other in combinations(range(len(recordings)), 2)
        if is_same(space, recordings[one].sound, units[one], recordings[other].sound, units[other])
    ]
    return {"nearest_other": describe(apart.min(axis=1)), "recordings": len(recordings), "taken_for_one": taken}


def is_same(space: str, one: Sound, unit: Units, other: Sound, other_unit: Units) -> bool:
    """As the product tells it of songs without names."""
    known = KnownSongs(space)
    known.add(TrackName("one", "", None, one.duration_s), unit)
    return known.holds(TrackName("other", "", None, other.duration_s), other_unit)


def sum_up(spaces: Mapping[str, Sequence[Mapping[str, object]]], recordings: Sequence[Recording]) -> dict[str, object]:
    """In one line: of each space, from the figures of `measure_copies` and `measure_others`."""
    songs = {"composed": sum(each.is_composed for each in recordings), "given": sum(not each.is_composed for each in recordings)}
    told: dict[str, object] = {}
    for space, lines in spaces.items():
        found = {of: {line["copy"]: line["found"] for line in lines if line.get("of") == of} for of in songs}
        alarms = next(line["taken_for_one"] for line in lines if "taken_for_one" in line)
        told[space] = {"false_alarms": alarms, "found": {of: kinds for of, kinds in found.items() if kinds}}
    return {"songs": songs, "pairs": len(recordings) * (len(recordings) - 1) // 2, "spaces": told}


def describe(distances: Units) -> dict[str, float]:
    figures = {"min": distances.min(), "p5": np.quantile(distances, 0.05), "p50": np.median(distances)}
    figures |= {"p90": np.quantile(distances, 0.9), "max": distances.max()}
    return {name: round(float(value), 3) for name, value in figures.items()}


def main() -> int:
    folder = os.environ.get("AUDIO_FOLDER")
    files = sorted(Path(folder).expanduser().iterdir()) if folder else []
    given = [path for path in files if path.suffix.lower() in SOUND_FILES and path.stem not in CHOSEN_ON]
    with TemporaryDirectory(prefix="timbre-same-sound-") as name:
        recordings = analyse_all(compose_library(Path(name), seed=SEED, count=SONGS), given)
    spaces: dict[str, list[dict[str, object]]] = {}
    for space, place in fit_spaces([recording.sound for recording in recordings]).items():
        units = scale_to_unit(np.array([place(recording.sound) for recording in recordings]))
        spaces[space] = [*measure_copies(space, place, recordings, units), measure_others(space, recordings, units)]
        for figures in spaces[space]:
            print(json.dumps({"bench": "same_sound", "space": space, **figures}), flush=True)
    print(json.dumps({"bench": "same_sound", **sum_up(spaces, recordings)}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
