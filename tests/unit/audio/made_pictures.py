"""Pictures that the tests of `audio` make for themselves: by Pillow where they are sound, by hand where they are not."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL import Image


def paint(width: int = 300, height: int = 200, mode: str = "RGB") -> Image.Image:
    """Red grows to the right, green downwards: so that turning it shows."""
    y, x = np.mgrid[0:height, 0:width]
    rgb = np.stack([x * 255 // max(width - 1, 1), y * 255 // max(height - 1, 1), np.full_like(x, 40)], axis=-1)
    return Image.fromarray(rgb.astype(np.uint8)).convert(mode)


def encode(image: Image.Image, format_: str = "JPEG", **options: object) -> bytes:
    encoded = io.BytesIO()
    image.save(encoded, format_, **options)
    return encoded.getvalue()


def decode(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def look_at(image: Image.Image, x: int, y: int) -> tuple[int, ...]:
    pixel = image.getpixel((x, y))
    assert isinstance(pixel, tuple)
    return tuple(int(value) for value in pixel)


def make_hollow_png(width: int, height: int) -> bytes:
    """Says how large it is, and holds nothing."""
    return b"\x89PNG\r\n\x1a\n" + _make_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)) + _make_chunk(b"IEND", b"")


def _make_chunk(name: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + name + payload + struct.pack(">I", zlib.crc32(name + payload))


def repeat_scan(progressive: bytes, times: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again: each makes a decoder go over the whole picture."""
    start, end = progressive.rindex(b"\xff\xda"), progressive.rindex(b"\xff\xd9")
    return progressive[:end] + progressive[start:end] * times + progressive[end:]
