"""Static files, and what is said where nothing is.

API Gateway answers an address that it does not know by itself ("Missing Authentication Token", as JSON, to people too): so the last route
takes every address that no other takes. A method that an address does not take is Chalice's or API Gateway's to refuse.
"""

from __future__ import annotations

from chalicelib.errors import NotFoundError
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


def show_nothing(_visit: Visit) -> Answer:
    raise NotFoundError("There is nothing at this address.")


for _method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
    routes.page("/{proxy+}", _method, access="anyone", act=None, has_effect=False)(show_nothing)
