"""The 204 features: equal to a plain computation of the whole song, whole for any sound, the same however the signal is cut."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import librosa
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.audio.analysis import Engine, analyse_file
from chalicelib.audio.chroma import chroma_filters
from chalicelib.audio.frames import SAMPLE_RATE
from chalicelib.audio.song_meter import MeasuredSound, SongMeter
from chalicelib.feature_model import FEATURE_COUNT, FEATURE_GROUPS, FeatureGroup
from chalicelib.model import MFCC_COUNT
from tests.unit.audio.made_audio import MAX_DURATION_S, Signal, make_music, write_mp3
from tests.unit.audio.plain_features import PlainSong

GROUPS = {group.name: slice(group.start, group.stop) for group in FEATURE_GROUPS}
ABSOLUTE, RELATIVE = 2e-3, 2e-3  # float32 against float64; the logarithm of a small variance is the most sensitive


def measure(signal: Signal, *, cuts: tuple[int, ...] = ()) -> MeasuredSound:
    meter = SongMeter()
    for begin, end in pairwise([0, *sorted(cut for cut in cuts if 0 < cut < len(signal)), len(signal)]):
        meter.add(signal[begin:end])
    return meter.finish(duration_s=len(signal) / SAMPLE_RATE)


def make_mono(duration_s: float, *, seed: int = 1) -> Signal:
    return make_music(duration_s, sample_rate=SAMPLE_RATE, channels=1, seed=seed)[:, 0]


def play_chords(semitones: int, chords: tuple[tuple[int, ...], ...] = ((0, 4, 7), (5, 9, 12), (7, 11, 14), (0, 4, 7))) -> Signal:
    """Each chord for three seconds, six partials a tone."""
    t = np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE
    roots = [[220 * 2 ** ((tone + semitones) / 12) for tone in chord] for chord in chords]
    sounds = [sum(np.sin(2 * np.pi * root * k * t) / k for root in chord for k in range(1, 7)) * np.exp(-t) for chord in roots]
    return (0.05 * np.concatenate(sounds)).astype(np.float32)


def find_group(name: str, values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return values[..., GROUPS[name]]


def test_the_groups_cover_all_features_without_a_gap() -> None:
    assert [group.start for group in FEATURE_GROUPS] == [0, *(group.stop for group in FEATURE_GROUPS[:-1])]
    assert FEATURE_GROUPS[-1].stop == FEATURE_COUNT


def test_chroma_filters_are_librosas() -> None:
    assert np.abs(chroma_filters() - librosa.filters.chroma(sr=SAMPLE_RATE, n_fft=2048, tuning=0)).max() < 1e-6


@pytest.mark.parametrize("duration_s", [0.4, 5.0, 9.0, 13.0, 47.3])
def test_features_equal_those_of_the_plain_computation(duration_s: float) -> None:
    signal = make_mono(duration_s)
    plain = PlainSong(signal).describe()
    np.testing.assert_allclose(measure(signal).features[MFCC_COUNT:], plain[MFCC_COUNT:], atol=ABSOLUTE, rtol=RELATIVE)


@pytest.mark.parametrize("duration_s", [0.4, 9.0, 47.3])
def test_passages_equal_those_of_the_plain_computation(duration_s: float) -> None:
    signal = make_mono(duration_s)
    plain = PlainSong(signal)
    passages = measure(signal).passages
    assert len(passages) == len(plain.windows)
    np.testing.assert_allclose(passages, [plain.describe(window) for window in plain.windows], atol=ABSOLUTE, rtol=RELATIVE)


@settings(deadline=None, max_examples=12)
@given(cuts=st.lists(st.integers(min_value=0, max_value=500_000), max_size=8), length=st.integers(min_value=1, max_value=500_000))
def test_however_the_signal_is_cut_the_features_are_the_same(cuts: list[int], length: int) -> None:
    signal = make_mono(23.0)[:length]
    whole, pieces = measure(signal), measure(signal, cuts=tuple(cuts))
    np.testing.assert_allclose(pieces.features, whole.features, atol=1e-4)
    np.testing.assert_allclose(pieces.passages, whole.passages, atol=1e-4)
    assert pieces.preview_start_s == whole.preview_start_s


@settings(deadline=None, max_examples=12)
@given(gain_db=st.floats(min_value=-20, max_value=6))
def test_how_loud_a_song_was_mastered_moves_only_the_mean_of_the_first_coefficient(gain_db: float) -> None:
    """As long as nothing sinks under the floor: the noise of this signal lies far above it."""
    noise = np.random.default_rng(5).standard_normal(14 * SAMPLE_RATE) * (1 + 0.5 * np.sin(np.arange(14 * SAMPLE_RATE) / 3000))
    signal = (0.2 * noise).astype(np.float32)
    plain, louder = measure(signal), measure(signal * np.float32(10 ** (gain_db / 20)))
    np.testing.assert_allclose(louder.features[1:], plain.features[1:], atol=5e-3)
    assert louder.features[0] - plain.features[0] == pytest.approx(gain_db * np.sqrt(128), abs=0.1)


@pytest.mark.parametrize("semitones", [1, 3, 5, 7, 11])
def test_another_key_hardly_moves_the_intervals_and_other_chords_do(semitones: int) -> None:
    here, there = (find_group("chroma_intervals", measure(play_chords(by)).features) for by in (0, semitones))
    whole_tones = ((0, 4, 8), (2, 6, 10), (0, 4, 8), (2, 6, 10))
    other = find_group("chroma_intervals", measure(play_chords(0, whole_tones)).features)
    assert np.linalg.norm(there - here) < 0.3 * np.linalg.norm(other - here)


ODD_SIGNALS = {
    "one sample": np.ones(1, np.float32),
    "a hundredth of a second": make_mono(0.01),
    "one second": make_mono(1.0),
    "noise": np.random.default_rng(1).uniform(-1, 1, 20 * SAMPLE_RATE).astype(np.float32),
    "a constant tone": np.sin(2 * np.pi * 440 * np.arange(20 * SAMPLE_RATE) / SAMPLE_RATE).astype(np.float32),
    "a constant": np.full(13 * SAMPLE_RATE, 0.5, np.float32),
    "silence inside": np.concatenate([make_mono(4.0), np.zeros(30 * SAMPLE_RATE, np.float32), make_mono(4.0)]),
    "a click in silence": np.eye(1, 40 * SAMPLE_RATE, 20 * SAMPLE_RATE, dtype=np.float32)[0],
    "nearly nothing": np.random.default_rng(2).uniform(-2e-4, 2e-4, 60 * SAMPLE_RATE).astype(np.float32),
    "far too loud": 30 * make_mono(13.0),
}


@pytest.mark.parametrize("name", ODD_SIGNALS)
def test_every_sound_has_whole_features(name: str) -> None:
    measured = measure(ODD_SIGNALS[name])
    assert measured.is_finite
    assert measured.features.shape == (FEATURE_COUNT,)
    assert measured.passages.shape[1:] == (FEATURE_COUNT,)
    assert 1 <= len(measured.passages) <= 8
    assert np.abs(measured.features).max() < 5000
    assert 0 <= measured.preview_start_s <= len(ODD_SIGNALS[name]) / SAMPLE_RATE


def test_hiss_under_the_floor_says_nothing() -> None:
    """Above it all is alike whether a pause is digital silence or the noise of a converter."""
    pause = np.zeros(12 * SAMPLE_RATE, np.float32)
    hiss = np.random.default_rng(3).normal(0, 1e-5, len(pause)).astype(np.float32)
    music = make_mono(12.0)
    clean, noisy = (measure(np.concatenate([music, rest])).features[MFCC_COUNT:] for rest in (pause, hiss))
    np.testing.assert_allclose(noisy, clean, atol=0.02)


@pytest.mark.parametrize("group", FEATURE_GROUPS, ids=lambda group: group.name)
def test_no_feature_is_the_same_for_all_songs(group: FeatureGroup) -> None:
    songs = [
        make_mono(13.0, seed=1),
        play_chords(0),
        play_chords(2, ((0, 3, 6), (1, 5, 8))),
        ODD_SIGNALS["noise"],
        0.1 * make_mono(14.0, seed=2),
    ]
    values = np.stack([measure(song).features for song in songs])[:, group.start : group.stop]
    assert (np.ptp(values, axis=0) > 1e-3).all()


@pytest.mark.parametrize("engine", ["streaming", "librosa"])
def test_an_analysis_holds_them_by_either_engine(tmp_path: Path, engine: Engine) -> None:
    path = write_mp3(tmp_path / "song.mp3", 20.0)
    analysis = analyse_file(path, file_name="song.mp3", engine=engine, max_duration_s=MAX_DURATION_S)
    other = analyse_file(path, file_name="song.mp3", max_duration_s=MAX_DURATION_S)
    assert len(analysis.features) == FEATURE_COUNT
    assert analysis.features[:MFCC_COUNT] == analysis.mfcc
    assert [len(passage) for passage in analysis.passages] == [FEATURE_COUNT] * 2
    np.testing.assert_allclose(analysis.features, other.features, atol=5e-3)
    np.testing.assert_allclose(analysis.passages, other.passages, atol=5e-3)
    assert analysis.preview_start_s == other.preview_start_s
