"""Remembers what was built from what, so that a second start builds nothing. A record names its archive and the key of its inputs;
a changed input, a missing file or a file of another size is a miss. Both are renamed into place: kill -9 leaves none half-written.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from infrastructure.zips import Archive


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
    """The archive that the record of `name` promises for this key, or a new one; older archives of the name are then removed."""
    record_path = out / f"{name}.json"
    known = _read_record(record_path)
    if known is not None and known.key == key:
        path = out / known.file
        if path.is_file() and path.stat().st_size == known.size_bytes:
            return Archive(path, known.unpacked_bytes)
    archive = build()
    record = Record(key, archive.path.name, archive.path.stat().st_size, archive.unpacked_bytes)
    draft = record_path.with_suffix(f".{os.getpid()}.part")
    draft.write_bytes(msgspec.json.encode(record))
    draft.replace(record_path)
    if known is not None and known.file != archive.path.name:
        (out / known.file).unlink(missing_ok=True)
    return archive


def _read_record(path: Path) -> Record | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Record)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
