"""What the 32 bits say that an MPEG audio frame begins with: by ISO 11172-3, 13818-3 and the unofficial 2.5."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

HEADER_BYTES = 4
SYNC_BYTES = 3
_KIND_BITS = 0x1E0C00
_MONO = 3

_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}  # by version bits: MPEG-1, 2, 2.5
_KBITS_MPEG1 = {
    3: (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),  # by layer bits: layer I
    2: (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    1: (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),  # layer III
}
_KBITS_MPEG2_LAYER1 = (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256)
_KBITS_MPEG2 = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)


# 11 bits of sync, a version and a layer that are not reserved; then a bit rate and a sample rate that are not.
_SECOND_BYTES = bytes(byte for byte in range(0xE0, 0x100) if byte >> 3 & 3 != 1 and byte >> 1 & 3)
_THIRD_BYTES = bytes(byte for byte in range(0x10, 0xF0) if byte >> 2 & 3 != 3)
FRAME_START = re.compile(b"\xff[" + re.escape(_SECOND_BYTES) + b"][" + re.escape(_THIRD_BYTES) + b"]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class FrameHeader:
    size_bytes: int
    samples: int
    sample_rate: int
    kind: int  # version, layer, sample rate, mono or not: what stays the same throughout a stream
    side_info_bytes: int  # of layer III: what stands between the header and a Xing mark


@lru_cache(maxsize=4096)
def parse_header(word: int) -> FrameHeader | None:
    """The frame that these 32 bits begin, or None. Free-format frames (of unstated length) are not followed."""
    version, layer, rate_index, kbit_index = word >> 19 & 3, word >> 17 & 3, word >> 10 & 3, word >> 12 & 15
    if word >> 21 != 0x7FF or version == 1 or layer == 0 or rate_index == 3 or kbit_index in (0, 15):
        return None
    rate = _RATES[version][rate_index]
    bits_per_s = _bit_rates(version, layer)[kbit_index - 1] * 1000
    padding = word >> 9 & 1
    samples = 384 if layer == 3 else 576 if layer == 1 and version != 3 else 1152
    slot_bytes = 4 if layer == 3 else 1
    size_bytes = (samples // 8 * bits_per_s // rate // slot_bytes + padding) * slot_bytes
    is_mono = word >> 6 & 3 == _MONO
    side_info_bytes = (17 if is_mono else 32) if version == 3 else (9 if is_mono else 17)
    return FrameHeader(size_bytes, samples, rate, word & _KIND_BITS | is_mono, side_info_bytes)


def _bit_rates(version: int, layer: int) -> tuple[int, ...]:
    if version == 3:
        return _KBITS_MPEG1[layer]
    return _KBITS_MPEG2_LAYER1 if layer == 3 else _KBITS_MPEG2
