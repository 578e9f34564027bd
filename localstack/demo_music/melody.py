"""Tunes: a two-bar motif, answered, varied and brought home. Strong beats sing chord tones, the rest walks the scale, leaps turn back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from localstack.demo_music.harmony import Chord
from localstack.demo_music.patterns import Step, read_pattern
from localstack.demo_music.score import Note

_STEPS = np.array([-3, -2, -1, 0, 1, 2, 3])
_WEIGHTS = np.array([0.05, 0.15, 0.28, 0.08, 0.28, 0.12, 0.04])


@dataclass(frozen=True, slots=True)
class Motif:
    """A rhythm over some bars and the scale steps taken before each of its notes."""

    bars: tuple[tuple[Step, ...], ...]
    moves: tuple[int, ...]


def invent_motif(rng: np.random.Generator, cells: Sequence[str], bars: int) -> Motif:
    """Rhythm cells drawn from the style's, and a contour where every leap is answered by a step back."""
    chosen = tuple(read_pattern(cells[int(rng.integers(len(cells)))]) for _ in range(bars))
    moves: list[int] = []
    for _ in range(sum(len(bar) for bar in chosen)):
        leap = moves[-1] if moves and abs(moves[-1]) > 1 else 0
        moves.append(-int(np.sign(leap)) if leap else int(rng.choice(_STEPS, p=_WEIGHTS)))
    return Motif(chosen, tuple(moves))


def vary_motif(rng: np.random.Generator, motif: Motif) -> Motif:
    """The same rhythm; the second half of the contour goes elsewhere."""
    half = len(motif.moves) // 2
    fresh = tuple(int(rng.choice(_STEPS, p=_WEIGHTS)) for _ in motif.moves[half:])
    return Motif(motif.bars, motif.moves[:half] + fresh)


def _list_pitches(pitch_classes: Sequence[int], low: int, high: int) -> list[int]:
    return [pitch for pitch in range(low, high + 1) if pitch % 12 in pitch_classes]


def _nearest(pitches: Sequence[int], target: float) -> int:
    return min(range(len(pitches)), key=lambda i: (abs(pitches[i] - target), i))


def _choose_pitch(current: int, move: int, chord: Chord, *, strong: bool, low: int, high: int) -> int:
    ladder = _list_pitches(chord.scale, low, high)
    at = _nearest(ladder, current) + move
    if not 0 <= at < len(ladder):
        at = _nearest(ladder, current) - move
    pitch = ladder[max(0, min(len(ladder) - 1, at))]
    if not strong:
        return pitch
    tones = _list_pitches(chord.tones, low, high)
    return tones[_nearest(tones, pitch)]


def sing_phrase(
    rng: np.random.Generator, chords: Sequence[Sequence[Chord]], cells: Sequence[str], *, beats: int, low: int, high: int, ends: bool
) -> list[Note]:
    """A tune over bars of chords: motif, motif varied, motif, cadence. `ends` brings the last bar to rest on a long chord tone."""
    size = 2 if len(chords) >= 4 else 1
    first = invent_motif(rng, cells, size)
    plan = [first, vary_motif(rng, first), first, vary_motif(rng, first)]
    notes: list[Note] = []
    home = low + round((high - low) * 0.45)
    for block in range(0, len(chords), size):
        motif = plan[(block // size) % 4]
        current = home + (2 if (block // size) % 4 == 1 else 0)
        moves = iter(motif.moves)
        for offset, bar in enumerate(motif.bars[: len(chords) - block]):
            index = block + offset
            last = ends and index == len(chords) - 1
            for step in bar[: max(1, len(bar) // 2)] if last else bar:
                over = chords[index][min(len(chords[index]) - 1, int(step.start * len(chords[index])))]
                strong = step.symbol == "X" or step.start == 0 or step.length >= 0.25
                current = _choose_pitch(current, next(moves), over, strong=strong, low=low, high=high)
                notes.append(Note((index + step.start) * beats, step.length * beats, current, step.velocity))
    return _settle(notes, chords, beats=beats) if ends and notes else notes


def _settle(notes: list[Note], chords: Sequence[Sequence[Chord]], *, beats: int) -> list[Note]:
    """The last note becomes a chord tone, held to the end of the phrase."""
    last = notes[-1]
    tones = chords[-1][-1].tones[:3]
    pitch = min(range(last.pitch - 6, last.pitch + 7), key=lambda p: (p % 12 not in tones, abs(p - last.pitch)))
    length = max(last.length, (len(chords) - 0.25) * beats - last.start)
    return [*notes[:-1], Note(last.start, length, pitch, last.velocity)]
