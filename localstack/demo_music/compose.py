"""Composes the library into a folder, on all cores. Whole files appear or none; a file that stands there already is not made again."""

from __future__ import annotations

import io
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import connection
from pathlib import Path
from tempfile import NamedTemporaryFile

import numpy as np
import soundfile

from localstack.demo_music.arrangement import Casting, arrange_piece
from localstack.demo_music.catalogue import Entry, list_entries
from localstack.demo_music.covers import paint_cover
from localstack.demo_music.mastering import master_piece
from localstack.demo_music.mixing import mix_score
from localstack.demo_music.score import SAMPLE_RATE, Samples
from localstack.demo_music.styles import STYLES
from localstack.demo_music.tags import read_stamp, write_tags

COMPOSER_VERSION = 1  # raise it when pieces sound different: older files are then composed anew
_PART_SUFFIX = ".part"


def compose_library(
    folder: Path, *, seed: int = 2026, count: int = 60, report: Callable[[int, int], None] | None = None, workers: int | None = None
) -> list[Path]:
    """The paths of `count` pieces, composed where they are missing. `report(done, count)` is called as they get ready.

    Safe to run again after any interruption: pieces are complete or absent, and only the absent ones are composed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _sweep_parts(folder)
    entries = list_entries(count)
    missing = [entry for entry in entries if read_stamp(folder / entry.file_name) != _stamp(entry, seed)]
    done = count - len(missing)
    if report is not None:
        report(done, count)
    for _ in _compose_all(missing, folder, seed, workers or os.cpu_count() or 1):
        done += 1
        if report is not None:
            report(done, count)
    return [folder / entry.file_name for entry in entries]


def _compose_all(entries: list[Entry], folder: Path, seed: int, workers: int) -> Iterator[Path]:
    if workers == 1 or len(entries) <= 1:
        yield from (compose_file(entry, folder, seed) for entry in entries)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(entries)), mp_context=context, initializer=_follow_parent) as pool:
        futures = [pool.submit(compose_file, entry, folder, seed) for entry in entries]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _follow_parent() -> None:
    """A worker whose parent was killed would wait for work for ever: it leaves with it instead."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_leave_after, args=(parent.sentinel,), daemon=True).start()


def _leave_after(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)


def compose_file(entry: Entry, folder: Path, seed: int) -> Path:
    """One piece as a tagged MP3, written beside its place and renamed into it."""
    mp3 = encode_mp3(compose_samples(entry, seed))
    cover = paint_cover(entry.style, entry.artist_index, seed)
    tagged = write_tags(mp3, entry, genre=STYLES[entry.style].genre, cover_png=cover, stamp=_stamp(entry, seed))
    path = folder / entry.file_name
    with NamedTemporaryFile(dir=folder, prefix=f".{os.getpid()}-", suffix=_PART_SUFFIX, delete=False) as part:
        try:
            part.write(tagged)
            part.flush()
            os.fsync(part.fileno())
            Path(part.name).replace(path)
        finally:
            Path(part.name).unlink(missing_ok=True)
    return path


def compose_samples(entry: Entry, seed: int) -> Samples:
    """One piece as mastered stereo, (2, n) at 32 kHz: the same for the same entry and seed."""
    recipe = STYLES[entry.style]
    casting = Casting(seed, entry.style, entry.artist_index, entry.turn)
    score = arrange_piece(recipe, casting)
    return master_piece(mix_score(score, casting.draw("mix")), fade_out_s=recipe.tail_s)


def encode_mp3(samples: Samples) -> bytes:
    """Variable bitrate, about 130 kbit/s."""
    file = io.BytesIO()
    with soundfile.SoundFile(
        file, "w", SAMPLE_RATE, 2, format="MP3", subtype="MPEG_LAYER_III", compression_level=0.3, bitrate_mode="VARIABLE"
    ) as mp3:
        mp3.write(np.ascontiguousarray(samples.T))
    return file.getvalue()


def _stamp(entry: Entry, seed: int) -> str:
    return f"v{COMPOSER_VERSION} seed {seed} piece {entry.number}"


def _sweep_parts(folder: Path) -> None:
    """Removes what composers that were killed left behind; a part of a process that lives is its own business."""
    for part in folder.glob(f".*{_PART_SUFFIX}"):
        owner = part.name[1:].split("-", 1)[0]
        if not owner.isdigit() or not _is_running(int(owner)):
            part.unlink(missing_ok=True)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return pid != os.getpid()
