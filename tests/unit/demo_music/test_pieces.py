"""What a newcomer hears first: every style sounds, none clips, the same seed gives the same samples."""

from functools import lru_cache

import numpy as np
import pytest

from localstack.demo_music.arrangement import Casting, arrange_piece
from localstack.demo_music.catalogue import list_entries
from localstack.demo_music.compose import compose_samples
from localstack.demo_music.mastering import CEILING, TARGET_LUFS, limit_peaks, measure_loudness
from localstack.demo_music.score import SAMPLE_RATE, Samples, Score
from localstack.demo_music.styles import STYLES

ENTRIES = list_entries(8)


@lru_cache(maxsize=8)
def piece(number: int) -> Samples:
    return compose_samples(ENTRIES[number], 2026)


def score(style: str, turn: int, seed: int = 2026) -> Score:
    return arrange_piece(STYLES[style], Casting(seed, style, turn % 2, turn))


@pytest.mark.parametrize("number", range(len(ENTRIES)), ids=[entry.style for entry in ENTRIES])
def test_a_piece_of_each_style_is_clean_loud_enough_and_in_stereo(number: int) -> None:
    samples = piece(number)
    assert 20 <= samples.shape[1] / SAMPLE_RATE <= 40
    assert np.isfinite(samples).all()
    assert np.abs(samples).max() <= CEILING + 1e-6
    assert abs(measure_loudness(samples) - TARGET_LUFS) < 0.5
    assert np.abs(samples[0] - samples[1]).max() > 0.05
    assert np.abs(samples[:, -SAMPLE_RATE // 100 :]).max() < 1e-3, "it fades to nothing"


@pytest.mark.parametrize("number", range(len(ENTRIES)), ids=[entry.style for entry in ENTRIES])
def test_no_second_of_a_piece_is_silent_before_its_fade(number: int) -> None:
    samples = piece(number)
    seconds = samples.shape[1] // SAMPLE_RATE - 4
    level = np.sqrt((samples[:, : seconds * SAMPLE_RATE].reshape(2, seconds, SAMPLE_RATE) ** 2).mean(axis=(0, 2)))
    assert level.min() > 10 ** (-45 / 20)


def test_the_same_seed_gives_the_same_samples_and_another_seed_others() -> None:
    entry = next(entry for entry in ENTRIES if entry.style == "chiptune")
    again = compose_samples(entry, 2026)
    assert np.array_equal(again, piece(entry.number))
    other = compose_samples(entry, 7)
    assert other.shape != again.shape or not np.allclose(other, again, atol=1e-2)


@pytest.mark.parametrize("style", STYLES)
def test_pieces_of_a_style_differ_in_notes_and_stay_within_the_length(style: str) -> None:
    scores = [score(style, turn) for turn in range(8)]
    assert len({part.notes for s in scores for part in s.parts[:1]}) == 8
    for s in scores:
        assert 20 <= s.duration_s <= 40


@pytest.mark.parametrize("style", STYLES)
def test_a_score_has_chords_bass_melody_and_drums_in_range(style: str) -> None:
    roles = {line.role for line in STYLES[style].lines.values()}
    assert {"bass", "melody"} <= roles
    assert roles & {"chords", "arp"}
    s = score(style, 0)
    assert len(s.parts) >= len(STYLES[style].lines) + 2, "at least two drums are struck"
    end = s.bars * s.beats_per_bar
    for part in s.parts:
        assert all(0 <= note.start <= end and 0 < note.velocity <= 1 and note.length > 0 for note in part.notes)


def test_swing_delays_only_the_off_beats() -> None:
    s = Score(tempo=60, beats_per_bar=4, bars=1, parts=(), swing=0.6, swing_unit=0.25)
    assert s.seconds_at(0.5) == pytest.approx(0.5)
    assert s.seconds_at(0.25) == pytest.approx(0.3)
    assert s.seconds_at(1.75) == pytest.approx(1.8)


def test_the_limiter_holds_a_click_under_the_ceiling_and_leaves_quiet_music_alone() -> None:
    quiet = np.full((2, SAMPLE_RATE), 0.1, dtype=np.float32)
    loud = quiet.copy()
    loud[:, SAMPLE_RATE // 2] = 4.0
    limited = limit_peaks(loud, 0.8)
    assert np.abs(limited).max() <= 0.8
    assert np.allclose(limited[:, : SAMPLE_RATE // 4], quiet[:, : SAMPLE_RATE // 4])


def test_a_full_scale_sine_of_1_khz_measures_about_minus_three_lufs_per_channel() -> None:
    sine = np.sin(2 * np.pi * 1000 * np.arange(SAMPLE_RATE * 2) / SAMPLE_RATE).astype(np.float32)
    one_side = np.stack([sine, np.zeros_like(sine)])
    assert measure_loudness(one_side) == pytest.approx(-3.0, abs=0.6)
