"""The manifest of an index artefact: what was built, from what, how well each space searches, and the hash and size of every file.

Owns the names of the files and the check that they are whole; opening them is left to `artefact.py`. Knows no Annoy. Manifests of schema 1
(one space, `mfcc`) are read as what they would be today.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from chalicelib.errors import ArtefactError

Space = Literal["mfcc", "timbre"]
SPACES: tuple[Space, ...] = ("mfcc", "timbre")

MANIFEST = "manifest.json"
TRACK_IDS = "track_ids.json"
MAP = "map.bin"  # builds from before there was a map have none


class SpaceFiles(msgspec.Struct, frozen=True):
    """Where the files of one space lie in an artefact."""

    trees: str
    vectors: str
    scaler: str

    def names(self) -> tuple[str, str, str]:
        return self.trees, self.vectors, self.scaler


def name_files(space: Space) -> SpaceFiles:
    return SpaceFiles(f"spaces/{space}/tracks.ann", f"spaces/{space}/vectors.npy", f"spaces/{space}/scaler.json")


TREES, VECTORS, SCALER = name_files("mfcc").names()  # every build has this space
REQUIRED_FILES = (TRACK_IDS, TREES, VECTORS, SCALER)


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
    space: Space = "mfcc"  # whose neighbours stand together


class SpaceFacts(msgspec.Struct, frozen=True, kw_only=True):
    """How one space of a build was made, and how well it searches."""

    dimension: int
    metric: Literal["angular"] = "angular"
    scaler_version: int  # in `timbre` that of the learned projection, which brings its own means and scales
    drift: float | None  # of a fresh fit from the one in force, as the scaler measures it; None: there was none in force
    search_k: int  # the smallest tried that reached the gate's recall for 10 neighbours
    recall_at_10: float
    distance_quantiles: tuple[DistanceQuantile, ...]  # of random pairs, ascending; empty where there is no pair


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    schema: Literal[2] = 2
    build_id: str
    created_at: datetime
    track_count: int
    feature_version: int
    max_seq: int  # changes up to this one are in the build; later ones are its delta
    n_trees: int
    seed: int
    spaces: dict[Space, SpaceFacts]
    timbre_missing_because: str | None = None  # why there is only `mfcc`
    files: dict[str, FileFacts]
    libraries: dict[str, str]
    build_s: float
    step_s: dict[str, float] = {}  # what took how long
    peak_memory_bytes: int
    map: MapFacts | None = None  # None: there is no `map.bin`

    @property
    def scaler_version(self) -> int:
        """Of the standardized MFCCs that documents carry."""
        return self.spaces["mfcc"].scaler_version

    @property
    def recall_at_10(self) -> float:
        """Of the space that searches worst."""
        return min(facts.recall_at_10 for facts in self.spaces.values())


class _FirstManifest(msgspec.Struct, frozen=True, kw_only=True):
    """Schema 1, as it was written before builds had two spaces."""

    schema: Literal[1] = 1
    build_id: str
    created_at: datetime
    track_count: int
    dimension: int
    metric: Literal["angular"] = "angular"
    feature_version: int
    scaler_version: int
    max_seq: int
    n_trees: int
    seed: int
    search_k: int
    recall_at_10: float
    scaler_drift: float | None
    distance_quantiles: tuple[DistanceQuantile, ...]
    files: dict[str, FileFacts]
    libraries: dict[str, str]
    build_s: float
    peak_memory_bytes: int
    map: MapFacts | None = None

    def bring_up(self) -> Manifest:
        facts = SpaceFacts(
            dimension=self.dimension,
            scaler_version=self.scaler_version,
            drift=self.scaler_drift,
            search_k=self.search_k,
            recall_at_10=self.recall_at_10,
            distance_quantiles=self.distance_quantiles,
        )
        return Manifest(
            build_id=self.build_id,
            created_at=self.created_at,
            track_count=self.track_count,
            feature_version=self.feature_version,
            max_seq=self.max_seq,
            n_trees=self.n_trees,
            seed=self.seed,
            spaces={"mfcc": facts},
            timbre_missing_because="The build is of a version that knew one space.",
            files=self.files,
            libraries=self.libraries,
            build_s=self.build_s,
            peak_memory_bytes=self.peak_memory_bytes,
            map=self.map,
        )


class _Schema(msgspec.Struct):
    schema: int = 1


def encode_manifest(manifest: Manifest) -> bytes:
    return msgspec.json.format(msgspec.json.encode(manifest), indent=1)


def decode_manifest(content: bytes) -> Manifest:
    """ArtefactError for anything but a manifest that this code understands."""
    try:
        is_first = msgspec.json.decode(content, type=_Schema).schema == 1
        manifest = msgspec.json.decode(content, type=_FirstManifest).bring_up() if is_first else msgspec.json.decode(content, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise ArtefactError(f"manifest.json cannot be read: {exc}.") from exc
    if "mfcc" not in manifest.spaces:
        raise ArtefactError("manifest.json does not name the space mfcc.")
    missing = [name for name in list_required(manifest) if name not in manifest.files]
    if missing:
        raise ArtefactError(f"manifest.json does not name {', '.join(missing)}.")
    for name in manifest.files:
        check_file_name(name)
    return manifest


def list_required(manifest: Manifest) -> list[str]:
    return [TRACK_IDS, *(name for space in manifest.spaces for name in name_files(space).names())]


def list_served(space: Space) -> tuple[str, ...]:
    """The files of a build that a process needs to serve one space."""
    return TRACK_IDS, *name_files(space).names()


def choose_space(manifest: Manifest, wanted: Space) -> Space:
    """`mfcc` where the build lacks what is wanted."""
    return wanted if wanted in manifest.spaces else "mfcc"


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


def check_files(folder: Path, manifest: Manifest, names: Iterable[str] | None = None) -> None:
    """Sizes and hashes of these files, or of every one that the manifest names: before anything opens one, since Annoy crashes on a wrong
    file."""
    for name in manifest.files if names is None else names:
        check_file(folder, name, manifest.files[name])
