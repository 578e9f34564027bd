"""A sound file that is read from its beginning to its end, and never asked to seek.

After every read soundfile seeks to where the file already stands, and in an MP3 each seek decodes some frames once more:
a tenth of the time with blocks of 32,768 samples, two thirds with blocks of 2,048.
"""

from __future__ import annotations

import os
from pathlib import Path

import soundfile

from chalicelib.audio.frames import FloatArray
from chalicelib.audio.losses import Damage, most_loss_s

_STEP_SAMPLES = 4096  # a FLAC frame, mostly


class ForwardSound(soundfile.SoundFile):  # type: ignore[misc]  # soundfile tells mypy nothing
    may_seek = False  # librosa wants to

    def seekable(self) -> bool:
        return self.may_seek and bool(super().seekable())


def open_unnamed(path: Path) -> ForwardSound:
    """Without a name, by which libsndfile would choose; from a place in the bytes that is nobody else's."""
    return ForwardSound(os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0)), closefd=True)


class SkippingSound(ForwardSound):
    """Of a container with seek points (FLAC): where it cannot be decoded, it is opened anew and read on a little later."""

    def __init__(self, path: Path, damage: Damage) -> None:
        super().__init__(os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0)), closefd=True)
        self._path, self._damage = path, damage
        self._opened_anew: ForwardSound | None = None
        self._at = self._skipped = 0

    def buffer_read_into(self, buffer: FloatArray, dtype: str) -> int:
        """Some samples at a time: of a read that fails everything is lost."""
        while True:
            try:
                count = self._read(buffer[:_STEP_SAMPLES], dtype)
            except soundfile.SoundFileError:
                self._skip()
            else:
                self._at += count
                return count

    def _read(self, buffer: FloatArray, dtype: str) -> int:
        if self._opened_anew is not None:
            return int(self._opened_anew.buffer_read_into(buffer, dtype))
        return int(super().buffer_read_into(buffer, dtype))

    def _skip(self) -> None:
        """SoundFileError once more is lost than may be."""
        self._damage.note(self._at / self.samplerate)
        while self._skipped / self.samplerate <= most_loss_s(self.frames / self.samplerate):
            self._at += _STEP_SAMPLES
            self._skipped += _STEP_SAMPLES
            self._close_anew()
            self._opened_anew = open_unnamed(self._path)
            try:
                self._opened_anew.seek(self._at)
            except soundfile.SoundFileError:
                continue
            return
        raise soundfile.SoundFileError("too much of it cannot be decoded")

    def _close_anew(self) -> None:
        if self._opened_anew is not None:
            self._opened_anew.close()

    def close(self) -> None:
        self._close_anew()
        super().close()
