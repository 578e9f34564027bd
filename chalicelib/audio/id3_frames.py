"""The ID3 frames that Timbre reads, as mutagen's classes, save that a compressed frame is refused: 1 MB of zeros may unpack to 1 GB."""

from __future__ import annotations

from typing import Any

from mutagen.id3 import Frames, Frames_2_2, ID3JunkFrameError

_NAMES = ("TIT2", "TPE1", "TALB", "TPE2", "TCON", "TDRC", "TYER", "TDAT", "TIME", "TRCK", "APIC")
_NAMES_2_2 = ("TT2", "TP1", "TAL", "TP2", "TCO", "TYE", "TDA", "TIM", "TRK", "PIC")  # ID3v2.2 knows no compression
_COMPRESSED_2_3, _COMPRESSED_2_4 = 0x80, 0x08


def _refuse_compressed(
    frame: Any,
) -> Any:  # mutagen has no types; its loader calls `_fromData` of the class it finds under the frame's name
    def parse(cls: Any, header: Any, flags: int, data: bytes) -> Any:
        is_2_4 = header.version >= (2, 4, 0)
        if flags & (_COMPRESSED_2_4 if is_2_4 else _COMPRESSED_2_3):
            raise ID3JunkFrameError(f"{frame.__name__} is compressed")
        return frame._fromData.__func__(cls, header, flags, data)  # noqa: SLF001 - the one hook there is

    return type(frame.__name__, (frame,), {"_fromData": classmethod(parse)})


KNOWN_FRAMES = {name: _refuse_compressed(Frames[name]) for name in _NAMES} | {name: Frames_2_2[name] for name in _NAMES_2_2}
