"""What the smoke test makes of an API that answers otherwise than it should: a server that says what each path answers."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infrastructure.errors import DeployError
from infrastructure.smoke_test import Listener as Caller
from infrastructure.smoke_test import remove_songs, run_smoke_test, wait_for

TRACK = {"status": "indexed", "track_id": "t1"}


class Site:
    """A whole, well API, but for what a test changes. (method, last of the path) → status, body."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answers: dict[str, tuple[int, Any]] = {
            "GET health": (200, {"status": "ok"}),
            "POST users": (201, {}),
            "POST session": (201, {"token": "abc"}),
            "POST uploads": (201, {"upload_id": "u1", "fields": {"key": "uploads/u1/song.mp3"}}),
            "POST bucket": (204, None),
            "GET u1": (200, TRACK),
            "POST plays": (202, {}),
            "GET recommendations": (200, {"basis": "plays", "items": [{}]}),
            "DELETE t1": (204, None),
        }
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # http.server's spelling
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                what = f"{self.command} {self.path.rsplit('/', 1)[-1]}"
                site.asked.append(what)
                status, body = site.answers[what]
                text = b"" if body is None else body.encode() if isinstance(body, str) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_POST = do_DELETE = do_GET  # noqa: N815

            def log_message(self, format: str, *arguments: object) -> None: ...  # noqa: A002

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        self.answers["POST uploads"][1]["url"] = f"{self.address}/bucket"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.stop()


def try_out(site: Site, songs: Path, *, has_consumer: bool = True, timeout_s: float = 0.1) -> list[str]:
    said: list[str] = []
    run_smoke_test(
        site.address, name="smoke", password="secret", songs=songs, has_consumer=has_consumer, report=said.append, timeout_s=timeout_s
    )
    return said


def test_a_well_api_passes_down_to_a_recommendation_by_plays(site: Site, tmp_path: Path) -> None:
    assert try_out(site, tmp_path)[-1] == "played one; recommended: 1, by plays"
    assert site.asked[-2:] == ["DELETE t1", "DELETE t1"]


def test_a_listener_of_an_earlier_test_logs_in(site: Site, tmp_path: Path) -> None:
    site.answers["POST users"] = (409, {"error": "taken"})
    assert "signed up as smoke" in try_out(site, tmp_path)


def test_recommendations_that_do_not_rest_on_the_play_fail_where_there_is_a_consumer(site: Site, tmp_path: Path) -> None:
    site.answers["GET recommendations"] = (200, {"basis": "random", "items": [{}]})
    with pytest.raises(DeployError, match="recommendations that rest on plays did not come"):
        try_out(site, tmp_path)
    assert site.asked[-2:] == ["DELETE t1", "DELETE t1"], "what was dropped is taken away all the same"
    assert try_out(site, tmp_path, has_consumer=False)[-1] == "played one; recommended: 1, by random"


@pytest.mark.parametrize(
    ("what", "answer", "told"),
    [
        ("GET health", (500, "Internal server error"), "GET /health answered 500: Internal server error"),
        ("GET health", (200, "<html>"), "GET /health answered no JSON"),
        ("POST session", (200, {"nothing": "here"}), "KeyError 'token'"),
        ("POST session", (200, None), "TypeError"),
        ("POST plays", (503, "no"), "POST /plays answered 503"),
    ],
)
def test_the_step_that_failed_is_told_with_its_answer(site: Site, tmp_path: Path, what: str, answer: tuple[int, Any], told: str) -> None:
    site.answers[what] = answer
    with pytest.raises(DeployError, match=told):
        try_out(site, tmp_path)


def test_a_song_that_was_refused_is_not_waited_for(site: Site, tmp_path: Path) -> None:
    site.answers["GET u1"] = (200, {"status": "failed", "error_code": "crashed"})
    with pytest.raises(DeployError, match=r"^the song was refused: .*crashed"):
        try_out(site, tmp_path, timeout_s=300)
    assert site.asked.count("GET u1") == 1


def test_a_song_that_cannot_be_removed_hides_no_other_failure(site: Site, tmp_path: Path) -> None:
    site.answers |= {"DELETE t1": (500, "no"), "POST plays": (503, "no")}
    with pytest.raises(DeployError, match="POST /plays answered 503"):
        try_out(site, tmp_path)
    said: list[str] = []
    remove_songs(Caller(site.address), ["t1"], said.append)
    assert said == ["a song of the smoke test stays: DELETE /tracks/t1 answered 500: no"]


def test_nobody_at_the_address_is_told_with_the_last_fault() -> None:
    with pytest.raises(DeployError, match=r"health did not come within 0 s: GET /health was not answered"):
        wait_for(lambda: Caller("http://127.0.0.1:9").ask("GET", "/health"), what="health", timeout_s=0.05)
