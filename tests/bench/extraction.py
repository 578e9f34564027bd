"""MFCC of a file by Timbre's streaming engine and by the naive librosa script, interleaved, in fresh state, as JSON lines.

python -m tests.bench.extraction   (RUNS=7 repeats; one core where the system lets us ask for it)
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

RUNS = int(os.environ.get("RUNS", "7"))
DURATIONS_S = (30, 300)


def write_song(path: Path, duration_s: int, *, seed: int = 3) -> None:
    """Something with the spectrum of music: decaying partials over pink noise, stereo, 44.1 kHz."""
    rng, rate = np.random.default_rng(seed), 44_100
    block = []
    for second in range(duration_s):
        t = np.arange(rate) / rate
        root = 110.0 * 2 ** (rng.integers(0, 24) / 12)
        tone = sum(np.sin(2 * np.pi * root * k * t) / k for k in range(1, 9)) * np.exp(-3 * t)
        noise = rng.normal(size=(rate, 2)) * np.exp(-20 * (t % 0.25))[:, None] * (0.2 if second % 8 else 0.05)
        block.append(np.stack([tone, tone * 0.8], axis=1) * 0.15 + noise)
    soundfile.write(path, np.concatenate(block), rate, format="MP3")


def naive(path: Path) -> np.ndarray:
    import librosa

    samples, rate = librosa.load(path)
    return np.asarray(librosa.feature.mfcc(y=samples, sr=rate, n_mfcc=20).mean(axis=1))


def streaming(path: Path) -> np.ndarray:
    from chalicelib.audio.analysis import analyse_file

    return np.asarray(analyse_file(path, file_name=path.name, max_duration_s=4 * 3600).mfcc)


def timed(function: object, path: Path) -> tuple[float, np.ndarray]:
    begin = time.perf_counter()
    answer = function(path)  # type: ignore[operator]
    return time.perf_counter() - begin, answer


def main() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as folder:
        for duration_s in DURATIONS_S:
            path = Path(folder) / f"{duration_s}.mp3"
            write_song(path, duration_s)
            naive(path), streaming(path)  # imports and caches
            pairs = [(timed(naive, path), timed(streaming, path)) for _ in range(RUNS)]
            print(
                json.dumps(
                    {
                        "bench": "extraction",
                        "duration_s": duration_s,
                        "runs": RUNS,
                        "naive_librosa_median_s": round(statistics.median(n for (n, _), _ in pairs), 4),
                        "timbre_median_s": round(statistics.median(s for _, (s, _) in pairs), 4),
                        "speed_up_median": round(statistics.median(n / s for (n, _), (s, _) in pairs), 3),
                        "max_difference_of_means": float(np.abs(pairs[0][0][1] - pairs[0][1][1]).max()),
                    }
                ),
                flush=True,
            )


if __name__ == "__main__":
    sys.exit(main())
