"""A listener who knows only the public surface: HTTP for the API, plain boto3 for the bucket."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import boto3
import httpx

T = TypeVar("T")


def wait_until(look: Callable[[], T | None], *, deadline_s: float, what: str) -> T:
    """Polls until `look` answers something true; fails saying what did not come."""
    deadline = time.monotonic() + deadline_s
    while time.monotonic() < deadline:
        if answer := look():
            return answer
        time.sleep(0.1)
    raise AssertionError(f"{what} did not come within {deadline_s:.0f} s")


class Listener:
    """Signs up on creation; `api` is then signed in by bearer token."""

    def __init__(self, running: dict[str, Any], name: str | None = None) -> None:
        self.username = name or f"listener-{uuid.uuid4().hex[:10]}"
        self.password = uuid.uuid4().hex
        self.api = httpx.Client(base_url=running["url"] + "/api/v1", timeout=30)
        credentials = {"username": self.username, "password": self.password}
        self.api.post("/users", json=credentials).raise_for_status()
        token = self.api.post("/session", json=credentials).raise_for_status().json()["token"]
        self.api.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, **query: Any) -> Any:
        return self.api.get(path, params=query).raise_for_status().json()

    def play(self, track_id: str, *, event_id: str | None = None, kind: str = "complete") -> httpx.Response:
        event = {"event_id": event_id or uuid.uuid4().hex, "track_id": track_id, "kind": kind, "position_s": 20.0}
        return self.api.post("/plays", json=event)

    def receipt_of(self, key: str) -> dict[str, Any] | None:
        items = self.get("/uploads", key=key)["items"]
        return items[0] if items else None

    def wait_for_receipt(self, key: str, *, deadline_s: float = 120) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            receipt = self.receipt_of(key)
            return receipt if receipt and receipt["status"] in ("indexed", "failed") else None

        return wait_until(look, deadline_s=deadline_s, what=f"a finished receipt for {key}")


class Dropper:
    """Any S3 client: puts files into the drop zone and takes them away."""

    def __init__(self, running: dict[str, Any]) -> None:
        self.bucket = running["music_bucket"]
        self.s3 = boto3.client(
            "s3",
            endpoint_url=running["aws_endpoint_url"],
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )

    def drop(self, path: Path, key: str) -> str:
        self.s3.upload_file(str(path), self.bucket, key)
        return key

    def remove(self, key: str) -> None:
        self.s3.delete_object(Bucket=self.bucket, Key=key)
