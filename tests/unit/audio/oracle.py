"""What every MFCC is held against: `librosa.load` + `librosa.feature.mfcc(n_mfcc=20)` + mean, and nothing of ours."""

from __future__ import annotations

from pathlib import Path

import librosa
import numpy as np
import numpy.typing as npt

from chalicelib.audio.analysis import analyse_file
from tests.unit.audio.made_audio import MAX_DURATION_S

TOLERANCE = 1e-3


def ask_librosa(path: Path) -> npt.NDArray[np.float32]:
    signal, sample_rate = librosa.load(path)
    means: npt.NDArray[np.float32] = librosa.feature.mfcc(y=signal, sr=sample_rate, n_mfcc=20).mean(axis=1)
    return means


def ask_librosa_of(signal: npt.NDArray[np.float32], sample_rate: int) -> npt.NDArray[np.float32]:
    """Of samples (count, channels): what `librosa.load` does after decoding, and the rest."""
    mono = librosa.to_mono(signal.T)
    resampled = librosa.resample(mono, orig_sr=sample_rate, target_sr=22_050)
    means: npt.NDArray[np.float32] = librosa.feature.mfcc(y=resampled, sr=22_050, n_mfcc=20).mean(axis=1)
    return means


def measure(path: Path) -> npt.NDArray[np.float64]:
    return np.array(analyse_file(path, file_name=path.name, max_duration_s=MAX_DURATION_S).mfcc)
