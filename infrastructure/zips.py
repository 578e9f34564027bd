"""Zip files that depend on nothing but what is in them: same files, same bytes. Knows no layer and no function."""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from infrastructure.errors import PackageError

FIXED_TIME = (1980, 1, 1, 0, 0, 0)  # the oldest that a zip can hold
HASH_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Archive:
    path: Path  # <name>-<content hash>.zip
    unpacked_bytes: int


def write_archive(folder: Path, *, name: str, out: Path) -> Archive:
    """Zips everything below `folder` into out/<name>-<hash of the zip>.zip; appears there whole or not at all."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return _write(((path.relative_to(folder).as_posix(), path.read_bytes()) for path in files), name=name, out=out)


def merge_archives(parts: Mapping[Path, str], *, name: str, out: Path) -> Archive:
    """One zip of several: archive → the folder in it whose content goes to the root of the new one ("" for all of it). PackageError where
    two of them have a file of one name, since only one of the two would be seen."""
    places: dict[str, tuple[zipfile.ZipFile, zipfile.ZipInfo]] = {}
    opened = {path: zipfile.ZipFile(path) for path in parts}
    try:
        for path, inner in parts.items():
            for entry in opened[path].infolist():
                place = entry.filename.removeprefix(inner)
                if not entry.filename.startswith(inner):
                    raise PackageError(f"{path.name} holds {entry.filename}, which is not below {inner}")
                if place in places:
                    raise PackageError(f"{place} is in {path.name} and in another package of {name}")
                places[place] = (opened[path], entry)
        return _write(((place, archive.read(entry)) for place, (archive, entry) in sorted(places.items())), name=name, out=out)
    finally:
        for archive in opened.values():
            archive.close()


def _write(files: Iterable[tuple[str, bytes]], *, name: str, out: Path) -> Archive:
    """`files`: place in the zip and content, in the order in which they are to stand there."""
    out.mkdir(parents=True, exist_ok=True)
    unpacked_bytes = 0
    handle, draft_name = tempfile.mkstemp(prefix=f".{name}-", suffix=".part", dir=out)
    draft = Path(draft_name)
    try:
        with os.fdopen(handle, "w+b") as stream:
            with zipfile.ZipFile(stream, "w") as archive:
                for place, data in files:
                    unpacked_bytes += len(data)
                    archive.writestr(_describe_entry(place), data, compress_type=zipfile.ZIP_DEFLATED, compresslevel=6)
            stream.seek(0)
            digest = hashlib.file_digest(stream, "sha256").hexdigest()[:HASH_DIGITS]
        final = out / f"{name}-{digest}.zip"
        draft.chmod(0o644)
        draft.replace(final)
    finally:
        draft.unlink(missing_ok=True)
    return Archive(final, unpacked_bytes)


def _describe_entry(place: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(place, FIXED_TIME)
    entry.create_system = 3  # Unix, wherever it is made: the modes below count
    mode = 0o755 if ".so" in PurePosixPath(place).suffixes else 0o644
    entry.external_attr = (0o100000 | mode) << 16
    return entry
