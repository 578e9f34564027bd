"""Chords from Roman numerals, the scale that fits each, and voicings that move as little as a good pianist's hand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from localstack.demo_music.patterns import Step

SCALES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "major pentatonic": (0, 2, 4, 7, 9),
    "minor pentatonic": (0, 3, 5, 7, 10),
}
QUALITIES = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "5": (0, 7),
    "6": (0, 4, 7, 9),
    "69": (0, 4, 7, 9, 14),
    "m6": (0, 3, 7, 9),
    "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "m7": (0, 3, 7, 10),
    "9": (0, 4, 7, 10, 14),
    "maj9": (0, 4, 7, 11, 14),
    "m9": (0, 3, 7, 10, 14),
    "m11": (0, 3, 7, 10, 17),
    "13": (0, 4, 10, 14, 21),
    "7b9": (0, 4, 7, 10, 13),
    "add9": (0, 4, 7, 14),
    "madd9": (0, 3, 7, 14),
    "sus2": (0, 2, 7),
    "sus4": (0, 5, 7),
    "9sus4": (0, 5, 7, 10, 14),
    "m7b5": (0, 3, 6, 10),
    "dim7": (0, 3, 6, 9),
}
_DEGREES = {"I": 0, "II": 2, "III": 4, "IV": 5, "V": 7, "VI": 9, "VII": 11}
_NUMERAL = re.compile(r"^([b#]?)(VII|VI|IV|V|III|II|I)(.*)$")


@dataclass(frozen=True, slots=True)
class Chord:
    """`root` is a pitch class; `tones` its pitch classes, root first; `scale` the pitch classes a melody may use over it."""

    root: int
    tones: tuple[int, ...]
    scale: tuple[int, ...]


def read_chord(numeral: str, tonic: int, scale: str) -> Chord:
    """`bVImaj7` in a key. Scale tones that rub against a borrowed chord tone give way to it."""
    match = _NUMERAL.match(numeral)
    if match is None or match.group(3) not in QUALITIES:
        raise ValueError(f"chord must be a Roman numeral with a known quality, got {numeral!r}")
    root = (tonic + _DEGREES[match.group(2)] + {"b": -1, "#": 1, "": 0}[match.group(1)]) % 12
    tones = tuple((root + interval) % 12 for interval in QUALITIES[match.group(3)])
    home = [(tonic + degree) % 12 for degree in SCALES[scale]]
    borrowed = [tone for tone in tones if tone not in home]
    kept = [tone for tone in home if tone in tones or not any((tone - other) % 12 in (1, 11) for other in borrowed)]
    return Chord(root, tones, tuple(sorted({*kept, *borrowed})))


def read_progression(text: str, tonic: int, scale: str) -> list[list[Chord]]:
    """One list of chords a bar: `IIm9 V13 Imaj9/VI7` has two in its third bar."""
    return [[read_chord(numeral, tonic, scale) for numeral in bar.split("/")] for bar in text.split()]


def _list_voicings(tones: tuple[int, ...], low: int, high: int) -> list[tuple[int, ...]]:
    """Close and drop-two positions of the tones within a range."""
    found: list[tuple[int, ...]] = []
    for turn in range(len(tones)):
        rotated = tones[turn:] + tones[:turn]
        for bottom in range(low, high):
            if bottom % 12 != rotated[0]:
                continue
            close = [bottom]
            for tone in rotated[1:]:
                close.append(close[-1] + ((tone - close[-1]) % 12 or 12))
            opened = sorted([*close[:-2], close[-2] - 12, close[-1]]) if len(close) > 3 else close
            found += [tuple(v) for v in (close, opened) if v[0] >= low and v[-1] <= high]
    return found


def voice_chord(chord: Chord, previous: tuple[int, ...], *, low: int, high: int, voices: int = 4) -> tuple[int, ...]:
    """The voicing nearest to the one before: fewest semitones moved, no semitone clash. The bass has the root."""
    tones = chord.tones if len(chord.tones) <= voices else chord.tones[1:][:voices]
    candidates = _list_voicings(tuple(sorted(set(tones))), low, high)
    if not candidates:
        return tuple(low + (tone - low) % 12 for tone in tones)
    centre = (low + high) / 2

    def cost(voicing: tuple[int, ...]) -> float:
        moved = sum(min(abs(pitch - old) for old in previous) for pitch in voicing) if previous else 0.0
        top = 0.6 * abs(voicing[-1] - previous[-1]) if previous else 0.0
        clash = 4.0 if any(b - a == 1 for a, b in pairwise(voicing)) else 0.0
        return moved + top + clash + 0.35 * abs(sum(voicing) / len(voicing) - centre)

    return min(candidates, key=lambda voicing: (cost(voicing), voicing))


def choose_bass_pitch(step: Step, chord: Chord, upcoming: Chord, *, low: int) -> int:
    """The pitch of a bass symbol: `r` root, `3` third, `5` fifth, `7` seventh, `8` octave, `a` a semitone or tone into the next root."""
    root = low + (chord.root - low) % 12
    if step.symbol == "a":
        target = low + (upcoming.root - low) % 12
        below, above = target - 1, target + 2
        return below if (target - 2) % 12 not in chord.scale or below >= low + 6 else above
    index = {"3": 1, "5": 2, "7": 3}.get(step.symbol, 0)
    tone = chord.tones[index] if index < len(chord.tones) else chord.root
    pitch = root + (tone - root) % 12
    if step.symbol == "5" and pitch > low + 12:
        pitch -= 12
    return pitch + (12 if step.symbol == "8" else 0)
