"""Uses a stage that was just deployed as a listener would: health, sign-up, two drops, receipts, a play, recommendations, by HTTP alone.
The two songs are taken away again at the end; the listener stays, under one name for each stage.
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from infrastructure.errors import DeployError

Report = Callable[[str], None]
SAMPLE_RATE = 22_050
LENGTH_S = 12
POLL_S = 1.0
REQUEST_TIMEOUT_S = 35.0  # a little more than API Gateway waits for the function


class RefusedError(DeployError):
    """An answer that no waiting changes."""


@dataclass(slots=True)
class Listener:
    """One who knows the address only."""

    address: str
    headers: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.address}/api/v1{path}", data=data, method=method)  # noqa: S310  # http or https by `read_address`
        for name, value in {"Content-Type": "application/json", "Accept": "application/json", **self.headers}.items():
            request.add_header(name, value)
        return _answer(request, f"{method} {path}")

    def sign_up(self, name: str, password: str) -> None:
        """Or in, where the last smoke test left the listener."""
        credentials = {"username": name, "password": password}
        try:
            self.ask("POST", "/users", credentials)
        except DeployError as exc:
            if "409" not in str(exc):
                raise
        token = self.ask("POST", "/session", credentials)["token"]
        self.headers["Authorization"] = f"Bearer {token}"

    def drop(self, song: Path) -> str:
        """By the presigned form, as the upload page does. The upload's id."""
        given = self.ask("POST", "/uploads", {"filename": song.name, "size_bytes": song.stat().st_size, "content_type": "audio/mpeg"})
        boundary = uuid.uuid4().hex
        form = _encode_form({**given["fields"], "Content-Type": "audio/mpeg"}, song, boundary)
        request = urllib.request.Request(given["url"], data=form, method="POST")  # noqa: S310
        request.add_header("Content-Type", f"multipart/form-data; boundary={boundary}")
        _answer(request, "the presigned upload", is_json=False)
        return str(given["upload_id"])

    def play(self, track_id: str) -> None:
        self.ask("POST", "/plays", {"event_id": uuid.uuid4().hex, "track_id": track_id, "kind": "complete", "position_s": float(LENGTH_S)})


def run_smoke_test(
    address: str, *, name: str, password: str, songs: Path, has_consumer: bool, report: Report, timeout_s: float = 300.0
) -> None:
    """DeployError with the step that failed and what was answered."""
    listener = Listener(address)
    tracks: list[str] = []
    try:
        health = wait_for(lambda: listener.ask("GET", "/health"), what="health", timeout_s=min(timeout_s, 60.0))
        report(f"health: {health['status']}")
        listener.sign_up(name, password)
        report(f"signed up as {name}")
        drop_songs(listener, songs, tracks, report, timeout_s=timeout_s)
        listener.play(tracks[0])
        basis = "plays" if has_consumer else "random"
        found = wait_for(lambda: _recommended(listener, basis), what=f"recommendations that rest on {basis}", timeout_s=timeout_s)
        report(f"played one; recommended: {len(found['items'])}, by {found['basis']}")
    except (KeyError, TypeError) as exc:
        raise DeployError(f"the API answers otherwise than it should: {type(exc).__name__} {exc}") from exc
    finally:
        remove_songs(listener, tracks, report)


def drop_songs(listener: Listener, songs: Path, tracks: list[str], report: Report, *, timeout_s: float) -> None:
    """Into `tracks` at once, so that they are removed whatever comes after."""
    for number in (1, 2):
        upload_id = listener.drop(compose_song(songs, number))
        receipt = wait_for(lambda upload_id=upload_id: _finished(listener, upload_id), what="a receipt", timeout_s=timeout_s)  # type: ignore[misc]
        tracks.append(str(receipt["track_id"]))
        report(f"song {number}: {receipt['status']}")


def remove_songs(listener: Listener, tracks: Sequence[str], report: Report) -> None:
    """One that stays is told of and fails nothing: what went wrong before it is what counts."""
    for track_id in tracks:
        try:
            listener.ask("DELETE", f"/tracks/{track_id}")
        except DeployError as exc:
            report(f"a song of the smoke test stays: {exc}")


def wait_for(look: Callable[[], Any], *, what: str, timeout_s: float) -> Any:
    """The first answer that is not empty. DeployError, with the last fault, when none comes."""
    deadline = time.monotonic() + timeout_s
    fault = "no answer that would do"
    while time.monotonic() < deadline:
        try:
            if found := look():
                return found
        except RefusedError:
            raise
        except DeployError as exc:
            fault = str(exc)
        time.sleep(POLL_S)
    raise DeployError(f"{what} did not come within {timeout_s:.0f} s: {fault}")


def compose_song(folder: Path, number: int) -> Path:
    """A chord over noise that no other song has: the time is in it, so that each test's songs are new."""
    dice = np.random.default_rng(time.time_ns())
    time_s = np.arange(LENGTH_S * SAMPLE_RATE) / SAMPLE_RATE
    pitches = 110.0 * 2 ** (dice.choice(24, size=4, replace=False) / 12)
    chord = sum(np.sin(2 * np.pi * pitch * time_s) * np.exp(-((time_s * 2) % 1) * 3) for pitch in pitches)
    signal = 0.15 * chord + 0.01 * dice.normal(size=time_s.size)
    path = folder / f"smoke test {number}.mp3"
    soundfile.write(path, signal.astype(np.float32), SAMPLE_RATE, format="MP3")
    return path


def _finished(listener: Listener, upload_id: str) -> Any:
    receipt = listener.ask("GET", f"/uploads/{upload_id}")
    if receipt["status"] == "failed":
        raise RefusedError(f"the song was refused: {receipt}")
    return receipt if receipt["status"] == "indexed" else None


def _recommended(listener: Listener, basis: str) -> Any:
    found = listener.ask("GET", "/recommendations")
    return found if found["basis"] == basis and found["items"] else None


def _encode_form(fields: Mapping[str, str], file: Path, boundary: str) -> bytes:
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode() for name, value in fields.items()]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="song.mp3"\r\nContent-Type: audio/mpeg\r\n\r\n'
    return b"".join([*parts, head.encode(), file.read_bytes(), f"\r\n--{boundary}--\r\n".encode()])


def _answer(request: urllib.request.Request, what: str, *, is_json: bool = True) -> Any:
    try:
        with urllib.request.urlopen(request, timeout=REQUEST_TIMEOUT_S) as answer:  # noqa: S310
            body = answer.read()
    except urllib.error.HTTPError as exc:
        raise DeployError(f"{what} answered {exc.code}: {exc.read()[:300].decode(errors='replace')}") from exc
    except OSError as exc:
        raise DeployError(f"{what} was not answered: {exc}") from exc
    try:
        return json.loads(body) if is_json and body else None
    except ValueError as exc:
        raise DeployError(f"{what} answered no JSON: {body[:300]!r}") from exc
