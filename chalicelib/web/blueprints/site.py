"""What needs nobody to be known: static files and the health of the parts."""

from __future__ import annotations

from chalicelib.web.answers import Answer, answer_json
from chalicelib.web.assets import find_asset
from chalicelib.web.presenters import Json
from chalicelib.web.routing import Routes
from chalicelib.web.visit import Visit
from chalicelib.web.wiring import Stores
from chalicelib.workflows.check_health import Probe, check_health

routes = Routes(__name__)
_FOR_EVER, _SHORTLY = "public, max-age=31536000, immutable", "public, max-age=60"
_HEALTH_TIMEOUT_S = 4.0
_NEEDED = ("mongodb", "s3")


@routes.page("/static/{name}", access="unidentified")
def show_static(visit: Visit, name: str) -> Answer:
    asset = find_asset(name)
    cache = _FOR_EVER if visit.query("v") == asset.version else _SHORTLY
    return Answer(body=asset.content, headers={"Content-Type": asset.mime, "Cache-Control": cache})


@routes.api("/health", access="unidentified")
def show_health(visit: Visit) -> Answer:
    checks = check_health(_make_probes(visit.stores), timeout_s=_HEALTH_TIMEOUT_S)
    is_up = all(checks[name].status in ("ok", "absent") for name in _NEEDED)
    is_whole = all(check.status == "ok" for check in checks.values())
    body: Json = {"status": "ok" if is_whole else "degraded" if is_up else "down", "checks": checks}
    return answer_json(body, status=200 if is_up else 503)


def _make_probes(stores: Stores) -> dict[str, Probe]:
    return {
        "mongodb": lambda: stores.index_builds().current() is not None or True,
        "s3": lambda: stores.music_bucket().head("uploads/") is None or True,
        "kafka": lambda: bool(stores.settings().kafka_bootstrap_servers),
        "index": lambda: stores.current_index().get() is not None,
    }
