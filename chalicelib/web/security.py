"""The headers that every answer carries: what a page may load, who may frame it, what may be kept."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlsplit

from chalicelib.web.answers import Answer
from chalicelib.web.visit import Visit
from chalicelib.workflows.ports import IndexBucket, MusicBucket

_HSTS = "max-age=31536000"


def secure(visit: Visit, answer: Answer) -> dict[str, str]:
    """All headers of the answer. What a view said itself (caching) stands."""
    headers = {
        "Content-Security-Policy": _write_policy(*_find_origins(visit)) if answer.embeds_music else _write_policy(),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-store",
        "X-Request-Id": visit.request_id,
        **answer.headers,
    }
    if visit.settings.secure_cookies:
        headers["Strict-Transport-Security"] = _HSTS
    return headers


def _write_policy(music: str = "", index: str = "") -> str:
    """By the origins of the two buckets: pages change within one document, so each allows what any of them needs (the map's points)."""
    also = f" {music}" if music else ""
    reached = also if index == music else f"{also} {index}"
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'{also}; media-src 'self'{also}; "
        f"connect-src 'self'{reached}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def _find_origins(visit: Visit) -> tuple[str, str]:
    """Where presigned links lead to; signing is arithmetic and asks nobody."""
    music = _sign_music_link(visit.stores.music_bucket())  # type: ignore[arg-type]  # hashed by identity
    index = _sign_index_link(visit.stores.index_bucket())  # type: ignore[arg-type]
    return _origin_of(music), _origin_of(index)


@lru_cache(maxsize=4)
def _sign_music_link(bucket: MusicBucket) -> str:
    """Once: only its origin counts, and a signature costs as much as a small page."""
    return bucket.presign_get("uploads/", expires_s=60)


@lru_cache(maxsize=4)
def _sign_index_link(bucket: IndexBucket) -> str:
    return bucket.presign_get("build", "map.bin", expires_s=60)


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
