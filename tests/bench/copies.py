"""Copies of a recording as they lie in people's libraries: encoded anew, in mono, quieter, with silence, cut. One file each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

Samples = npt.NDArray[np.float32]  # (n, channels)

SAMPLE_RATE = 44_100
_LOWEST_KBITS, _HIGHEST_KBITS = 32, 320  # what libsndfile maps `compression_level` to at this rate


@dataclass(frozen=True, slots=True)
class Encoding:
    extension: str = "mp3"
    kbits: int | None = 192  # constant; None: variable
    level: float = 0.5  # of a variable rate: 0 the best, 1 the smallest

    def write(self, samples: Samples, path: Path) -> None:
        """A second at a time: libsndfile dies of a whole song at once in Vorbis."""
        with self._open(path, samples.shape[1]) as sound:
            for start in range(0, len(samples), SAMPLE_RATE):
                sound.write(samples[start : start + SAMPLE_RATE])

    def _open(self, path: Path, channels: int) -> soundfile.SoundFile:
        if self.extension == "flac":
            return soundfile.SoundFile(path, "w", SAMPLE_RATE, channels, format="FLAC", subtype="PCM_16")
        if self.extension == "ogg":
            return soundfile.SoundFile(path, "w", SAMPLE_RATE, channels, format="OGG", subtype="VORBIS", compression_level=self.level)
        level = self.level if self.kbits is None else (_HIGHEST_KBITS - self.kbits) / (_HIGHEST_KBITS - _LOWEST_KBITS)
        mode = "VARIABLE" if self.kbits is None else "CONSTANT"
        return soundfile.SoundFile(path, "w", SAMPLE_RATE, channels, format="MP3", compression_level=level, bitrate_mode=mode)


@dataclass(frozen=True, slots=True)
class CopyKind:
    encoding: Encoding
    change: Callable[[Samples], Samples] = lambda samples: samples


def mix_down(samples: Samples) -> Samples:
    return samples.mean(axis=1, keepdims=True)


def add_silence(samples: Samples, *, seconds: float) -> Samples:
    silence = np.zeros((int(seconds * SAMPLE_RATE), samples.shape[1]), dtype=np.float32)
    return np.concatenate([silence, samples])


def cut_start(samples: Samples, *, seconds: float) -> Samples:
    return samples[int(seconds * SAMPLE_RATE) :]


def keep_start(samples: Samples, *, seconds: float) -> Samples:
    return samples[: int(seconds * SAMPLE_RATE)]


def change_gain(samples: Samples, *, decibels: float) -> Samples:
    return samples * np.float32(10 ** (decibels / 20))


LOSSLESS = Encoding("flac")
KINDS: Mapping[str, CopyKind] = {
    **{f"mp3_{kbits}": CopyKind(Encoding(kbits=kbits)) for kbits in (64, 96, 128, 320)},
    "mp3_variable": CopyKind(Encoding(kbits=None)),
    "mp3_mono_128": CopyKind(Encoding(kbits=128), mix_down),
    "ogg": CopyKind(Encoding("ogg", level=0.6)),
    "mono": CopyKind(LOSSLESS, mix_down),
    "silence_added_1_s": CopyKind(LOSSLESS, partial(add_silence, seconds=1)),
    "start_cut_1_s": CopyKind(LOSSLESS, partial(cut_start, seconds=1)),
    "quieter_6_db": CopyKind(LOSSLESS, partial(change_gain, decibels=-6)),
    "first_30_s": CopyKind(LOSSLESS, partial(keep_start, seconds=30)),
}


def read_recording(path: Path) -> Samples:
    """At SAMPLE_RATE, of two channels at most."""
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    heard: Samples = samples[:, :2]
    return heard if rate == SAMPLE_RATE else np.asarray(soxr.resample(heard, rate, SAMPLE_RATE), dtype=np.float32)


def write_copy(kind: str, samples: Samples, folder: Path) -> Path:
    copy = KINDS[kind]
    path = folder / f"{kind}.{copy.encoding.extension}"
    copy.encoding.write(copy.change(samples), path)
    return path
