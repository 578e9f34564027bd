"""Puts the parts of the web together: which modules of views there are, and what every request passes through."""

from __future__ import annotations

from chalice import Chalice

from chalicelib.web.blueprints import account_api, account_pages, listening_api, pages, site, tracks_api, uploads_api
from chalicelib.web.routing import make_middleware
from chalicelib.web.wiring import Wiring

_PARTS = (site, account_pages, pages, account_api, tracks_api, listening_api, uploads_api)


def set_up(app: Chalice, wiring: Wiring) -> None:
    app.register_middleware(make_middleware(wiring), "http")
    for part in _PARTS:
        app.register_blueprint(part.routes.make_blueprint())
