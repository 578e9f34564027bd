"""The only builder of links. The prefix (API Gateway's stage, a base path) is whatever the request's path had in front of its route."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from chalicelib.web.assets import asset_version, find_asset

API = "/api/v1"
_SEGMENT = re.compile(r"[A-Za-z0-9._~-]+")


@dataclass(frozen=True, slots=True)
class Urls:
    prefix: str = ""

    def page(self, path: str, **query: str | int | None) -> str:
        """`path` as in the routes, from the application's root: `/search`."""
        if not query:  # most links: a page has a hundred
            return f"{self.prefix}{path}"
        given = {name: value for name, value in query.items() if value not in (None, "")}
        return f"{self.prefix}{path}" + (f"?{urlencode(given)}" if given else "")

    def api(self, path: str) -> str:
        return f"{self.prefix}{API}{path}"

    def static(self, name: str) -> str:
        """With the version of its content, so that it may be cached for ever."""
        return f"{self.prefix}/static/{name}?v={asset_version(name)}"

    def modules(self, name: str) -> list[str]:
        """What the script loads by itself, directly or not: told to the browser beforehand, it is fetched at once."""
        return [self.static(imported) for imported in find_asset(name).imports]

    def track(self, track_id: str) -> str:
        return self.page(f"/tracks/{track_id}")

    def audio(self, track_id: str) -> str:
        return self.api(f"/tracks/{track_id}/audio")

    def cover(self, track_id: str) -> str:
        return self.api(f"/tracks/{track_id}/cover")

    @property
    def cookie_path(self) -> str:
        return self.prefix or "/"


def is_api_path(path: str) -> bool:
    """Whether programs ask there, whatever the version."""
    return path == "/api" or path.startswith("/api/")


def urls_of(request_context: dict[str, Any], rest: str = "") -> Urls:  # API Gateway's requestContext: JSON of theirs
    """`/timbre/tracks/1` served by the route `/tracks/{id}` has the prefix `/timbre`. Counts segments, so that escapes do not matter.
    `rest`: what a greedy route has taken in place of its last segment."""
    segments = str(request_context.get("path") or "").strip("/").split("/")
    route_segments = [part for part in str(request_context.get("resourcePath") or "").split("/") if part]
    taken = len(route_segments) + rest.strip("/").count("/")
    front = segments[: max(0, len(segments) - taken)] if segments != [""] else []
    if not all(_SEGMENT.fullmatch(segment) for segment in front):
        return Urls()
    return Urls("".join(f"/{segment}" for segment in front))


def safe_path(path: str) -> str:
    """A path within the application to return to, or `/`: never another host's."""
    is_local = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() and "\\" not in path
    return path if is_local else "/"
