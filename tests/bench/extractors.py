"""What `extraction` holds against each other. Each imports what it needs when it is called: a fresh process is timed from nothing.

python -m tests.bench.extractors ask_librosa song.mp3       the answer, peak memory and CPU time of this process, as JSON
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

MAX_DURATION_S = 4 * 3600.0


def ask_librosa(path: Path) -> Any:  # numpy is not imported here
    """The naive script."""
    import librosa

    samples, sample_rate = librosa.load(path)
    return librosa.feature.mfcc(y=samples, sr=sample_rate, n_mfcc=20).mean(axis=1)


def measure_all(path: Path) -> Any:
    """What an upload gets: MFCC, all features, passages, identity, tags, cover, where the preview begins."""
    from chalicelib.audio.analysis import analyse_file

    return analyse_file(path, file_name=path.name, max_duration_s=MAX_DURATION_S).mfcc


def measure_mfcc(path: Path) -> Any:
    """The same 20 numbers alone, with all checks of the file."""
    from chalicelib.audio.clipped_mean import FULL_SCALE_DB
    from chalicelib.audio.decoding import DecodedSound, resample_blocks
    from chalicelib.audio.frames import FrameMaker
    from chalicelib.audio.mfcc import MfccMeans
    from chalicelib.audio.opening import open_audio
    from chalicelib.audio.read_ahead import read_ahead

    frames, means = FrameMaker(), MfccMeans(max_loudest_db=FULL_SCALE_DB)
    with open_audio(path, max_duration_s=MAX_DURATION_S) as opened:
        sound = DecodedSound(opened, max_duration_s=MAX_DURATION_S)
        with closing(read_ahead(resample_blocks(sound, sound.sample_rate))) as signals:
            for signal in signals:
                for block in frames.add(signal):
                    means.add(block.levels)
        sound.check()
    for block in frames.finish():
        means.add(block.levels)
    return means.finish()


EXTRACTORS: dict[str, Callable[[Path], Any]] = {"librosa": ask_librosa, "mfcc": measure_mfcc, "all": measure_all}


def run_fresh(name: str, path: Path) -> dict[str, float]:
    """In a process of its own, which may keep its bytecode: what is compiled anew each time is nobody's start."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    command = [sys.executable, "-W", "ignore", "-m", __spec__.name, name, path]
    begin = time.perf_counter()
    run = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    answer: dict[str, float] = json.loads(run.stdout)
    return {**answer, "wall_s": time.perf_counter() - begin}


def main(name: str, path: Path) -> None:
    EXTRACTORS[name](path)
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"peak_mb": round(read_peak_mb(), 1), "cpu_s": round(used.ru_utime + used.ru_stime, 3)}))


def read_peak_mb() -> float:
    """Linux's ru_maxrss is no less than what the parent had when it started this process; VmHWM is this program's own."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
