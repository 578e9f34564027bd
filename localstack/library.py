"""Brings a folder of music into the bucket, as any S3 client would, and follows the receipts. What is there already is left alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

from chalicelib import bootstrap
from chalicelib.model import Upload

SUFFIXES = {".mp3", ".flac", ".wav", ".ogg"}
SENDERS = 4
POLL_S = 0.25
POLLED_AT_ONCE = 50
STALLED_AFTER_S = 180.0


@dataclass(slots=True)
class Progress:
    total: int
    indexed: int = 0
    failed: list[Upload] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)  # keys whose receipts have not been finished

    def describe(self) -> str:
        failed = f", {len(self.failed)} failed" if self.failed else ""
        return f"{self.indexed} of {self.total} indexed{failed}"


def find_music(folder: Path) -> list[Path]:
    """Audio files below the folder, links to folders not followed."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())


def send_music(folder: Path, *, bucket: str, prefix: str, note: Callable[[str], None]) -> list[str]:
    """Uploads what is not in the bucket in the same size; the keys of what was sent."""
    s3 = boto3.client("s3")
    present = list_sizes(s3, bucket=bucket, prefix=prefix)
    wanted = [(path, prefix + path.relative_to(folder).as_posix()) for path in find_music(folder)]
    missing = [(path, key) for path, key in wanted if present.get(key) != path.stat().st_size]
    sent: list[str] = []
    with ThreadPoolExecutor(SENDERS) as senders:
        for key in senders.map(lambda each: _send(s3, bucket, *each), missing):
            sent.append(key)
            note(f"{len(sent)} of {len(missing)} sent")
    return sent


def _send(s3: Any, bucket: str, path: Path, key: str) -> str:  # boto3's clients have no static type without stubs
    s3.upload_file(str(path), bucket, key)
    return key


def list_sizes(s3: Any, *, bucket: str, prefix: str) -> dict[str, int]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return {item["Key"]: item["Size"] for page in pages for item in page.get("Contents", [])}


def follow_receipts(keys: Sequence[str], *, note: Callable[[str], None]) -> Progress:
    """Until every receipt is finished, or nothing has moved for long: then the rest is in `waiting`."""
    progress = Progress(total=len(keys), waiting=list(keys))
    moved_at = time.monotonic()
    while progress.waiting and time.monotonic() - moved_at < STALLED_AFTER_S:
        finished = list(_find_finished(progress.waiting[:POLLED_AT_ONCE]))
        for receipt in finished:
            progress.waiting.remove(receipt.key)
            if receipt.status == "failed":
                progress.failed.append(receipt)
            else:
                progress.indexed += 1
        if finished:
            moved_at = time.monotonic()
            note(progress.describe())
            continue
        progress.waiting = progress.waiting[POLLED_AT_ONCE:] + progress.waiting[:POLLED_AT_ONCE]
        time.sleep(POLL_S)
    return progress


def _find_finished(keys: Sequence[str]) -> Iterator[Upload]:
    for key in keys:
        receipt = bootstrap.uploads().find_by_key(key)
        if receipt is not None and receipt.status in ("indexed", "failed"):
            yield receipt
