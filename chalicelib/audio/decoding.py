"""From an opened file to mono float32 at 22,050 Hz, in blocks: what librosa.load gives (soundfile, mean of channels, soxr HQ), never whole.

Refuses on the way what only decoding shows: silence, damage, values that are no samples, more sound than is allowed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np
import soundfile
import soxr

from chalicelib.audio import messages
from chalicelib.audio.frames import SAMPLE_RATE, FloatArray
from chalicelib.audio.losses import Damage
from chalicelib.audio.opening import OpenedAudio

BLOCK_SAMPLES = 65_536
LARGEST_SAMPLE = 32.0  # full scale is 1; `clipped_mean` counts on it
_HALVES = np.full(2, 0.5, np.float32)
SILENCE = 1e-4  # -80 dB under full scale: three times the last bit of 16


class DecodedSound:
    """Iterate once over its mono blocks at the file's own rate, then `check`: what was decoded is counted on the way."""

    def __init__(self, opened: OpenedAudio, *, max_duration_s: float, block_samples: int = BLOCK_SAMPLES) -> None:
        self._opened, self._max_duration_s = opened, max_duration_s
        self._block_samples = max(block_samples // opened.sound.channels, 1)
        self.sample_rate: int = opened.sound.samplerate
        self.samples, self.peak = 0, 0.0

    @property
    def duration_s(self) -> float:
        return self.samples / self.sample_rate

    def __iter__(self) -> Iterator[FloatArray]:
        buffer = np.empty((self._block_samples, self._opened.sound.channels), np.float32)
        while count := self._read(buffer):
            self.samples += count
            if self.duration_s > self._max_duration_s:
                raise messages.make_too_long_error(self.duration_s, self._max_duration_s)
            mono = _mix_down(buffer[:count])
            if self._opened.damage is not None:
                self._mute_nonsense(mono, self._opened.damage)
            self._note_peak(mono)
            yield mono

    def check(self) -> None:
        """AudioError unless all that the file should hold was decoded, and can be heard."""
        check_decoded(self._opened, samples=self.samples, peak=self.peak)

    def _read(self, buffer: FloatArray) -> int:
        try:
            return int(self._opened.sound.buffer_read_into(buffer, dtype="float32"))
        except soundfile.SoundFileError as exc:
            if self._opened.damage is not None:
                return 0  # `check` judges what there is
            raise messages.make_corrupt_error(f"it cannot be decoded after {messages.format_clock(self.duration_s)}") from exc

    def _mute_nonsense(self, mono: FloatArray, damage: Damage) -> None:
        """What a decoder makes of damaged frames may be out of all bounds: nothing is heard there."""
        nonsense = np.flatnonzero(~(np.abs(mono) <= LARGEST_SAMPLE))
        if len(nonsense):
            mono[nonsense] = 0.0
            at = self.samples - len(mono) + int(nonsense[0])
            damage.note_muted(at / self.sample_rate, len(nonsense) / self.sample_rate)

    def _note_peak(self, mono: FloatArray) -> None:
        peak = max(float(mono.max()), -float(mono.min()))
        check_peak(peak)
        self.peak = max(self.peak, peak)


def check_peak(peak: float) -> None:
    if not peak <= LARGEST_SAMPLE:  # so that NaN is caught too
        raise messages.make_corrupt_error("some of its samples are out of all bounds")


def check_decoded(opened: OpenedAudio, *, samples: int, peak: float) -> None:
    sample_rate = opened.sound.samplerate
    held_s, expected_s = samples / sample_rate, (opened.expected_samples or 0) / sample_rate
    if expected_s - held_s > opened.allowed_loss_s:
        is_cut = opened.on_short == "truncated"
        raise messages.make_truncated_error(held_s, expected_s) if is_cut else messages.make_damaged_error(held_s, expected_s)
    if samples == 0:
        raise messages.make_no_sound_error()
    if peak < SILENCE:
        raise messages.make_silent_error()


def _mix_down(block: FloatArray) -> FloatArray:
    """The mean of the channels; (L + R) / 2 as a product is 30 times as fast as numpy's mean over so short an axis."""
    if block.shape[1] == 1:
        return block[:, 0].copy()
    if block.shape[1] == 2:
        mono: FloatArray = block @ _HALVES
        return mono
    mean: FloatArray = block.mean(axis=1, dtype=np.float32)
    return mean


def resample_blocks(blocks: Iterable[FloatArray], sample_rate: int) -> Iterator[FloatArray]:
    """To 22,050 Hz; as many samples in all as librosa.resample gives: the duration times the rate, rounded up."""
    if sample_rate == SAMPLE_RATE:
        yield from blocks
        return
    resampler = soxr.ResampleStream(sample_rate, SAMPLE_RATE, 1, dtype="float32", quality="HQ")
    taken = given = 0
    for block in blocks:
        taken += len(block)
        resampled = resampler.resample_chunk(block)
        given += len(resampled)
        yield resampled
    rest = resampler.resample_chunk(np.empty(0, np.float32), last=True)
    wanted = max(math.ceil(taken * (SAMPLE_RATE / sample_rate)) - given, 0)
    yield np.pad(rest[:wanted], (0, wanted - len(rest[:wanted])))
