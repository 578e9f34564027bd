"""ID3 tags of a demo piece, cover included, and the stamp by which a finished file is recognized."""

from __future__ import annotations

import io
from pathlib import Path

from mutagen import MutagenError
from mutagen.id3 import APIC, ID3, TALB, TCON, TDRC, TIT2, TPE1, TPE2, TRCK, TXXX, PictureType

from localstack.demo_music.catalogue import Entry

_UTF8 = 3
_STAMP = "TIMBRE_DEMO"


def write_tags(mp3: bytes, entry: Entry, *, genre: str, cover_png: bytes, stamp: str) -> bytes:
    """The MP3 with its tags in front."""
    tags = ID3()
    tags.add(TIT2(encoding=_UTF8, text=entry.title))
    tags.add(TPE1(encoding=_UTF8, text=entry.album.artist))
    tags.add(TPE2(encoding=_UTF8, text=entry.album.artist))
    tags.add(TALB(encoding=_UTF8, text=entry.album.title))
    tags.add(TCON(encoding=_UTF8, text=genre))
    tags.add(TDRC(encoding=_UTF8, text=str(entry.album.year)))
    tags.add(TRCK(encoding=_UTF8, text=str(entry.track)))
    tags.add(TXXX(encoding=_UTF8, desc=_STAMP, text=stamp))
    tags.add(APIC(encoding=_UTF8, mime="image/png", type=PictureType.COVER_FRONT, desc="Cover", data=cover_png))
    file = io.BytesIO(mp3)
    tags.save(file, v2_version=4)
    return file.getvalue()


def read_stamp(path: Path) -> str:
    """The stamp of a file that this project composed; empty for any other, and for none."""
    try:
        frames = ID3(path).getall(f"TXXX:{_STAMP}")
    except MutagenError:
        return ""
    return str(frames[0].text[0]) if frames else ""
