"""Which files a person means who names files and folders: all that they name, and of a folder what is audio by its bytes or its name."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

AUDIO_SUFFIXES = {".mp3", ".flac", ".wav", ".ogg", ".oga", ".opus", ".aif", ".aiff"}
_MAGIC = (b"ID3", b"fLaC", b"OggS", b".snd", b"caff", b"riff\x2e\x91\xcf\x11")
_FORMS = {b"RIFF": (b"WAVE",), b"RF64": (b"WAVE",), b"FORM": (b"AIFF", b"AIFC")}


def find_songs(paths: Sequence[Path]) -> Iterator[Path]:
    """In the order of the paths, folders by name. What was named itself comes along whatever it is, and once."""
    seen: set[Path] = set()
    for path in paths:
        for song in _search_folder(path) if path.is_dir() else (path,):
            if song not in seen:
                seen.add(song)
                yield song


def _search_folder(folder: Path) -> list[Path]:
    """Through links to folders too, but into none twice. A folder that cannot be read comes along itself, so that it is told."""
    found: list[Path] = []
    entered: set[tuple[int, int]] = set()

    def note_closed(error: OSError) -> None:
        found.append(Path(error.filename))

    for parent, folders, names in os.walk(folder, followlinks=True, onerror=note_closed):
        status = Path(parent).stat()
        if (status.st_dev, status.st_ino) in entered:
            folders.clear()
            continue
        entered.add((status.st_dev, status.st_ino))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [path for path in (Path(parent, name) for name in names if not name.startswith(".")) if _is_song(path)]
    return sorted(found)


def _is_song(path: Path) -> bool:
    try:
        return path.is_file() and looks_like_audio(path)
    except OSError:  # in a folder that may be listed and not entered
        return path.suffix.lower() in AUDIO_SUFFIXES


def explain_no_file(path: Path) -> str | None:
    """Why this cannot be read as a file, though it is there: opening a pipe would wait for ever."""
    if path.is_dir():
        return "This folder cannot be read: its permissions do not allow it."
    if path.exists() and not path.is_file():
        return "This is a pipe or a device, not a file: save what comes out of it, and name the saved file."
    return None


def looks_like_audio(path: Path) -> bool:
    """By its name, else by its first bytes: a file that cannot be read is only what it is called."""
    if path.suffix.lower() in AUDIO_SUFFIXES:
        return True
    try:
        with path.open("rb") as file:
            head = file.read(12)
    except OSError:
        return False
    return head.startswith(_MAGIC) or head[8:12] in _FORMS.get(head[:4], ()) or _is_mpeg_frame(head)


def _is_mpeg_frame(head: bytes) -> bool:
    """Sync, a layer III of a known version, a bit rate and a sample rate that exist."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    version, layer, bit_rate, sample_rate = head[1] >> 3 & 3, head[1] >> 1 & 3, head[2] >> 4, head[2] >> 2 & 3
    return version != 1 and layer == 1 and bit_rate not in {0, 15} and sample_rate != 3
