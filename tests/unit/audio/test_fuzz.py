"""Whatever happens to an MP3, it ends in a plausible result or in a named error: in bounded time and memory, without a silent half.

200 mutations here, 2,000 by `make test-long`. A failing one is named by its seed, and its file is kept below the temporary folder.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.audio.bounded_worker import BoundedWorker, WorkerError
from tests.unit.audio.mutations import Mutant, make_songs, mutate

CODES = {"not_audio", "empty", "silent", "truncated", "too_long", "corrupt"}
KEPT = Path(tempfile.gettempdir()) / "timbre-fuzz"
LOST_FRAMES = 12  # around each place of damage: what leans on bits of the frames before, and is not found again at once


@pytest.fixture(scope="module")
def worker() -> Iterator[BoundedWorker]:
    with BoundedWorker() as worker:
        yield worker


def find_faults(mutant: Mutant, path: Path, worker: BoundedWorker) -> str | None:
    path.write_bytes(mutant.data)
    try:
        outcome = worker.analyse(path)
    except WorkerError as error:
        return str(error)
    return judge(mutant, outcome)


def judge(mutant: Mutant, outcome: dict[str, Any]) -> str | None:
    """What is implausible about an outcome."""
    if "code" in outcome:
        if outcome["code"] not in CODES:
            return f"{outcome['code']} is no code"
        return f"a song that is all there was refused: {outcome}" if mutant.is_all_there else None
    if not all(math.isfinite(number) for number in outcome["mfcc"]):
        return "an MFCC is no number"
    least_s = mutant.least_duration_s
    allowed_s = max(0.25, 0.01 * least_s) + LOST_FRAMES * len(mutant.acts) * mutant.song.frame_s
    if outcome["duration_s"] < least_s - allowed_s:
        return f"{least_s:.2f} s are there, but {outcome['duration_s']:.2f} s were heard, without a word"
    if outcome["duration_s"] > mutant.most_duration_s + allowed_s:
        return f"at most {mutant.most_duration_s:.2f} s can be there, but {outcome['duration_s']:.2f} s were heard"
    return None


def try_seeds(seeds: range, worker: BoundedWorker, folder: Path) -> None:
    faults: list[str] = []
    for seed in seeds:
        mutant = mutate(seed)
        path = folder / f"seed-{seed}.mp3"
        fault = find_faults(mutant, path, worker)
        if fault is not None:
            KEPT.mkdir(exist_ok=True)
            kept = path.replace(KEPT / path.name)
            faults.append(f"seed {seed} ({', '.join(mutant.acts)}), kept as {kept}: {fault}")
        path.unlink(missing_ok=True)
    assert not faults, "\n".join(faults)


def test_the_same_seed_gives_the_same_file() -> None:
    assert mutate(7).data == mutate(7).data
    assert len({mutate(seed).data for seed in range(30)}) > 25


def test_songs_that_nothing_has_happened_to_are_heard_whole(worker: BoundedWorker, tmp_path: Path) -> None:
    for song in make_songs():
        whole = Mutant(-1, song, song.data, ())
        (tmp_path / "whole.mp3").write_bytes(song.data)
        outcome = worker.analyse(tmp_path / "whole.mp3")
        assert judge(whole, outcome) is None
        assert outcome["duration_s"] == pytest.approx(6.0, abs=0.2)


@pytest.mark.parametrize("first", range(0, 200, 50))
def test_every_mutation_ends_in_a_plausible_result_or_a_named_error(first: int, worker: BoundedWorker, tmp_path: Path) -> None:
    try_seeds(range(first, first + 50), worker, tmp_path)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("first", range(0, 2_000, 250))
def test_so_do_two_thousand(first: int, worker: BoundedWorker, tmp_path: Path) -> None:
    try_seeds(range(first, first + 250), worker, tmp_path)
