"""Puts the parts of the web together: which modules of views there are, and what every request passes through."""

from __future__ import annotations

from dataclasses import replace

from chalice import Chalice

from chalicelib.web.blueprints import (
    account_api,
    account_pages,
    explore_api,
    explore_pages,
    history_api,
    history_pages,
    home_pages,
    library_api,
    library_pages,
    listening_api,
    me_api,
    pages,
    player_api,
    queries,
    service_api,
    settings_pages,
    site,
    song_map,
    track_changes_api,
    track_pages,
    tracks_api,
    upload_pages,
    upload_parts_api,
    uploads_api,
    way_api,
)
from chalicelib.web.routing import Route, make_middleware
from chalicelib.web.wiring import Wiring

_PARTS = (
    site,
    account_pages,
    home_pages,
    pages,
    history_pages,
    settings_pages,
    library_pages,
    track_pages,
    explore_pages,
    queries,
    song_map,
    upload_pages,
    account_api,
    library_api,
    tracks_api,
    explore_api,
    track_changes_api,
    listening_api,
    history_api,
    me_api,
    player_api,
    uploads_api,
    upload_parts_api,
    way_api,
    service_api,
)


def list_routes() -> tuple[Route, ...]:
    return tuple(route for part in _PARTS for route in part.routes.listed)


def set_up(app: Chalice, wiring: Wiring) -> None:
    app.register_middleware(make_middleware(replace(wiring, routes=list_routes())), "http")
    for part in _PARTS:
        app.register_blueprint(part.routes.make_blueprint())
