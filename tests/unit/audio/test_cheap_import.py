"""What a Lambda pays before its first song: numpy, soundfile, soxr, mutagen, and nothing of librosa's world."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_importing_the_analysis_loads_no_heavy_library() -> None:
    heavy = "{'librosa','numba','scipy','sklearn','matplotlib','boto3','pymongo','kafka','chalice','annoy'}"
    code = f"import sys, chalicelib.audio.analysis; print(sorted({heavy} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert result.stdout.strip() == "[]"
