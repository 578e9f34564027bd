"""schemathesis against the real front, mongod, S3 and broker: whatever it makes of the API's description, the API does as described."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from mypy_boto3_s3 import S3Client

from chalicelib.storage.mongo import MongoDatabase
from tests.integration.fuzzed_front import ROOT, run_front

pytestmark = pytest.mark.integration
SETTINGS = Path(__file__).with_name("schemathesis.toml")
TIME_LIMIT_S = 480  # on two cores 100 s at a load of 4, 320 s at 15
EXAMPLES = 8  # of each operation in each phase; the phase "coverage" has as many as there are limits to step over


@pytest.fixture
def url(database: MongoDatabase, mongodb_uri: str, s3_endpoint_url: str, s3_client: S3Client, tmp_path: Path) -> Iterator[str]:
    with run_front(database, mongodb_uri, s3_endpoint_url, s3_client, tmp_path) as url:
        yield url


@pytest.mark.timeout(TIME_LIMIT_S + 60)
def test_schemathesis_finds_nothing_against_the_api(url: str, tmp_path: Path) -> None:
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(SETTINGS), "run", f"{url}/api/v1/openapi.json"),
        *("--checks", "all", "--phases", "examples,coverage,fuzzing,stateful", "--max-examples", str(EXAMPLES), "--seed", "1"),
        *("--workers", "1"),  # with two, CPython 3.11 loses count of its depth in `ast.parse`
        *("--continue-on-failure", "--warnings", "off", "--no-color"),
    ]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "SCHEMATHESIS_HOOKS": "tests.integration.openapi_hooks",
        "TIMBRE_FUZZED_URL": url,
    }
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=TIME_LIMIT_S)
    assert done.returncode == 0, f"{done.stdout[-12_000:]}\n{done.stderr[-2_000:]}\n{read_faults(tmp_path)}"
    assert "0 selected" not in done.stdout
    assert all(phase in done.stdout for phase in ("Examples", "Coverage", "Fuzzing", "Stateful"))


def read_faults(folder: Path) -> str:
    """What the front logged of requests that failed."""
    lines = (folder / "front.log").read_text(errors="replace").splitlines()
    return "\n".join(line[:3000] for line in lines if "request_failed" in line or "request_crashed" in line)[-6000:]
