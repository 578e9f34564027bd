"""Answers a second of `GET /login` over loopback: our front, and `chalice local` as its peer, in turns, as one JSON line.

python -m tests.bench.front   (SECONDS_EACH=3 a turn, three turns)
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from infrastructure.api_package import CHALICE_CONFIG, STAGE, list_api_sources
from infrastructure.package import ROOT
from localstack.children import answers_http
from tests.e2e.machine import find_free_port

SECONDS_EACH = float(os.environ.get("SECONDS_EACH", "3"))
TURNS, CONNECTIONS = 3, 4
SETTINGS = {"MONGODB_URI": "mongodb://127.0.0.1:1/", "MUSIC_BUCKET": "music", "INDEX_BUCKET": "index", "SECURE_COOKIES": "false"}


@contextmanager
def run_server(command: list[str], *, port: int, folder: Path) -> Iterator[int]:
    environment = {**os.environ, **SETTINGS, "AWS_DEFAULT_REGION": "us-east-1"}
    with Path(os.devnull).open("ab") as log:
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + 30
        while not answers_http(port):
            if time.monotonic() > deadline or server.poll() is not None:
                raise RuntimeError(f"{command} does not answer")
            time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        server.wait()


def count_answers(port: int) -> float:
    """By connections that are kept where the server keeps them."""
    end = time.perf_counter() + SECONDS_EACH

    def ask_until_the_end(_: int) -> int:
        connection, count = http.client.HTTPConnection("127.0.0.1", port, timeout=10), 0
        while time.perf_counter() < end:
            connection.request("GET", "/login")
            answer = connection.getresponse()
            if answer.status != 200 or b'name="password"' not in answer.read():
                raise RuntimeError(f"port {port} answers {answer.status}")
            count += 1
        connection.close()
        return count

    with ThreadPoolExecutor(CONNECTIONS) as threads:
        return sum(threads.map(ask_until_the_end, range(CONNECTIONS))) / SECONDS_EACH


def copy_project(to: Path) -> Path:
    """The API as Chalice wants to find it, and nothing of a stage."""
    for path in list_api_sources(ROOT):
        target = to / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    (to / ".chalice").mkdir()
    (to / ".chalice" / "config.json").write_text(json.dumps(CHALICE_CONFIG))
    return to


def main() -> None:
    with TemporaryDirectory(prefix="timbre-front-") as name, ExitStack() as servers:
        ours, peers = find_free_port(), find_free_port()
        front = [sys.executable, "-m", "localstack.front", "--port", str(ours)]
        chalice = [
            sys.executable,
            "-c",
            "from chalice.cli import main; main()",
            "local",
            "--stage",
            STAGE,
            "--port",
            str(peers),
            "--no-autoreload",
        ]
        servers.enter_context(run_server(front, port=ours, folder=ROOT))
        servers.enter_context(run_server(chalice, port=peers, folder=copy_project(Path(name) / "project")))
        pairs = [(count_answers(ours), count_answers(peers)) for _ in range(TURNS)]
    record = {
        "bench": "front",
        "path": "GET /login",
        "connections": CONNECTIONS,
        "front_per_s": round(statistics.median(pair[0] for pair in pairs)),
        "chalice_local_per_s": round(statistics.median(pair[1] for pair in pairs)),
        "ratio_median": round(statistics.median(front / peer for front, peer in pairs), 2),
    }
    print(json.dumps(record), flush=True)


if __name__ == "__main__":
    sys.exit(main())
