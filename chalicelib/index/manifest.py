"""The manifest of an index artefact: what was built, from what, how well it searches, and the hash and size of every file.

Owns the names of the files and the check that they are whole; opening them is left to `artefact.py`. Knows no Annoy.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from chalicelib.errors import ArtefactError

MANIFEST = "manifest.json"
TRACK_IDS = "track_ids.json"
TREES = "spaces/mfcc/tracks.ann"
VECTORS = "spaces/mfcc/vectors.npy"
SCALER = "spaces/mfcc/scaler.json"
REQUIRED_FILES = (TRACK_IDS, TREES, VECTORS, SCALER)
MAP = "map.bin"  # builds from before there was a map have none


class FileFacts(msgspec.Struct, frozen=True):
    sha256: str
    size_bytes: int


class DistanceQuantile(msgspec.Struct, frozen=True):
    """`fraction` (0-1) of the catalogue's pairs are at most `distance` apart."""

    fraction: float
    distance: float


class MapGenre(msgspec.Struct, frozen=True):
    name: str
    track_count: int


class MapFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader of `map.bin` must know that is not in it. `genres` by their places, the one with the most songs first."""

    version: int
    track_count: int
    genres: tuple[MapGenre, ...]


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    schema: Literal[1] = 1
    build_id: str
    created_at: datetime
    track_count: int
    dimension: int
    metric: Literal["angular"] = "angular"
    feature_space: Literal["mfcc"] = "mfcc"
    feature_version: int
    scaler_version: int
    projection_version: int | None = None
    max_seq: int  # changes up to this one are in the build; later ones are its delta
    n_trees: int
    seed: int
    search_k: int  # the smallest tried that reached the gate's recall for 10 neighbours
    recall_at_10: float
    scaler_drift: float | None  # σ between a fresh fit and the scaler in force; None: there was none
    distance_quantiles: tuple[DistanceQuantile, ...]  # of random pairs, ascending; empty where there is no pair
    files: dict[str, FileFacts]
    libraries: dict[str, str]
    build_s: float
    peak_memory_bytes: int
    map: MapFacts | None = None  # None: there is no `map.bin`


def encode_manifest(manifest: Manifest) -> bytes:
    return msgspec.json.format(msgspec.json.encode(manifest), indent=1)


def decode_manifest(content: bytes) -> Manifest:
    """ArtefactError for anything but a manifest that this code understands."""
    try:
        manifest = msgspec.json.decode(content, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise ArtefactError(f"manifest.json cannot be read: {exc}.") from exc
    missing = [name for name in REQUIRED_FILES if name not in manifest.files]
    if missing:
        raise ArtefactError(f"manifest.json does not name {', '.join(missing)}.")
    for name in manifest.files:
        check_file_name(name)
    return manifest


def check_file_name(name: str) -> None:
    """ArtefactError for a name that could leave the artefact's folder."""
    if not name or name.startswith("/") or "\\" in name or any(part in {"", ".", ".."} for part in name.split("/")):
        raise ArtefactError(f"manifest.json names a file {name!r}, which is not a path inside the artefact.")


def read_manifest(folder: Path, *, expected_sha256: str | None = None) -> tuple[Manifest, str]:
    """(manifest, its SHA-256); ArtefactError where it is missing, unreadable or not the one expected."""
    try:
        content = (folder / MANIFEST).read_bytes()
    except OSError as exc:
        raise ArtefactError(f"manifest.json cannot be read: {exc}.") from exc
    sha256 = hashlib.sha256(content).hexdigest()
    if expected_sha256 is not None and sha256 != expected_sha256:
        raise ArtefactError(f"manifest.json has SHA-256 {sha256}, expected {expected_sha256}.")
    return decode_manifest(content), sha256


def describe_file(path: Path) -> FileFacts:
    with path.open("rb") as file:
        return FileFacts(hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size)


def check_file(folder: Path, name: str, expected: FileFacts) -> None:
    """ArtefactError where the file is missing, has another size or another hash."""
    try:
        size_bytes = (folder / name).stat().st_size
        if size_bytes != expected.size_bytes:
            raise ArtefactError(f"{name} has {size_bytes} bytes, expected {expected.size_bytes}.")
        found = describe_file(folder / name)
    except OSError as exc:
        raise ArtefactError(f"{name} cannot be read: {exc}.") from exc
    if found.sha256 != expected.sha256:
        raise ArtefactError(f"{name} has SHA-256 {found.sha256}, expected {expected.sha256}.")


def check_files(folder: Path, manifest: Manifest) -> None:
    """Sizes and hashes of every file that the manifest names: before anything opens one, since Annoy crashes on a wrong file."""
    for name, expected in manifest.files.items():
        check_file(folder, name, expected)
