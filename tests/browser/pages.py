"""Every page of the site, and who visits it: the list behind the tests of all pages, the screenshots and the bench."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

from tests.browser.visits import Who

MISSING_TRACK = "0" * 24


@dataclass(frozen=True, slots=True)
class SitePage:
    name: str
    path: str  # `{track}` becomes the id of a song with neighbours
    who: Who = "demo"
    status: int = 200

    def address(self, track_id: str) -> str:
        return self.path.format(track=track_id)


SITE_PAGES = (
    SitePage("login", "/login", who="nobody"),
    SitePage("signup", "/signup", who="nobody"),
    SitePage("home", "/"),
    SitePage("home-new-listener", "/", who="fresh"),
    SitePage("library", "/search"),
    SitePage("search", "/search?q=night"),
    SitePage("search-nothing", "/search?q=zzzz+qqqq"),
    SitePage("track", "/tracks/{track}"),
    SitePage("mix", "/similar?to={track}"),
    SitePage("mix-empty", "/similar"),
    SitePage("path", "/path?from={track}"),
    SitePage("query", "/query"),
    SitePage("map", "/map"),
    SitePage("upload", "/upload"),
    SitePage("upload-new-listener", "/upload", who="fresh"),
    SitePage("history", "/history"),
    SitePage("history-new-listener", "/history", who="fresh"),
    SitePage("statistics", "/history/statistics"),
    SitePage("statistics-new-listener", "/history/statistics", who="fresh"),
    SitePage("settings", "/settings"),
    SitePage("settings-new-listener", "/settings", who="fresh"),
    SitePage("status", "/status"),
    SitePage("api", "/api/v1/docs", who="nobody"),
    SitePage("no-such-song", f"/tracks/{MISSING_TRACK}", status=404),
    SitePage("no-such-page", "/no-such-page", status=404),
)


def list_songs(running: dict[str, Any], token: str, *, limit: int = 50) -> list[dict[str, Any]]:
    headers = {"Authorization": f"Bearer {token}"}
    answer = httpx.get(f"{running['url']}/api/v1/tracks", params={"limit": limit}, headers=headers, timeout=30, trust_env=False)
    songs: list[dict[str, Any]] = answer.raise_for_status().json()["items"]
    return songs
