"""The files under `static/`: a closed list, read once, each with the hash of its content as its version."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from chalicelib.errors import NotFoundError

_FOLDER = Path(__file__).parent / "static"
_MIMES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Asset:
    content: str
    mime: str
    version: str


@cache
def _read_assets() -> dict[str, Asset]:
    return {path.name: _read_asset(path) for path in sorted(_FOLDER.iterdir()) if path.suffix in _MIMES}


def _read_asset(path: Path) -> Asset:
    content = path.read_bytes()
    return Asset(content=content.decode(), mime=_MIMES[path.suffix], version=hashlib.sha256(content).hexdigest()[:12])


def find_asset(name: str) -> Asset:
    asset = _read_assets().get(name)
    if asset is None:
        raise NotFoundError("There is no such file.", code="file_not_found")
    return asset


def asset_version(name: str) -> str:
    return find_asset(name).version
