"""The gate of a build: what must hold of the artefact, space by space, or nothing is published.

Ids are checked as they are read (`spool.py`), recall is measured and refused in `recall.py`; here: count, id map, numbers, self-query, on
the files as a reader opens them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from chalicelib.errors import ArtefactError
from chalicelib.index.artefact import open_index
from chalicelib.index.manifest import Space, name_files, read_manifest
from chalicelib.index.recall import sample_rows
from chalicelib.index.scaler import Vectors
from chalicelib.index.scan import TrackIds

SELF_QUERIES = 100
SAME = 1e-6  # angular distance of a vector from itself, with room for rounding


def check_folder(folder: Path, *, build_id: str) -> None:
    """ArtefactError where no build of this name can be written there."""
    if not build_id or "/" in build_id or build_id.startswith("."):
        raise ArtefactError(f"A build cannot be called {build_id!r}.")
    if folder.exists() and any(folder.iterdir()):
        raise ArtefactError(f"The folder for build {build_id} is not empty.")
    folder.parent.mkdir(parents=True, exist_ok=True)


def pass_gate(folder: Path, track_ids: TrackIds) -> None:
    """ArtefactError with the space and the reason where the artefact in `folder` must not be served."""
    manifest, _ = read_manifest(folder)
    for space in manifest.spaces:
        try:
            _pass_space(folder, track_ids, space)
        except ArtefactError as exc:
            raise ArtefactError(f"Space {space}: {exc.message}") from exc


def _pass_space(folder: Path, track_ids: TrackIds, space: Space) -> None:
    index = open_index(folder, space=space, exact_up_to=0)  # 0: Annoy must answer, at any size
    if len(index) != len(track_ids):
        raise ArtefactError(f"The index holds {len(index)} tracks, expected {len(track_ids)}.")
    if not np.array_equal(index.track_ids, track_ids):
        raise ArtefactError("track_ids.json does not map each position to the track at that position.")
    vectors: Vectors = np.load(folder / name_files(space).vectors, mmap_mode="r", allow_pickle=False)
    if not np.isfinite(vectors).all():
        raise ArtefactError("vectors.npy holds numbers that are not finite.")
    for row in sample_rows(vectors, SELF_QUERIES, seed=0).tolist():
        nearest = index.search(vectors[row], 1)
        if not nearest or nearest[0].distance > SAME:
            raise ArtefactError(f"Track {track_ids[row].decode()} is not its own nearest neighbour.")
