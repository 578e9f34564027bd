"""Where a process keeps the index that it serves: several machines on one host must not meet there."""

from __future__ import annotations

import os
from pathlib import Path

from chalicelib.config import read_settings


def choose(**environ: str) -> Path:
    needed = {"MONGODB_URI": "mongodb://127.0.0.1", "MUSIC_BUCKET": "music", "INDEX_BUCKET": "index"}
    return read_settings(needed | environ).index_folder


def test_processes_of_one_machine_share_their_folder() -> None:
    assert choose(AWS_ENDPOINT_URL="http://127.0.0.1:1") == choose(AWS_ENDPOINT_URL="http://127.0.0.1:1", FEATURE_SPACE="mfcc")


def test_machines_and_people_have_folders_of_their_own() -> None:
    here = choose(AWS_ENDPOINT_URL="http://127.0.0.1:1")
    assert here != choose(AWS_ENDPOINT_URL="http://127.0.0.1:2")
    assert here != choose(AWS_ENDPOINT_URL="http://127.0.0.1:1", INDEX_BUCKET="another")
    assert f"-{os.getuid()}-" in here.name
