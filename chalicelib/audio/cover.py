"""Chooses the cover among a file's pictures and makes it anew: a small JPEG of its pixels, without whatever else was in the file.

Pictures are a stranger's, so each is judged before it is decoded (bytes, format, pixels, scans), and one that cannot be decoded costs
the picture, never the song. Pillow is imported where there is a picture, and not before: most songs of some libraries have none.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from chalicelib.audio.tags import EmbeddedPicture
from chalicelib.model import Cover

if TYPE_CHECKING:
    from PIL.Image import Image

LONGEST_SIDE_PX = 640  # pages show at most 320 CSS pixels, and screens have two to each
MAX_PICTURE_BYTES = 16 * 1024 * 1024
MAX_PICTURE_PIXELS = 25_000_000  # 5,000 × 5,000: 100 MB as it is unpacked
MAX_JPEG_SCANS = 64  # some 10 are usual; each of a thousand would go over the whole picture again
MAX_TRIED_PICTURES = 4
_QUALITY = 85
_FORMATS = ("JPEG", "PNG", "GIF")  # by content; what the layer has of Pillow reads no other for good
_OPAQUE_MODES = ("RGB", "L", "CMYK")
_START_OF_SCAN = b"\xff\xda"
_TOO_MANY_PIXELS = "The cover picture was left out: it has more pixels than can be shown."
_BROKEN = "The cover picture was left out: it cannot be read as a JPEG, PNG or GIF."


def choose_cover(pictures: Sequence[EmbeddedPicture]) -> tuple[Cover | None, tuple[str, ...]]:
    """The first front cover that can be shown, else any picture that can; with a warning when there were pictures and none could."""
    reason: str | None = None
    front_first = sorted(pictures, key=lambda candidate: not candidate.is_front)
    for picture in front_first[:MAX_TRIED_PICTURES]:
        made = _make_cover(picture.data)
        if isinstance(made, Cover):
            return made, ()
        reason = reason or made
    return None, (reason,) if reason else ()


def _make_cover(data: bytes) -> Cover | str:
    """The cover, or why there is none, in words for people."""
    if len(data) > MAX_PICTURE_BYTES:
        return f"The cover picture was left out: it has {len(data) / 2**20:.1f} MB, and 16 MB is the most that is read."
    if data.startswith(b"\xff\xd8") and data.count(_START_OF_SCAN) > MAX_JPEG_SCANS:
        return _BROKEN
    try:
        return _encode_anew(data)
    except Exception as error:  # noqa: BLE001 - Pillow's readers raise anything on hostile bytes; the song itself is sound
        return _TOO_MANY_PIXELS if type(error).__name__ == "DecompressionBombError" else _BROKEN


def _encode_anew(data: bytes) -> Cover | str:
    from PIL import Image

    with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
        width, height = picture.size
        if width * height > MAX_PICTURE_PIXELS:  # known from the header: nothing is unpacked yet
            return f"The cover picture was left out: {width} × {height} pixels are more than can be shown."
        small = _flatten(_shrink(picture))
    encoded = io.BytesIO()
    small.save(encoded, "JPEG", quality=_QUALITY, optimize=True)
    return Cover(data=encoded.getvalue(), mime="image/jpeg")


def _shrink(picture: Image) -> Image:
    """Upright, its longest side at most LONGEST_SIDE_PX. A JPEG is unpacked at a fraction of its size where it is much larger."""
    from PIL import Image, ImageOps

    image = picture
    if picture.mode.startswith("I"):  # 16 bits of grey, which Pillow would clip at 255
        image = picture.convert("I").point(lambda level: level / 256).convert("L")
    elif picture.mode not in _OPAQUE_MODES:
        image = picture.convert("RGBA")  # palettes cannot be averaged
    image.thumbnail((LONGEST_SIDE_PX, LONGEST_SIDE_PX), Image.Resampling.LANCZOS)
    return ImageOps.exif_transpose(image)


def _flatten(image: Image) -> Image:
    """On white, and on a picture of its own: no comment, profile or thumbnail comes along."""
    from PIL import Image

    canvas = Image.new("RGB", image.size, "white")
    canvas.paste(image.convert("RGB"), mask=image.getchannel("A") if "A" in image.getbands() else None)
    return canvas
