"""`timbre upload`: local files into the bucket's drop zone, then their receipts. A file's key is made from its path and its bytes, so the
same call again uploads nothing twice and picks up where it was interrupted.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.progress import Progress

from chalicelib import bootstrap
from chalicelib.cli.audio_files import explain_no_file, find_songs
from chalicelib.cli.output import make_printable, print_json_line, print_table, progress_bar, say
from chalicelib.errors import InvalidInputError, TimbreError
from chalicelib.model import Upload
from chalicelib.workflows.ports import MusicBucket, UploadStore

PARALLEL_UPLOADS = 4
FINISHED = ("indexed", "failed")

Row = tuple[Path, str, str | None, str | None]  # file, status, track id, what went wrong


def key_for(path: Path) -> str:
    """`uploads/<16 hex of the content>/<file name>`: the same file has the same key, wherever it lies."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return f"uploads/{digest[:16]}/{make_printable(path.name)}"


def upload_file(path: Path, music_bucket: MusicBucket) -> str:
    unusable = explain_no_file(path)
    if unusable is not None:
        raise InvalidInputError(unusable)
    key = key_for(path)
    there = music_bucket.head(key)
    if there is None or there.size_bytes != path.stat().st_size:
        music_bucket.put_audio(key, path)
    return key


def wait_for_receipts(keys: dict[str, Path], uploads: UploadStore, *, timeout_s: float, bar: Progress) -> dict[str, Upload]:
    """The receipts by key, as far as they are finished when the time is up."""
    task = bar.add_task("Analysed and indexed", total=len(keys))
    deadline = time.monotonic() + timeout_s
    finished: dict[str, Upload] = {}
    while len(finished) < len(keys) and time.monotonic() < deadline:
        for key in keys.keys() - finished.keys():
            receipt = uploads.find_by_key(key)
            if receipt is not None and receipt.status in FINISHED:
                finished[key] = receipt
        bar.update(task, completed=len(finished))
        time.sleep(0.3)
    return finished


def send_all(files: Sequence[Path], music_bucket: MusicBucket, bar: Progress) -> tuple[dict[str, Path], dict[Path, str]]:
    """(key → file, file → what went wrong)."""
    task = bar.add_task("Uploaded", total=len(files))
    sent: dict[str, Path] = {}
    failed: dict[Path, str] = {}

    def send(path: Path) -> None:
        try:
            sent[upload_file(path, music_bucket)] = path
        except (OSError, TimbreError) as error:  # one unreadable file must not stop the others
            failed[path] = str(error)
        bar.advance(task)

    with ThreadPoolExecutor(PARALLEL_UPLOADS) as pool:
        list(pool.map(send, files))
    return sent, failed


def run(arguments: argparse.Namespace) -> int:
    files = list(find_songs(arguments.paths))
    if not files:
        say("There is no audio file there: MP3, FLAC, WAV, AIFF, Ogg and Opus are looked for.")
        return 1
    receipts: dict[str, Upload] = {}
    with progress_bar() as bar:
        sent, failed = send_all(files, bootstrap.music_bucket(), bar)
        if not arguments.no_wait:
            receipts = wait_for_receipts(sent, bootstrap.uploads(), timeout_s=arguments.timeout, bar=bar)
    rows: list[Row] = [(path, "not sent", None, why) for path, why in failed.items()]
    for key, path in sent.items():
        receipt = receipts.get(key)
        rows.append(
            (path, receipt.status if receipt else "queued", receipt.track_id if receipt else None, receipt.message if receipt else None)
        )
    report(rows, as_json=arguments.json)
    unfinished = 0 if arguments.no_wait else len(sent) - len(receipts)
    return 1 if failed or unfinished or any(r.status == "failed" for r in receipts.values()) else 0


def report(rows: Sequence[Row], *, as_json: bool) -> None:
    if as_json:
        for path, status, track_id, message in rows:
            print_json_line({"file": str(path), "status": status, "track_id": track_id, "message": message})
        return
    troubles = [row for row in rows if row[1] != "indexed"]
    say(f"{len(rows) - len(troubles)} of {len(rows)} files are indexed.")
    if troubles:
        print_table("Not indexed", ("file", "status", "track", "why"), troubles)
