"""The theory: numerals become chords, voices move little, tunes stay in the scale."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from localstack.demo_music.harmony import QUALITIES, SCALES, read_chord, read_progression, voice_chord
from localstack.demo_music.melody import sing_phrase
from localstack.demo_music.patterns import read_pattern
from localstack.demo_music.styles import STYLES

NUMERALS = st.builds(
    "{}{}{}".format, st.sampled_from(["", "b"]), st.sampled_from(["I", "II", "IV", "V", "VI"]), st.sampled_from(sorted(QUALITIES))
)


def test_a_numeral_reads_as_the_chord_of_the_key() -> None:
    chord = read_chord("bVImaj7", tonic=0, scale="minor")
    assert chord.tones == (8, 0, 3, 7)
    assert read_chord("V7", tonic=2, scale="major").root == 9


@pytest.mark.parametrize("wrong", ["H7", "Vmaj13", ""])
def test_an_unknown_numeral_is_named(wrong: str) -> None:
    with pytest.raises(ValueError, match="Roman numeral"):
        read_chord(wrong, tonic=0, scale="major")


@pytest.mark.parametrize("style", STYLES)
def test_every_progression_of_every_style_can_be_read(style: str) -> None:
    recipe = STYLES[style]
    for text in (*recipe.progressions_a, *recipe.progressions_b, recipe.home):
        assert all(read_progression(text, 0, recipe.scale))


@pytest.mark.parametrize("style", STYLES)
def test_drum_grooves_and_lines_name_what_exists(style: str) -> None:
    recipe = STYLES[style]
    for section in recipe.form:
        assert set(section.lines.split()) <= set(recipe.lines)
        assert not section.groove or section.groove in recipe.grooves
    for grooves in recipe.grooves.values():
        assert all(set(groove) <= set(recipe.kit) for groove in grooves)


@given(numerals=st.lists(NUMERALS, min_size=2, max_size=8), tonic=st.integers(0, 11))
def test_voicings_hold_the_chord_and_each_voice_moves_at_most_a_sixth(numerals: list[str], tonic: int) -> None:
    hand: tuple[int, ...] = ()
    for numeral in numerals:
        chord = read_chord(numeral, tonic, "major")
        voicing = voice_chord(chord, hand, low=52, high=76)
        assert {pitch % 12 for pitch in voicing} <= set(chord.tones)
        assert all(52 <= pitch <= 76 for pitch in voicing)
        assert len(set(voicing)) == len(voicing)
        if hand:
            assert max(min(abs(pitch - old) for old in hand) for pitch in voicing) <= 9
        hand = voicing


@given(seed=st.integers(0, 10_000), tonic=st.integers(0, 11), scale=st.sampled_from(sorted(SCALES)))
def test_a_tune_stays_in_range_and_scale_and_ends_on_a_chord_tone(seed: int, tonic: int, scale: str) -> None:
    chords = read_progression("I V VIm IV", tonic, scale)
    tune = sing_phrase(np.random.default_rng(seed), chords, ("X---x-x-", "x---X---"), beats=4, low=60, high=84, ends=True)
    assert all(54 <= note.pitch <= 90 for note in tune)
    for note in tune:
        chord = chords[int(note.start // 4)][0]
        assert note.pitch % 12 in {*chord.scale, *chord.tones}
    assert tune[-1].pitch % 12 in chords[-1][-1].tones


def test_a_pattern_knows_rests_holds_and_accents() -> None:
    steps = read_pattern("X--. o.x-")
    assert [(step.start, step.length, step.velocity) for step in steps] == [(0.0, 3 / 8, 1.0), (0.5, 1 / 8, 0.5), (0.75, 2 / 8, 0.8)]
