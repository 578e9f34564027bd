"""From a recipe and a seed to a score: key, tempo, progressions, who plays in which section. Artists keep their instruments."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np

from localstack.demo_music.harmony import Chord, choose_bass_pitch, read_progression, voice_chord
from localstack.demo_music.melody import sing_phrase
from localstack.demo_music.patterns import Step, read_pattern
from localstack.demo_music.recipe import Line, Recipe, Section
from localstack.demo_music.score import Note, Part, Score

END = "X---------------"  # every line's pattern in the last bar


@dataclass(frozen=True, slots=True)
class Casting:
    """The choices behind one piece. `artist` picks instruments and grooves, `turn` counts the style's pieces: none repeats the last."""

    seed: int
    style: str
    artist: int
    turn: int

    def draw(self, purpose: str) -> np.random.Generator:
        return np.random.default_rng([self.seed, zlib.crc32(f"{self.style}/{self.turn}/{purpose}".encode())])

    def pick_in_turn(self, options: int, purpose: str) -> int:
        """An index from an order that the whole style shares: pieces use up all options before one returns."""
        order = np.random.default_rng([self.seed, zlib.crc32(f"{self.style}/{purpose}".encode())]).permutation(options)
        return int(order[self.turn % options])


@dataclass(frozen=True, slots=True)
class Stretch:
    """A section laid out in time: where it starts, the chords of each of its bars."""

    section: Section
    first_bar: int
    chords: list[list[Chord]]
    is_last: bool


def arrange_piece(recipe: Recipe, casting: Casting) -> Score:
    """The whole score of one piece."""
    rng = casting.draw("piece")
    tempo = float(rng.uniform(*recipe.tempo))
    stretches = _lay_out(recipe, casting)
    parts = [
        Part(line.instruments[casting.artist % len(line.instruments)], line.mix, tuple(_write_line(name, line, recipe, casting, stretches)))
        for name, line in recipe.lines.items()
    ]
    parts += _write_drums(recipe, casting, stretches)
    loosened = tuple(
        _loosen(part, casting.draw(f"loose {i}"), recipe.looseness_s * tempo / 60) for i, part in enumerate(parts) if part.notes
    )
    bars = sum(section.bars for section in recipe.form)
    return Score(tempo, recipe.beats, bars, loosened, recipe.room, recipe.swing, recipe.swing_unit, recipe.opening_bars, recipe.tail_s)


def _lay_out(recipe: Recipe, casting: Casting) -> list[Stretch]:
    tonic = casting.pick_in_turn(12, "tonic")
    a = recipe.progressions_a[casting.pick_in_turn(len(recipe.progressions_a), "A")]
    b = recipe.progressions_b[casting.pick_in_turn(len(recipe.progressions_b), "B")]
    texts = {"A": a, "B": b, "I": recipe.home}
    stretches: list[Stretch] = []
    bar = 0
    for i, section in enumerate(recipe.form):
        loop = read_progression(texts[section.progression], tonic, recipe.scale)
        chords = [loop[k % len(loop)] for k in range(section.bars)]
        stretches.append(Stretch(section, bar, chords, i == len(recipe.form) - 1))
        bar += section.bars
    return stretches


def _write_line(name: str, line: Line, recipe: Recipe, casting: Casting, stretches: Sequence[Stretch]) -> list[Note]:
    playing = [stretch for stretch in stretches if name in stretch.section.lines.split()]
    if line.role == "melody":
        return [note for stretch in playing for note in _sing(name, line, recipe, casting, stretch)]
    write = {"chords": _write_chords, "arp": _write_arpeggio, "bass": _write_bass}[line.role]
    following = {id(s): stretches[i + 1].chords[0][0] for i, s in enumerate(stretches[:-1])}
    hand: tuple[int, ...] = ()
    notes: list[Note] = []
    for stretch in playing:
        pattern = _choose_pattern(name, line, casting, stretch)
        for k, bar_chords in enumerate(stretch.chords):
            upcoming = stretch.chords[k + 1][0] if k + 1 < len(stretch.chords) else following.get(id(stretch), bar_chords[0])
            fresh, hand = write(line, read_pattern(pattern), bar_chords, upcoming, hand)
            start = (stretch.first_bar + k) * recipe.beats
            notes += [_place(note, start, recipe.beats, stretch.section.energy) for note in fresh]
    return notes


def _choose_pattern(name: str, line: Line, casting: Casting, stretch: Stretch) -> str:
    """The same in every A, perhaps another in every B; one long stroke at the end."""
    if stretch.is_last:
        return {"bass": "r" + END[1:], "arp": "0123456789------" if len(line.patterns[0]) > 8 else "012345"}.get(line.role, END)
    options = line.patterns
    shift = 1 if stretch.section.progression == "B" else 0
    return options[(int(casting.draw(name).integers(len(options))) + shift) % len(options)]


def _place(note: Note, start: float, beats: int, energy: float) -> Note:
    return Note(start + note.start * beats, note.length * beats, note.pitch, min(1.0, note.velocity * energy))


Writer = Callable[[Line, Sequence[Step], Sequence[Chord], Chord, tuple[int, ...]], tuple[list[Note], tuple[int, ...]]]


