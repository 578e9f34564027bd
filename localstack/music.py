"""Which music the library is filled with at the start: the demo pieces once, a person's own folder each time they name it, or none."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from localstack.library import Progress, find_music, follow_receipts, send_music
from localstack.screen import Screen, Step
from localstack.system import System

NO_MUSIC = "none"
DEMO_SIZE = 60
SHOWN_FAILURES = 20


class MusicFolderError(Exception):
    """MUSIC names no folder, or one without music; or DEMO_PIECES is no number of songs."""


def check_music(music: str) -> None:
    """Before anything is started: MusicFolderError when the folder that was named will not do."""
    if music and music != NO_MUSIC:
        check_folder(Path(music).expanduser().resolve())


def read_demo_size(environ: Mapping[str, str]) -> int:
    """How many songs the demo music has: fewer where a machine is wanted soon, in tests for one."""
    wished = environ.get("DEMO_PIECES", "") or str(DEMO_SIZE)
    if not wished.isdecimal() or int(wished) < 1:
        raise MusicFolderError(f"DEMO_PIECES is the number of demo songs, at least 1, got {wished!r}.")
    return int(wished)


def bring_music(music: str, system: System, screen: Screen, home: Path, *, demo_size: int = DEMO_SIZE) -> None:
    bucket = system.outputs["MusicBucket"]
    if music == NO_MUSIC:
        return
    if music:
        folder = Path(music).expanduser().resolve()
        show_progress(screen, f"Bringing {folder} into the library", lambda step: bring_folder(folder, bucket, "uploads/music/", step))
        return
    marker = _mark_of_demo(home)
    if not marker.is_file():
        pieces = compose_demo(screen, home / "demo-music", demo_size)
        show_progress(screen, "Bringing the demo music into the library", lambda step: bring_folder(pieces, bucket, "uploads/demo/", step))
        marker.write_text(json.dumps({"folder": str(pieces)}), "utf-8")  # those who delete a demo song do not want it back


def offers_demo(music: str, home: Path) -> bool:
    """Whether there is demo music, or will be in a moment."""
    return not music or _mark_of_demo(home).is_file()


def _mark_of_demo(home: Path) -> Path:
    return home / "demo-music.json"


def check_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise MusicFolderError(f"There is no folder {folder}. Give one that exists: make run MUSIC=~/Music")
    if not find_music(folder):
        raise MusicFolderError(f"{folder} holds no mp3, flac, wav or ogg file. Give another folder: make run MUSIC=~/Music")


def compose_demo(screen: Screen, folder: Path, size: int) -> Path:
    from localstack.demo_music.compose import compose_library  # numpy and soundfile: only when there is something to compose

    with screen.step("Composing the demo music") as step:
        compose_library(folder, count=size, report=lambda done, total: step.note(f"{done} of {total}"))
    return folder


def bring_folder(folder: Path, bucket: str, prefix: str, step: Step) -> Progress:
    keys = send_music(folder, bucket=bucket, prefix=prefix, note=step.note)
    progress = follow_receipts(keys, note=step.note)
    step.note(progress.describe() if keys else "nothing new")
    return progress


def show_progress(screen: Screen, title: str, bring: Callable[[Step], Progress]) -> None:
    """The step, then by name what failed and what is still under way."""
    with screen.step(title) as step:
        progress = bring(step)
    for receipt in progress.failed[:SHOWN_FAILURES]:
        screen.warn(f"{receipt.key}: {receipt.message}")
    if len(progress.failed) > SHOWN_FAILURES:
        screen.warn(f"… and {len(progress.failed) - SHOWN_FAILURES} more; .venv/bin/timbre status tells of them")
    if progress.waiting:
        screen.warn(f"{len(progress.waiting)} files are still under way; .venv/bin/timbre status tells how far they are")
