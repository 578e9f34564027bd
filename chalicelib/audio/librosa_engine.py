"""The oracle, and MFCC_ENGINE=librosa: librosa itself, where its size (423 MB) and memory (whole songs) do not matter. Imported lazily."""

from __future__ import annotations

import numpy as np
import soundfile

from chalicelib.audio import messages
from chalicelib.audio.decoding import check_decoded, check_peak
from chalicelib.audio.frames import FloatArray
from chalicelib.audio.opening import OpenedAudio
from chalicelib.model import MFCC_COUNT


def measure_by_librosa(opened: OpenedAudio) -> tuple[FloatArray, FloatArray, float]:
    """The signal at 22,050 Hz, the 20 means and the decoded duration in seconds, with the same refusals as the streaming engine."""
    import librosa

    opened.sound.may_seek = True  # else it cannot be read whole in one go
    try:
        signal, sample_rate = librosa.load(opened.sound)
    except soundfile.SoundFileError as exc:
        raise messages.make_corrupt_error("it cannot be decoded") from exc
    duration_s = len(signal) / sample_rate
    peak = float(np.abs(signal).max(initial=0.0))
    check_peak(peak)
    check_decoded(opened, samples=round(duration_s * opened.sound.samplerate), peak=peak)
    mfcc = librosa.feature.mfcc(y=signal, sr=sample_rate, n_mfcc=MFCC_COUNT)
    return signal, mfcc.mean(axis=1).astype(np.float32), duration_s
