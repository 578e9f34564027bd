"""librosa is the oracle: of other containers than MP3, of signals, and of its parts. All kinds of MP3 are in `test_exactness_matrix`."""

from __future__ import annotations

import warnings
from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.audio.analysis import analyse_file
from chalicelib.audio.decoding import DecodedSound
from chalicelib.audio.frames import FrameMaker, make_mel_filters
from chalicelib.audio.mfcc import MfccMeans
from chalicelib.audio.opening import open_audio
from tests.unit.audio.made_audio import MAX_DURATION_S, make_music, write_audio, write_mp3
from tests.unit.audio.oracle import TOLERANCE, ask_librosa, measure


def test_a_song_of_variable_bit_rate_is_read_from_end_to_end_without_a_seek(tmp_path: Path) -> None:
    path = tmp_path / "vbr.mp3"
    soundfile.write(path, make_music(20.0), 44_100, format="MP3", bitrate_mode="VARIABLE")
    assert np.abs(measure(path) - ask_librosa(path)).max() < TOLERANCE
    with open_audio(path, max_duration_s=MAX_DURATION_S) as opened:
        blocks = list(DecodedSound(opened, max_duration_s=MAX_DURATION_S, block_samples=5_000))
    assert np.array_equal(np.concatenate(blocks), soundfile.read(path, dtype="float32")[0] @ np.full(2, 0.5, np.float32))


@pytest.mark.parametrize("extension", ["wav", "flac", "ogg", "aiff"])
def test_other_containers_have_librosas_means(tmp_path: Path, extension: str) -> None:
    path = write_audio(tmp_path / f"made.{extension}", make_music(3.0, channels=3))
    assert np.abs(measure(path) - ask_librosa(path)).max() < TOLERANCE


def test_music_after_long_digital_silence_is_clipped_as_librosa_clips_it(tmp_path: Path) -> None:
    """The loudest frame comes last, so what has been read long before is clipped only by what comes at the end."""
    quiet = np.zeros((44_100 * 6, 2), np.float32)
    faint = make_music(3.0, seed=2) * np.float32(1e-3)
    path = write_audio(tmp_path / "late.wav", np.concatenate([quiet, faint, make_music(3.0)]), subtype="FLOAT")
    assert np.abs(measure(path) - ask_librosa(path)).max() < TOLERANCE


def test_the_librosa_engine_gives_the_same_analysis(tmp_path: Path) -> None:
    path = write_mp3(tmp_path / "made.mp3")
    lean = analyse_file(path, file_name="a.mp3", max_duration_s=MAX_DURATION_S)
    heavy = analyse_file(path, file_name="a.mp3", engine="librosa", max_duration_s=MAX_DURATION_S)
    assert np.abs(np.subtract(lean.mfcc, heavy.mfcc)).max() < TOLERANCE
    assert heavy.duration_s == pytest.approx(lean.duration_s, abs=1e-3)
    assert (heavy.track_id, heavy.tags) == (lean.track_id, lean.tags)


def test_mel_filters_are_librosas() -> None:
    assert np.abs(make_mel_filters() - librosa.filters.mel(sr=22_050, n_fft=2048, n_mels=128)).max() < 1e-7


def test_a_signal_shorter_than_a_window_is_measured_too() -> None:
    frames, means = FrameMaker(), MfccMeans()
    assert list(frames.add(make_music(0.01, sample_rate=22_050, channels=1)[:, 0])) == []
    for block in frames.finish():
        means.add(block.levels)
    assert np.isfinite(means.finish()).all()


@settings(deadline=None, max_examples=25)
@given(
    length=st.integers(min_value=1, max_value=60_000),
    piece_samples=st.integers(min_value=1, max_value=70_000),
    quietest_db=st.floats(min_value=-140.0, max_value=0.0),
    loudest_db=st.floats(min_value=-60.0, max_value=20.0),
    seed=st.integers(min_value=0, max_value=1_000),
)
def test_any_signal_of_any_length_has_librosas_means(
    length: int, piece_samples: int, quietest_db: float, loudest_db: float, seed: int
) -> None:
    """Music and noise that swell from one level to another."""
    rng = np.random.default_rng(seed)
    swell = 10 ** (np.linspace(quietest_db, loudest_db, length) / 20)
    music = make_music(length / 22_050 + 0.01, sample_rate=22_050, channels=1, seed=seed)[:length, 0]
    signal = (swell * (music + 0.01 * rng.standard_normal(length))).astype(np.float32)
    frames, means = FrameMaker(), MfccMeans()
    for start in range(0, length, piece_samples):
        for block in frames.add(signal[start : start + piece_samples]):
            means.add(block.levels)
    for block in frames.finish():
        means.add(block.levels)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a window longer than the signal
        expected = librosa.feature.mfcc(y=signal, sr=22_050, n_mfcc=20).mean(axis=1)
    assert np.abs(means.finish() - expected).max() < TOLERANCE
