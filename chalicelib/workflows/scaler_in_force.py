"""The scaler of the build in force, without the build: two small files, for those who standardize but do not search.

Used as a track is ingested and as a build begins. Knows no Annoy, so the extract function needs none.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from chalicelib.index import manifest as artefact
from chalicelib.index.scaler import Scaler, decode_scaler
from chalicelib.workflows import ports
from chalicelib.workflows.publish_index import decode_current


def read_scaler_in_force(bucket: ports.IndexBucket) -> Scaler | None:
    """None before the first build. ArtefactError where a file is not what the manifest says, NotFoundError where it is missing."""
    found = bucket.read_current()
    if found is None:
        return None
    current = decode_current(found[0])
    with tempfile.TemporaryDirectory(prefix="timbre-scaler-") as name:
        folder = Path(name)
        bucket.fetch_file(current.build_id, artefact.MANIFEST, folder / artefact.MANIFEST)
        manifest, _ = artefact.read_manifest(folder, expected_sha256=current.manifest_sha256)
        path = folder / artefact.SCALER
        path.parent.mkdir(parents=True)
        bucket.fetch_file(current.build_id, artefact.SCALER, path)
        artefact.check_file(folder, artefact.SCALER, manifest.files[artefact.SCALER])
        return decode_scaler(path.read_bytes())
