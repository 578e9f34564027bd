"""The cookies of a visit: read with distrust, written for this application only."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie

from chalicelib.web.visit import Visit

_VALUE_MAX = 200


def read_cookie(visit: Visit, name: str) -> str:
    """Its value, or nothing: for one that is not there, is too long, or cannot be read."""
    try:
        morsel = SimpleCookie(visit.header("cookie")).get(name)
    except CookieError:  # somebody else's cookie is malformed: as good as none
        return ""
    return morsel.value if morsel and len(morsel.value) <= _VALUE_MAX else ""


def make_cookie(visit: Visit, name: str, value: str, *, max_age_s: int) -> str:
    """The header's value. `max_age_s=0` makes the browser forget it."""
    secure = "; Secure" if visit.settings.secure_cookies else ""
    return f"{name}={value}; Path={visit.urls.cookie_path}; Max-Age={max_age_s}; HttpOnly; SameSite=Lax{secure}"
