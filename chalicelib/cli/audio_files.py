"""Which files a person means who names files and folders: all that they name, and of a folder what is audio by its bytes or its name."""

from __future__ import annotations

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


def _search_folder(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        is_hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if not is_hidden and path.is_file() and looks_like_audio(path):
            yield path


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
