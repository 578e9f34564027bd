"""The files under `static/`: a closed list, read once, each with the hash of its content as its version. Where a module imports
another, or a sheet takes in a file, by `./name`, the version is put behind the name, so that a browser never mixes two deployments.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from chalicelib.errors import NotFoundError

_FOLDER = Path(__file__).parent / "static"
_MIMES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml; charset=utf-8"}
_IMPORT = re.compile(r"""(?<=["'])\./([a-z0-9_]+\.(?:css|js|svg))(?=["'])""")


@dataclass(frozen=True, slots=True)
class Asset:
    content: str
    mime: str
    version: str
    imports: tuple[str, ...] = ()  # every module that it loads, directly or not, for preloading


@cache
def find_asset(name: str) -> Asset:
    if name not in _list_names():
        raise NotFoundError("There is no such file.", code="file_not_found")
    return _make_asset(name, _FOLDER, ())


def asset_version(name: str) -> str:
    return find_asset(name).version


@cache
def _list_names() -> frozenset[str]:
    return frozenset(path.name for path in _FOLDER.iterdir() if path.suffix in _MIMES)


def _make_asset(name: str, folder: Path, importers: tuple[str, ...]) -> Asset:
    """Modules that import each other in a ring have no version before each other: such a ring is a fault of the code."""
    if name in importers:
        raise ValueError(f"static/{name} imports itself by way of {' and '.join(importers)}.")
    written = (folder / name).read_text(encoding="utf-8")
    imported = {found: _make_asset(found, folder, (*importers, name)) for found in _IMPORT.findall(written)}
    content = _IMPORT.sub(lambda found: f"./{found[1]}?v={imported[found[1]].version}", written)
    names = dict.fromkeys([*imported, *(inner for asset in imported.values() for inner in asset.imports)])
    version = hashlib.sha256(content.encode()).hexdigest()[:12]
    return Asset(content=content, mime=_MIMES[Path(name).suffix], version=version, imports=tuple(names))
