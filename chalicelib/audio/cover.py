"""Chooses the cover among a file's pictures: JPEG or PNG by their own bytes, small enough to be shown as it is. Decodes no picture.

Not re-encoded: Pillow would cost the layer 20 MB and open decoders of pictures to strangers; bounds on bytes and pixels do what is needed.
"""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.audio.tags import EmbeddedPicture
from chalicelib.model import Cover

MAX_COVER_BYTES = 2 * 1024 * 1024
MAX_COVER_SIDE_PX = 5_000  # a browser unpacks 4 bytes a pixel
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_JPEG_SIZE_MARKERS = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # start of frame, of any kind
_JPEG_BARE_MARKERS = {0x01, *range(0xD0, 0xD9)}


def choose_cover(pictures: Sequence[EmbeddedPicture]) -> tuple[Cover | None, tuple[str, ...]]:
    """The first front cover that can be shown, else any picture that can; with a warning when there were pictures and none could."""
    reason: str | None = None
    for picture in sorted(pictures, key=lambda candidate: not candidate.is_front):
        verdict = _judge(picture.data)
        if isinstance(verdict, Cover):
            return verdict, ()
        reason = reason or verdict
    return None, (reason,) if reason else ()


def _judge(data: bytes) -> Cover | str:
    if len(data) > MAX_COVER_BYTES:
        return f"The cover picture was left out: it has {len(data) / 2**20:.1f} MB, and 2 MB is the most that is kept."
    is_png = data.startswith(_PNG_SIGNATURE)
    sides = _measure_png(data) if is_png else _measure_jpeg(data)
    if sides is None or min(sides) <= 0:
        return "The cover picture was left out: it is neither a JPEG nor a PNG that can be shown."
    if max(sides) > MAX_COVER_SIDE_PX:
        return f"The cover picture was left out: {sides[0]} × {sides[1]} pixels are more than can be shown."
    return Cover(data=data, mime="image/png" if is_png else "image/jpeg")


def _measure_png(data: bytes) -> tuple[int, int] | None:
    if data[12:16] != b"IHDR" or len(data) < 24:
        return None
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def _measure_jpeg(data: bytes) -> tuple[int, int] | None:
    """Width and height from the frame header, reached marker by marker."""
    if not data.startswith(b"\xff\xd8\xff"):
        return None
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker in _JPEG_SIZE_MARKERS:
            return int.from_bytes(data[at + 7 : at + 9], "big"), int.from_bytes(data[at + 5 : at + 7], "big")
        if marker == 0xFF:
            at += 1
        elif marker in _JPEG_BARE_MARKERS:
            at += 2
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None
