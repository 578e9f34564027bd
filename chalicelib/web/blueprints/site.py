"""Static files."""

from __future__ import annotations

from chalicelib.web.answers import Answer
from chalicelib.web.assets import find_asset
from chalicelib.web.routing import Routes
from chalicelib.web.visit import Visit

routes = Routes(__name__)
_FOR_EVER, _SHORTLY = "public, max-age=31536000, immutable", "public, max-age=60"


@routes.page("/static/{name}", access="unidentified")
def show_static(visit: Visit, name: str) -> Answer:
    asset = find_asset(name)
    cache = _FOR_EVER if visit.query("v") == asset.version else _SHORTLY
    return Answer(body=asset.content, headers={"Content-Type": asset.mime, "Cache-Control": cache})