def _chord_at(chords: Sequence[Chord], share: float) -> int:
    return min(len(chords) - 1, int(share * len(chords) + 1e-9))


def _voice_bar(line: Line, chords: Sequence[Chord], hand: tuple[int, ...]) -> list[tuple[int, ...]]:
    voicings: list[tuple[int, ...]] = []
    for chord in chords:
        hand = voice_chord(chord, hand, low=line.low, high=line.high, voices=line.voices)
        voicings.append(hand)
    return voicings


def _write_chords(
    line: Line, steps: Sequence[Step], chords: Sequence[Chord], _upcoming: Chord, hand: tuple[int, ...]
) -> tuple[list[Note], tuple[int, ...]]:
    voicings = _voice_bar(line, chords, hand)
    notes: list[Note] = []
    for step in steps:
        voicing = voicings[_chord_at(chords, step.start)]
        for i, pitch in enumerate(voicing):
            delay = line.strum * i / max(1, len(voicing) - 1)
            notes.append(Note(step.start + delay, step.length, pitch, step.velocity * (1.0 if i == len(voicing) - 1 else 0.88)))
    return notes, voicings[-1]


def _write_arpeggio(
    line: Line, steps: Sequence[Step], chords: Sequence[Chord], _upcoming: Chord, hand: tuple[int, ...]
) -> tuple[list[Note], tuple[int, ...]]:
    """Digits are voices of the voicing, counted from the lowest; beyond the highest they go on an octave up."""
    voicings = _voice_bar(line, chords, hand)
    notes: list[Note] = []
    for step in steps:
        voicing = voicings[_chord_at(chords, step.start)]
        octave, voice = divmod(int(step.symbol), len(voicing))
        notes.append(Note(step.start, step.length, voicing[voice] + 12 * octave, 0.85 if step.start * 4 % 1 == 0 else 0.65))
    return notes, voicings[-1]


def _write_bass(
    line: Line, steps: Sequence[Step], chords: Sequence[Chord], upcoming: Chord, hand: tuple[int, ...]
) -> tuple[list[Note], tuple[int, ...]]:
    notes: list[Note] = []
    for step in steps:
        at = _chord_at(chords, step.start)
        after = chords[at + 1] if at + 1 < len(chords) else upcoming
        pitch = choose_bass_pitch(step, chords[at], after, low=line.low)
        notes.append(Note(step.start, step.length, pitch, 0.95 if step.start == 0 else 0.8))
    return notes, hand


def _sing(name: str, line: Line, recipe: Recipe, casting: Casting, stretch: Stretch) -> list[Note]:
    """A returning section sings its tune again: the seed belongs to the progression, not to the place."""
    if stretch.is_last:
        tones = stretch.chords[0][0].tones
        pitch = min(range(line.low, line.high + 1), key=lambda p: (p % 12 not in tones[:3:2], abs(p - (line.low + line.high) / 2)))
        return [Note(stretch.first_bar * recipe.beats, recipe.beats * 0.8, pitch, 0.7)]
    rng = casting.draw(f"{name} {stretch.section.progression}")
    tune = sing_phrase(rng, stretch.chords, line.patterns, beats=recipe.beats, low=line.low, high=line.high, ends=len(stretch.chords) >= 4)
    start = stretch.first_bar * recipe.beats
    return [Note(start + n.start, n.length, n.pitch, min(1.0, n.velocity * stretch.section.energy)) for n in tune]


def _write_drums(recipe: Recipe, casting: Casting, stretches: Sequence[Stretch]) -> list[Part]:
    struck: dict[str, list[Note]] = {role: [] for role in recipe.kit}
    for stretch in stretches:
        if not stretch.section.groove:
            continue
        for k in range(stretch.section.bars):
            is_fill = stretch.section.fill and k == stretch.section.bars - 1
            options = recipe.grooves["fill" if is_fill else stretch.section.groove]
            groove = options[casting.artist % len(options)]
            for role, pattern in groove.items():
                struck[role] += _strike(pattern, (stretch.first_bar + k) * recipe.beats, recipe.beats, stretch.section.energy)
        if recipe.grooves.get("opening") and stretch.first_bar:
            for role, pattern in recipe.grooves["opening"][0].items():
                struck[role] += _strike(pattern, stretch.first_bar * recipe.beats, recipe.beats, 0.8)
    return [Part(drum.sound, drum.mix, tuple(struck[role])) for role, drum in recipe.kit.items()]


def _strike(pattern: str, start: float, beats: int, energy: float) -> list[Note]:
    variant = count()
    return [Note(start + s.start * beats, s.length * beats, next(variant), min(1.0, s.velocity * energy)) for s in read_pattern(pattern)]


def _loosen(part: Part, rng: np.random.Generator, spread_beats: float) -> Part:
    """Nobody plays exactly on the grid, or twice as loud."""
    shifts = np.abs(rng.normal(0.0, spread_beats, len(part.notes)))
    touches = rng.normal(1.0, 0.05, len(part.notes))
    notes = tuple(
        Note(n.start + float(shift), n.length, n.pitch, float(np.clip(n.velocity * touch, 0.1, 1.0)))
        for n, shift, touch in zip(part.notes, shifts, touches, strict=True)
    )
    return Part(part.instrument, part.mix, notes)
