"""The headers that every answer carries: what a page may load, who may frame it, what may be kept."""

from __future__ import annotations

from urllib.parse import urlsplit

from chalicelib.web.answers import Answer
from chalicelib.web.visit import Visit

_HSTS = "max-age=31536000"


def secure(visit: Visit, answer: Answer) -> dict[str, str]:
    """All headers of the answer. What a view said itself (caching) stands."""
    headers = {
        "Content-Security-Policy": _write_policy(_bucket_origin(visit) if answer.embeds_music else ""),
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


def _write_policy(bucket: str) -> str:
    also = f" {bucket}" if bucket else ""
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'{also}; media-src 'self'{also}; "
        f"connect-src 'self'{also}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def _bucket_origin(visit: Visit) -> str:
    """Where presigned links lead to; signing is arithmetic and asks nobody."""
    parts = urlsplit(visit.stores.music_bucket().presign_get("uploads/", expires_s=60))
    return f"{parts.scheme}://{parts.netloc}"
