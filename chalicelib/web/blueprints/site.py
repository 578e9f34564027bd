"""What needs nobody to be known: static files and the health of the parts."""

from __future__ import annotations

from chalicelib.web.answers import Answer, answer_json
from chalicelib.web.assets import find_asset
from chalicelib.web.presenters import Json
from chalicelib.web.routing import Routes
from chalicelib.web.visit import Visit
from chalicelib.workflows.check_health import check_health

routes = Routes(__name__)
_FOR_EVER, _SHORTLY = "public, max-age=31536000, immutable", "public, max-age=60"
_HEALTH_TIMEOUT_S = 0.95
_NEEDED = ("mongodb", "s3")
_WARNINGS = {
    "kafka": "Kafka does not answer: plays are kept and sent when it is back, until then recommendations stay as they are.",
    "index": "There is no index, or it cannot be read: listeners get random songs.",
}


@routes.page("/static/{name}", access="unidentified")
def show_static(visit: Visit, name: str) -> Answer:
    asset = find_asset(name)
    cache = _FOR_EVER if visit.query("v") == asset.version else _SHORTLY
    return Answer(body=asset.content, headers={"Content-Type": asset.mime, "Cache-Control": cache})


@routes.api("/health", access="unidentified")
def show_health(visit: Visit) -> Answer:
    """503 where something is away that nothing works without; a warning for what is missed but not needed."""
    checks = check_health(visit.stores.health_probes(), timeout_s=_HEALTH_TIMEOUT_S)
    missed = [name for name, check in checks.items() if check.status != "ok"]
    is_up = not any(name in _NEEDED for name in missed)
    status = "ok" if not missed else "degraded" if is_up else "down"
    body: Json = {"status": status, "checks": checks, "warnings": [_WARNINGS[name] for name in missed if name in _WARNINGS]}
    return answer_json(body, status=200 if is_up else 503)
