"""Opens an index artefact from a folder: checks sizes and hashes first, then what the files hold, then hands them to `LoadedIndex`.

Annoy maps whatever it is given, and a wrong or cut file ends the process: nothing is opened here before its hash is right.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
from annoy import AnnoyIndex

from chalicelib.errors import ArtefactError
from chalicelib.index.manifest import SCALER, TRACK_IDS, TREES, VECTORS, Manifest, check_files, read_manifest
from chalicelib.index.scaler import Scaler, Vectors, decode_scaler
from chalicelib.index.scan import TrackIds
from chalicelib.index.search import EXACT_UP_TO, LoadedIndex


def open_index(folder: Path, *, expected_manifest_sha256: str | None = None, exact_up_to: int = EXACT_UP_TO) -> LoadedIndex:
    """The index in `folder`, whose files may be unlinked afterwards. ArtefactError, naming the file, where anything is amiss."""
    manifest, _ = read_manifest(folder, expected_sha256=expected_manifest_sha256)
    check_files(folder, manifest)
    scaler = _read_scaler(folder, manifest)
    track_ids = _read_track_ids(folder, manifest)
    vectors = _map_vectors(folder, manifest)
    return LoadedIndex(manifest, scaler, track_ids, vectors, _map_trees(folder, manifest), exact_up_to=exact_up_to)


def _read_scaler(folder: Path, manifest: Manifest) -> Scaler:
    scaler = decode_scaler((folder / SCALER).read_bytes())
    if scaler.version != manifest.scaler_version or scaler.dimension != manifest.dimension:
        raise ArtefactError(
            f"scaler.json is version {scaler.version} of {scaler.dimension} numbers, "
            f"expected version {manifest.scaler_version} of {manifest.dimension}."
        )
    return scaler


def _read_track_ids(folder: Path, manifest: Manifest) -> TrackIds:
    try:
        decoded = msgspec.json.decode((folder / TRACK_IDS).read_bytes(), type=list[str])
        track_ids = np.array([each.encode("ascii") for each in decoded], dtype=bytes)
    except (msgspec.DecodeError, UnicodeError) as exc:
        raise ArtefactError(f"track_ids.json cannot be read: {exc}.") from exc
    if len(track_ids) != manifest.track_count or len(track_ids) == 0:
        raise ArtefactError(f"track_ids.json holds {len(track_ids)} ids, expected {manifest.track_count}.")
    return track_ids


def _map_vectors(folder: Path, manifest: Manifest) -> Vectors:
    try:
        vectors: Vectors = np.load(folder / VECTORS, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as exc:
        raise ArtefactError(f"vectors.npy cannot be read: {exc}.") from exc
    expected = (manifest.track_count, manifest.dimension)
    if vectors.dtype != np.float32 or vectors.shape != expected:
        raise ArtefactError(f"vectors.npy holds {vectors.dtype} of shape {vectors.shape}, expected float32 of {expected}.")
    return vectors


def _map_trees(folder: Path, manifest: Manifest) -> AnnoyIndex:
    trees = AnnoyIndex(manifest.dimension, manifest.metric)
    try:
        trees.load(str(folder / TREES))
    except OSError as exc:
        raise ArtefactError(f"tracks.ann cannot be opened: {exc}.") from exc
    if trees.get_n_items() != manifest.track_count:
        raise ArtefactError(f"tracks.ann holds {trees.get_n_items()} items, expected {manifest.track_count}.")
    return trees
