"""What the build in force makes vectors with, without the build: small files, for those who standardize but do not search.

Used as a track is ingested (the scaler) and as a build begins (the timbre space too). Knows no Annoy, so the extract function needs none.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from chalicelib.index import manifest as artefact
from chalicelib.index.in_force import InForce
from chalicelib.index.scaler import Scaler, decode_scaler
from chalicelib.index.timbre_space import decode_timbre_space
from chalicelib.workflows import ports
from chalicelib.workflows.publish_index import decode_current


def read_scaler_in_force(bucket: ports.IndexBucket) -> Scaler | None:
    """None before the first build. ArtefactError where a file is not what the manifest says, NotFoundError where it is missing."""
    return _read(bucket, ("mfcc",)).scaler


def read_in_force(bucket: ports.IndexBucket) -> InForce:
    """Both spaces' tables, as far as the build in force has them. Raises as `read_scaler_in_force` does."""
    return _read(bucket, artefact.SPACES)


def _read(bucket: ports.IndexBucket, spaces: tuple[artefact.Space, ...]) -> InForce:
    found = bucket.read_current()
    if found is None:
        return InForce()
    current = decode_current(found[0])
    with tempfile.TemporaryDirectory(prefix="timbre-scaler-") as name:
        folder = Path(name)
        bucket.fetch_file(current.build_id, artefact.MANIFEST, folder / artefact.MANIFEST)
        manifest, _ = artefact.read_manifest(folder, expected_sha256=current.manifest_sha256)
        content: dict[artefact.Space, bytes] = {}
        for space in spaces:
            if space in manifest.spaces:
                content[space] = _fetch_checked(bucket, manifest, artefact.name_files(space).scaler, folder)
    return InForce(decode_scaler(content["mfcc"]), decode_timbre_space(content["timbre"]) if "timbre" in content else None)


def _fetch_checked(bucket: ports.IndexBucket, manifest: artefact.Manifest, name: str, folder: Path) -> bytes:
    (folder / name).parent.mkdir(parents=True)
    bucket.fetch_file(manifest.build_id, name, folder / name)
    artefact.check_file(folder, name, manifest.files[name])
    return (folder / name).read_bytes()
