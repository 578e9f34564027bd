"""Timbre's extraction beside the naive librosa script (`extractors.ask_librosa`), as JSON lines. One BLAS thread each.

    python -m tests.bench.extraction [PART …]      ratio ratio-60-min folder memory first-result shares; all unless said otherwise

`folder` takes the real files of AUDIO_FOLDER, or composes some. RUNS=7 repeats, interleaved; medians. `cpu` figures leave out what a busy
machine takes away. Each part, and each song whose memory is measured, has a fresh process.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt

from chalicelib.audio.clipped_mean import FULL_SCALE_DB
from chalicelib.audio.decoding import DecodedSound, resample_blocks
from chalicelib.audio.frames import FrameBlock, FrameMaker, hann_window
from chalicelib.audio.mfcc import MfccMeans
from chalicelib.audio.opening import open_audio
from chalicelib.audio.read_ahead import count_cores
from tests.bench.composed_songs import write_song
from tests.bench.extractors import EXTRACTORS, MAX_DURATION_S, ask_librosa, measure_all, run_fresh

Means = npt.NDArray[np.float32]

RUNS = int(os.environ.get("RUNS", "7"))
ONE_BLAS_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
MEMORY_MINUTES, LIBROSA_MINUTES = (1, 5, 10, 60, 180), (1, 5, 10, 60)  # librosa takes 2.4 GB for an hour
SOUND_FILES = {".mp3", ".flac", ".wav", ".ogg", ".opus", ".aiff"}


def report(name: str, **figures: object) -> None:
    print(json.dumps({"bench": f"extraction/{name}", **figures}), flush=True)


def compare_to_librosa(durations_s: Sequence[int], *, runs: int) -> None:
    """How many times as fast as the naive script, both on one core, then both on all."""
    every_core = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    with TemporaryDirectory() as folder:
        for duration_s in durations_s:
            path = write_song(Path(folder) / f"{duration_s}.mp3", duration_s)
            for cores in [{min(every_core)}, every_core] if every_core else [every_core]:
                if cores:
                    os.sched_setaffinity(0, cores)
                report("ratio", duration_s=duration_s, cores=count_cores(), runs=runs, **race(path, runs=runs))


def race(path: Path, *, runs: int) -> dict[str, object]:
    answers = {name: ask(path) for name, ask in EXTRACTORS.items()}  # imports and caches too
    wall_s: dict[str, list[float]] = {name: [] for name in EXTRACTORS}
    cpu_s: dict[str, list[float]] = {name: [] for name in EXTRACTORS}
    for _ in range(runs):
        for name, ask in EXTRACTORS.items():
            begin, cpu_begin = time.perf_counter(), time.process_time()
            ask(path)
            wall_s[name].append(time.perf_counter() - begin)
            cpu_s[name].append(time.process_time() - cpu_begin)
    figures: dict[str, object] = {f"{name}_s": round(statistics.median(wall_s[name]), 4) for name in EXTRACTORS}
    for name in ("mfcc", "all"):
        figures[f"{name}_speed_up"] = divide_medians(wall_s["librosa"], wall_s[name])
        figures[f"{name}_speed_up_cpu"] = divide_medians(cpu_s["librosa"], cpu_s[name])
        figures[f"{name}_max_difference"] = float(np.abs(np.subtract(answers[name], answers["librosa"])).max())
    figures["all_over_mfcc_cpu"] = divide_medians(cpu_s["all"], cpu_s["mfcc"])
    return figures


def divide_medians(dividends: Sequence[float], divisors: Sequence[float]) -> float:
    """Of neighbours in time: what slows one slows the other."""
    return round(statistics.median(dividend / divisor for dividend, divisor in zip(dividends, divisors, strict=True)), 3)


def analyse_folder() -> None:
    """Seconds a track with a process for each core; then how near each file's 20 means are to librosa's."""
    with TemporaryDirectory() as folder:
        paths = list_songs(Path(folder))
        with ProcessPoolExecutor() as pool:
            list(pool.map(measure_all, paths[: count_cores()]))  # imports
            begin = time.perf_counter()
            answers = list(pool.map(measure_all, paths))
            wall_s = time.perf_counter() - begin
        report("folder", files=len(paths), cores=count_cores(), seconds_per_track=round(wall_s / len(paths), 4))
        differences = []
        for path, answer in zip(paths, answers, strict=True):
            differences.append(float(np.abs(np.subtract(answer, ask_librosa(path))).max()))
            report("exactness", file=path.name, max_difference=differences[-1])
        report("exactness", files=len(paths), max_difference=max(differences))


def list_songs(folder: Path) -> list[Path]:
    given = os.environ.get("AUDIO_FOLDER")
    if given:
        return sorted(path for path in Path(given).expanduser().iterdir() if path.suffix.lower() in SOUND_FILES)
    shapes = [(rate, channels) for rate in (8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000) for channels in (1, 2)]
    return [
        write_song(folder / f"{rate}_{channels}.mp3", 30 + number, sample_rate=rate, channels=channels, seed=number)
        for number, (rate, channels) in enumerate(shapes)
    ]


def measure_memory() -> None:
    with TemporaryDirectory() as folder:
        for minutes in MEMORY_MINUTES:
            path = write_song(Path(folder) / "song.mp3", minutes * 60)
            ours = run_fresh("all", path)
            figures = {"peak_mb": ours["peak_mb"], "cpu_s": ours["cpu_s"]}
            if minutes in LIBROSA_MINUTES:
                figures["librosa_peak_mb"] = run_fresh("librosa", path)["peak_mb"]
            report("memory", minutes=minutes, **figures)


def time_first_result() -> None:
    """From the start of Python to the numbers of a 30-second song, bytecode compiled, files in the system's cache."""
    with TemporaryDirectory() as folder:
        path = write_song(Path(folder) / "song.mp3", 30)
        for name in ("all", "librosa"):
            run_fresh(name, path)
            runs = [run_fresh(name, path) for _ in range(RUNS)]
            times = {f"{kind}_ms": round(1000 * statistics.median(run[f"{kind}_s"] for run in runs)) for kind in ("wall", "cpu")}
            report("first-result", of=name, duration_s=30, runs=RUNS, **times)


