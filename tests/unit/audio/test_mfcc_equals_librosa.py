"""librosa is the oracle: `librosa.load` + `librosa.feature.mfcc(n_mfcc=20)` + mean, on made MP3s and on the real ones at hand."""

from __future__ import annotations

from pathlib import Path

import librosa
import numpy as np
import numpy.typing as npt
import pytest

from chalicelib.audio.analysis import analyse_file
from chalicelib.audio.mfcc import MfccMeans, make_mel_filters
from tests.unit.audio.made_audio import MAX_DURATION_S, make_music, write_audio, write_mp3

TOLERANCE = 1e-3
REAL_MUSIC = Path(__file__).parents[3].parent / "shared" / "audio"
REAL_FILES = sorted(REAL_MUSIC.glob("*.mp3"))


def ask_librosa(path: Path) -> npt.NDArray[np.float32]:
    signal, sample_rate = librosa.load(path)
    means: npt.NDArray[np.float32] = librosa.feature.mfcc(y=signal, sr=sample_rate, n_mfcc=20).mean(axis=1)
    return means


def measure(path: Path) -> npt.NDArray[np.float64]:
    return np.array(analyse_file(path, file_name=path.name, max_duration_s=MAX_DURATION_S).mfcc)


@pytest.mark.parametrize("sample_rate", [8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_made_mp3s_of_every_rate_have_librosas_means(tmp_path: Path, sample_rate: int, channels: int) -> None:
    path = write_mp3(tmp_path / "made.mp3", 4.0, sample_rate=sample_rate, channels=channels)
    assert np.abs(measure(path) - ask_librosa(path)).max() < TOLERANCE


@pytest.mark.parametrize("duration_s", [0.3, 1.0, 7.3, 40.0])
def test_short_and_long_mp3s_have_librosas_means(tmp_path: Path, duration_s: float) -> None:
    path = write_mp3(tmp_path / "made.mp3", duration_s)
    assert np.abs(measure(path) - ask_librosa(path)).max() < TOLERANCE


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
    means = MfccMeans()
    means.add(make_music(0.01, sample_rate=22_050, channels=1)[:, 0])
    assert np.isfinite(means.finish()).all()


@pytest.mark.skipif(not REAL_FILES, reason="no real music beside the project (../shared/audio)")
@pytest.mark.parametrize("path", REAL_FILES, ids=lambda path: path.stem)
def test_real_music_has_librosas_means(path: Path) -> None:
    assert np.abs(measure(path) - ask_librosa(path)).max() < TOLERANCE
