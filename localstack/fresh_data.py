"""Data beside an emulator that forgets: a MongoDB that outlived its music would name tracks that nobody can hear. So it lies apart from the
library that is kept, and begins anew each time.
"""

from __future__ import annotations

import shutil
from pathlib import Path

FOLDER = "beside-localstack"
DEMO_MARKER = "demo-music.json"


def choose_data_folder(home: Path, *, keeps_data: bool) -> Path:
    if keeps_data:
        return home
    folder = home / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def forget_data(folder: Path) -> None:
    """The files of MongoDB and Kafka and the note that the demo music has been brought; composed music stays."""
    if folder.name != FOLDER:
        raise ValueError(f"{folder} is not data that may be forgotten")
    for name in ("mongod", "mongod-data", "kafka-data"):
        shutil.rmtree(folder / name, ignore_errors=True)
    (folder / DEMO_MARKER).unlink(missing_ok=True)