def measure_shares() -> None:
    """Of the CPU time of one 5-minute song, on one core."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with TemporaryDirectory() as folder:
        path = write_song(Path(folder) / "song.mp3", 300)
        blocks, sample_rate = decode(path)
        signals = list(resample_blocks(blocks, sample_rate))
        steps: dict[str, Callable[[], object]] = {
            "decode": partial(decode, path),
            "resample": lambda: list(resample_blocks(blocks, sample_rate)),
            "fft": partial(transform, sum(map(len, signals))),
            "frames": partial(make_frames, signals, lambda _block: None),
            "mfcc": partial(make_frames, signals, add_to(MfccMeans(max_loudest_db=FULL_SCALE_DB))),
            "all": partial(measure_all, path),
        }
        rounds = [{name: time_cpu(step) for name, step in steps.items()} for _ in range(RUNS)]
    ms = {name: 1000 * statistics.median(times[name] for times in rounds) for name in steps}
    parts = {"decode": ms["decode"], "resample": ms["resample"], "fft": ms["fft"]}
    parts |= {"mel": ms["frames"] - ms["fft"], "mfcc_means": ms["mfcc"] - ms["frames"]}
    parts["features_and_tags"] = ms["all"] - sum(parts.values())
    report("shares", duration_s=300, cpu_ms={name: round(value) for name, value in parts.items()}, all_ms=round(ms["all"]))


def decode(path: Path) -> tuple[list[Means], int]:
    with open_audio(path, max_duration_s=MAX_DURATION_S) as opened:
        sound = DecodedSound(opened, max_duration_s=MAX_DURATION_S)
        return list(sound), sound.sample_rate


def transform(samples: int) -> None:
    """As many FFTs as so many samples take, block by block as in `frames`."""
    windows = np.tile(hann_window(), (32, 1))
    spectrum = np.empty((len(windows), windows.shape[1] // 2 + 1), np.complex64)
    for _ in range(samples // 512 // len(windows)):
        np.fft.rfft(windows, axis=1, out=spectrum)  # type: ignore[arg-type]  # numpy's stubs know but one precision


def make_frames(signals: Sequence[Means], take: Callable[[FrameBlock], None]) -> None:
    frames = FrameMaker()
    for signal in signals:
        for block in frames.add(signal):
            take(block)


def add_to(means: MfccMeans) -> Callable[[FrameBlock], None]:
    return lambda block: means.add(block.levels)


def time_cpu(step: Callable[[], object]) -> float:
    begin = time.process_time()
    step()
    return time.process_time() - begin


PARTS: dict[str, Callable[[], None]] = {
    "ratio": partial(compare_to_librosa, (30, 300), runs=RUNS),
    "ratio-60-min": partial(compare_to_librosa, (3600,), runs=min(RUNS, 3)),
    "folder": analyse_folder,
    "memory": measure_memory,
    "first-result": time_first_result,
    "shares": measure_shares,
}


def main(names: Sequence[str] = tuple(PARTS)) -> int:
    for name in names:
        if os.environ.get("TIMBRE_BENCH_PART") == name:
            PARTS[name]()
        else:
            environment = {**os.environ, **ONE_BLAS_THREAD, "TIMBRE_BENCH_PART": name}
            subprocess.run([sys.executable, "-W", "ignore", "-m", __spec__.name, name], env=environment, check=True)
    return 0


if __name__ == "__main__":
    unknown = set(sys.argv[1:]) - set(PARTS)
    sys.exit(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}" if unknown else main(sys.argv[1:] or tuple(PARTS)))
