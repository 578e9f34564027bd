"""Remembers what was built from what, so that a second start builds nothing. A record names its archive and the key of its inputs;
a changed input, a missing file or a file of another size is a miss. Both are renamed into place: kill -9 leaves none half-written.

Whoever was given an archive holds a shared lock on it until its process ends, however it ends, and only what nobody holds is removed:
a `make run` deploys its packages again after its emulator crashed, whatever was built beside it meanwhile.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from infrastructure.errors import PackageError
from infrastructure.zips import HASH_DIGITS, Archive

BUILD_ATTEMPTS = 3  # of builds at the same time, each may take what the other has just made for an old one
_held: dict[tuple[int, int], int] = {}  # (device, inode) → descriptor: the lock lasts as long as it is open, so as this process


class Record(msgspec.Struct, frozen=True):
    key: str
    file: str
    size_bytes: int
    unpacked_bytes: int


def hash_inputs(parts: Iterable[str | bytes]) -> str:
    """One key over all inputs; the length of each counts, so that moving a byte from one to the next changes it."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(f"{len(data)}:".encode())
        digest.update(data)
    return digest.hexdigest()


def hash_files(root: Path, files: Iterable[Path]) -> str:
    return hash_inputs(part for path in sorted(files) for part in (path.relative_to(root).as_posix(), path.read_bytes()))


def reuse_or_build(name: str, *, key: str, out: Path, build: Callable[[], Archive]) -> Archive:
    """The archive that the record of `name` promises for this key, or a new one; then older ones that no process holds are removed."""
    record_path = out / f"{name}.json"
    known = _read_record(record_path)
    if known is not None and known.key == key:
        path = out / known.file
        if path.is_file() and path.stat().st_size == known.size_bytes and hold(path):
            return Archive(path, known.unpacked_bytes)
    archive = _build_and_hold(name, build)
    record = Record(key, archive.path.name, archive.path.stat().st_size, archive.unpacked_bytes)
    draft = record_path.with_suffix(f".{os.getpid()}.part")
    draft.write_bytes(msgspec.json.encode(record))
    draft.replace(record_path)
    for older in out.glob(f"{name}-{'[0-9a-f]' * HASH_DIGITS}.zip"):
        if older != archive.path:
            remove_unless_held(older)
    return archive


def hold(path: Path) -> bool:
    """False where the file is no longer there, or about to go."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    found = os.fstat(descriptor)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return False
    if os.fstat(descriptor).st_nlink == 0 or (found.st_dev, found.st_ino) in _held:
        os.close(descriptor)
    else:
        _held[found.st_dev, found.st_ino] = descriptor
    return (found.st_dev, found.st_ino) in _held


def remove_unless_held(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        with contextlib.suppress(BlockingIOError):  # another process relies on it, or we do
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _build_and_hold(name: str, build: Callable[[], Archive]) -> Archive:
    for _ in range(BUILD_ATTEMPTS):
        archive = build()
        if hold(archive.path):
            return archive
    raise PackageError(f"{name} was removed as soon as it was built: something else cleans {archive.path.parent}")


def _read_record(path: Path) -> Record | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Record)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
