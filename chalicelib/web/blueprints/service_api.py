"""The service itself: whether its parts are there, and this description of its API."""

from __future__ import annotations

from functools import lru_cache

from markupsafe import Markup

from chalicelib.web import shapes
from chalicelib.web.answers import Answer, answer_json
from chalicelib.web.rendering import draw, render
from chalicelib.web.routing import Route, Routes
from chalicelib.web.urls import API, Urls
from chalicelib.web.visit import Visit
from chalicelib.workflows.check_health import check_health

routes = Routes(__name__)
_HEALTH_TIMEOUT_S = 0.95
_NEEDED = ("mongodb", "s3")
_WARNINGS = {
    "kafka": "Kafka does not answer: plays are kept and sent when it is back, until then recommendations stay as they are.",
    "index": "There is no index, or it cannot be read: listeners get random songs.",
}


@routes.api("/health", access="unidentified", gives=shapes.Health, also=(503,))
def show_health(visit: Visit) -> Answer:
    """Tells which parts answer. 503 where something is away that nothing works without; a warning for what is missed but not needed."""
    checks = check_health(visit.stores.health_probes(), timeout_s=_HEALTH_TIMEOUT_S)
    missed = [name for name, check in checks.items() if check.status != "ok"]
    is_up = not any(name in _NEEDED for name in missed)
    health = shapes.Health(
        status="ok" if not missed else "degraded" if is_up else "down",
        checks=checks,
        warnings=tuple(_WARNINGS[name] for name in missed if name in _WARNINGS),
    )
    return answer_json(health, status=200 if is_up else 503)


@routes.api("/openapi.json", access="unidentified")
def show_openapi(visit: Visit) -> shapes.ApiDocument:
    """This description, as OpenAPI 3.1: every route, type, error and example."""
    from chalicelib.web.openapi import build_document  # other pages need not wait for it

    return shapes.ApiDocument(servers=({"url": visit.urls.api("")},), **build_document(visit.wiring.routes))


@routes.page(f"{API}/docs", access="anyone")
def show_docs(visit: Visit) -> Answer:
    scheme = "https" if visit.settings.secure_cookies else "http"
    address = f"{scheme}://{visit.header('host')}{visit.urls.api('')}"
    return render(visit, "docs.html", text=draw_docs(visit.wiring.routes, visit.urls, address))


@lru_cache(maxsize=4)  # of one address, or few: it says the same to everybody
def draw_docs(known: tuple[Route, ...], urls: Urls, address: str) -> Markup:
    from chalicelib.web.docs_page import make_docs  # with the whole description, which other pages need not wait for

    return draw("_docs.html", docs=make_docs(known), urls=urls, address=address)
