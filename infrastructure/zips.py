"""Zip files that depend on nothing but what is in them: same files, same bytes. Knows no layer and no function."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

FIXED_TIME = (1980, 1, 1, 0, 0, 0)  # the oldest that a zip can hold
HASH_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Archive:
    path: Path  # <name>-<content hash>.zip
    unpacked_bytes: int


def write_archive(folder: Path, *, name: str, out: Path) -> Archive:
    """Zips everything below `folder` into out/<name>-<hash of the zip>.zip; appears there whole or not at all."""
    out.mkdir(parents=True, exist_ok=True)
    draft = out / f".{name}-{hashlib.sha256(str(folder).encode()).hexdigest()[:8]}.part"
    unpacked_bytes = 0
    with zipfile.ZipFile(draft, "w") as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            data = path.read_bytes()
            unpacked_bytes += len(data)
            archive.writestr(_describe_entry(path, folder), data, compress_type=zipfile.ZIP_DEFLATED, compresslevel=6)
    with draft.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()[:HASH_DIGITS]
    final = out / f"{name}-{digest}.zip"
    draft.replace(final)
    return Archive(final, unpacked_bytes)


def _describe_entry(path: Path, folder: Path) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), FIXED_TIME)
    entry.create_system = 3  # Unix, wherever it is made: the modes below count
    mode = 0o755 if ".so" in path.suffixes else 0o644
    entry.external_attr = (0o100000 | mode) << 16
    return entry
