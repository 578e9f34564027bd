"""What a Lambda pays before its first song: numpy, soundfile, soxr, mutagen, and nothing of librosa's world."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.unit.audio.made_audio import write_mp3

ROOT = Path(__file__).parents[3]


def test_importing_the_analysis_loads_no_heavy_library() -> None:
    heavy = "{'librosa','numba','scipy','sklearn','matplotlib','boto3','pymongo','kafka','chalice','annoy'}"
    code = f"import sys, chalicelib.audio.analysis; print(sorted({heavy} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert result.stdout.strip() == "[]"


def test_the_first_song_loads_no_heavy_library_either(tmp_path: Path) -> None:
    """numpy imports numpy.ma as late as its median or percentile is asked for the first time: 10 MB, and a tenth of a cold start."""
    song = write_mp3(tmp_path / "song.mp3", 46.0)
    code = (
        "import sys, pathlib\nfrom chalicelib.audio.analysis import analyse_file\n"
        f"assert analyse_file(pathlib.Path({str(song)!r}), file_name='song.mp3', max_duration_s=60).passages\n"
        "print(sorted({'librosa', 'scipy', 'numpy.ma', 'numpy.random'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert result.stdout.strip() == "[]"
