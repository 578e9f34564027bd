"""The map of the build in force, and what of it is one listener's. Positions stay in the bucket: readers fetch `map.bin` by a link."""

from __future__ import annotations

import tempfile
from functools import lru_cache
from pathlib import Path

import msgspec

from chalicelib.errors import ArtefactError, NotFoundError
from chalicelib.index.manifest import MANIFEST, MAP, FileFacts, Manifest, MapFacts, read_manifest
from chalicelib.log import log
from chalicelib.workflows.ports import IndexBucket, PlayStore, RecommendationStore
from chalicelib.workflows.publish_index import decode_current

PLAYS_READ = 200
RECOMMENDED_MOST = 20


class FoundMap(msgspec.Struct, frozen=True, kw_only=True):
    build_id: str
    facts: MapFacts
    file: FileFacts


class OwnSongs(msgspec.Struct, frozen=True, kw_only=True):
    """Ids, each once: played lately (the last first), recommended (the best first). Some may be gone."""

    played: tuple[str, ...]
    recommended: tuple[str, ...]


def find_map(bucket: IndexBucket) -> FoundMap | None:
    """None while there is no build, or the one in force has no map: the next one brings it. StoreUnavailableError."""
    found = bucket.read_current()
    if found is None:
        return None
    try:
        current = decode_current(found[0])
        manifest = _read_manifest(bucket, current.build_id, current.manifest_sha256)  # type: ignore[arg-type]  # hashed by identity
    except (ArtefactError, NotFoundError) as exc:
        log.error("map_unreadable", reason=exc.message)
        return None
    if manifest.map is None or MAP not in manifest.files:
        return None
    return FoundMap(build_id=manifest.build_id, facts=manifest.map, file=manifest.files[MAP])


@lru_cache(maxsize=4)
def _read_manifest(bucket: IndexBucket, build_id: str, sha256: str) -> Manifest:
    """Once a build and process: it never changes."""
    with tempfile.TemporaryDirectory(prefix="timbre-manifest-") as name:
        bucket.fetch_file(build_id, MANIFEST, Path(name) / MANIFEST)
        manifest, _ = read_manifest(Path(name), expected_sha256=sha256)
    return manifest


def list_own_songs(user_id: str, *, plays: PlayStore, recommendations: RecommendationStore) -> OwnSongs:
    heard = [play.track_id for play in plays.recent(user_id, limit=PLAYS_READ) if play.kind != "skip"]
    stored = recommendations.find(user_id)
    items = stored.items if stored is not None and stored.basis == "plays" else ()
    return OwnSongs(played=tuple(dict.fromkeys(heard)), recommended=tuple(item.track_id for item in items[:RECOMMENDED_MOST]))
