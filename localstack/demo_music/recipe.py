"""The vocabulary in which a style is written: its lines, drums, form and room. The arrangement reads it; the styles fill it in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from localstack.demo_music.score import Mix, Room

Role = Literal["chords", "arp", "bass", "melody"]


@dataclass(frozen=True, slots=True)
class Line:
    """One voice: an artist plays it on one of `instruments`, a piece by one of `patterns` (for a melody: the cells it draws from)."""

    role: Role
    instruments: tuple[str, ...]
    patterns: tuple[str, ...]
    low: int
    high: int
    mix: Mix
    voices: int = 4
    strum: float = 0.0  # from the lowest to the highest note of a chord, as a share of the bar


@dataclass(frozen=True, slots=True)
class Drum:
    """A role in the kit (`kick`, `snare`, …): the sound that plays it and its place in the mix."""

    sound: str
    mix: Mix


Groove = Mapping[str, str]  # role in the kit → one bar's pattern


@dataclass(frozen=True, slots=True)
class Section:
    """Some bars of the form over progression `A` or `B` (`I`: the tonic, to end on), and who plays in them."""

    bars: int
    progression: Literal["A", "B", "I"]
    lines: str
    groove: str = ""
    fill: bool = False
    energy: float = 1.0


@dataclass(frozen=True, slots=True)
class Recipe:
    genre: str
    tempo: tuple[int, int]
    scale: str
    home: str  # the chord a piece ends on
    progressions_a: tuple[str, ...]
    progressions_b: tuple[str, ...]
    lines: Mapping[str, Line]
    kit: Mapping[str, Drum]
    grooves: Mapping[str, tuple[Groove, ...]]
    form: tuple[Section, ...]
    room: Room
    beats: int = 4
    swing: float = 0.5
    swing_unit: float = 0.5
    opening_bars: int = 0
    looseness_s: float = 0.004
    tail_s: float = 2.0
