"""What is to be played: notes on a beat grid, grouped into parts with their place in the mix. Knows no sound and no style."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]  # one channel: (n,); stereo: (2, n), each channel contiguous for the FFT

SAMPLE_RATE = 32_000  # MP3s of this bitrate hold nothing above 16 kHz anyhow, and a third fewer samples encode a third faster


@dataclass(frozen=True, slots=True)
class Note:
    """Times and lengths in beats; `pitch` is a MIDI number (ignored by drums); `velocity` is 0 to 1."""

    start: float
    length: float
    pitch: int
    velocity: float


@dataclass(frozen=True, slots=True)
class Mix:
    """How a part sits in the stereo picture. `duck` is how far the kick pushes it down, `reverb` and `echo` are send levels, all 0 to 1.

    `level_db` is the loudness (RMS of its sounding moments) to which the part is brought; without it `gain_db` counts.
    """

    gain_db: float = 0.0
    level_db: float | None = None
    pan: float = 0.0
    wide: bool = False
    reverb: float = 0.1
    echo: float = 0.0
    duck: float = 0.0


@dataclass(frozen=True, slots=True)
class Part:
    instrument: str
    mix: Mix
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Room:
    """The space around a piece: length of the reverb, its brightness from 0 to 1, echo time in beats, tone and dirt of the whole."""

    reverb_s: float = 1.4
    brightness: float = 0.5
    echo_beats: float = 0.75
    low_cut_hz: float = 30.0
    high_cut_hz: float = 15_500.0
    tilt_db: float = 0.0
    drive: float = 1.0
    wow: float = 0.0
    crackle_db: float = -120.0
    air_db: float = -120.0


@dataclass(frozen=True, slots=True)
class Score:
    """A piece ready to be rendered. `swing` is where the off-beat falls in a pair (0.5: straight), `swing_unit` its length in beats."""

    tempo: float
    beats_per_bar: int
    bars: int
    parts: tuple[Part, ...]
    room: Room = field(default_factory=Room)
    swing: float = 0.5
    swing_unit: float = 0.5
    opening_bars: int = 0  # the filter opens over these bars
    tail_s: float = 2.0

    @property
    def duration_s(self) -> float:
        return self.bars * self.beats_per_bar * 60.0 / self.tempo + self.tail_s

    def seconds_at(self, beat: float) -> float:
        """When a beat of the grid sounds, with the swing applied."""
        pair = 2 * self.swing_unit
        whole, inside = divmod(beat, pair)
        share = inside / pair
        swung = share * 2 * self.swing if share < 0.5 else self.swing + (share - 0.5) * 2 * (1 - self.swing)
        return (whole + swung) * pair * 60.0 / self.tempo
