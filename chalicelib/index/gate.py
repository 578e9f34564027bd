"""The gate of a build: what must hold of the tracks before, and of the artefact after, or nothing is published.

Recall is measured and refused in `recall.py`; here: count, id map, numbers, self-query, on the files as a reader opens them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from chalicelib.errors import ArtefactError
from chalicelib.index.artefact import open_index
from chalicelib.index.manifest import VECTORS
from chalicelib.index.recall import sample_rows
from chalicelib.index.scaler import Matrix, Vectors

SELF_QUERIES = 100
SAME = 1e-6  # angular distance of a vector from itself, with room for rounding


def check_input(track_ids: Sequence[str], mfcc: Matrix, folder: Path, *, build_id: str) -> None:
    """Makes the folder. ArtefactError where ids and numbers are not such that an index can be made of them."""
    if not build_id or "/" in build_id or build_id.startswith("."):
        raise ArtefactError(f"A build cannot be called {build_id!r}.")
    if mfcc.ndim != 2 or len(mfcc) != len(track_ids):
        raise ArtefactError(f"{len(track_ids)} tracks need as many rows of MFCCs, got an array of shape {mfcc.shape}.")
    if not len(track_ids) or not mfcc.shape[1]:
        raise ArtefactError("There is no track to build an index of.")
    _check_ids(track_ids)
    faulty = np.flatnonzero(~np.isfinite(mfcc).all(axis=1))
    if len(faulty):
        raise ArtefactError(f"The MFCCs of {len(faulty)} tracks are not finite numbers, of {track_ids[int(faulty[0])]} first.")
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise ArtefactError(f"The folder for build {build_id} is not empty.")


def _check_ids(track_ids: Sequence[str]) -> None:
    if len(set(track_ids)) != len(track_ids):
        raise ArtefactError(f"{len(track_ids) - len(set(track_ids))} track ids are there more than once.")
    odd = next((each for each in track_ids if not each or not each.isascii() or "\0" in each), None)
    if odd is not None:
        raise ArtefactError(f"A track id must be ASCII, got {odd!r}.")


def pass_gate(folder: Path, track_ids: Sequence[str]) -> None:
    """ArtefactError with the reason where the artefact in `folder` must not be served."""
    index = open_index(folder, exact_up_to=0)  # 0: Annoy must answer, at any size
    if len(index) != len(track_ids):
        raise ArtefactError(f"The index holds {len(index)} tracks, expected {len(track_ids)}.")
    positions = index.find_positions(track_ids)
    if not np.array_equal(positions, np.arange(len(track_ids))):
        raise ArtefactError("track_ids.json does not map each position to the track at that position.")
    vectors: Vectors = np.load(folder / VECTORS, mmap_mode="r", allow_pickle=False)
    if not np.isfinite(vectors).all():
        raise ArtefactError("vectors.npy holds numbers that are not finite.")
    for row in sample_rows(vectors, SELF_QUERIES, seed=0).tolist():
        nearest = index.search(vectors[row], 1)
        if not nearest or nearest[0].distance > SAME:
            raise ArtefactError(f"Track {track_ids[row]} is not its own nearest neighbour.")
