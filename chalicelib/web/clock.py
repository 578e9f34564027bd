"""How far the browser's clock is from UTC: its script says so by a cookie, so that hours and days are the listener's own."""

from __future__ import annotations

from chalicelib.web.cookies import read_cookie
from chalicelib.web.visit import Visit

OFFSET_COOKIE = "timbre_utc_offset"  # history.js writes it
_FARTHEST_MIN = 14 * 60


def read_offset_min(visit: Visit) -> int:
    """0 where it was not said, or is no offset."""
    try:
        offset_min = int(read_cookie(visit, OFFSET_COOKIE))
    except ValueError:
        return 0
    return offset_min if abs(offset_min) <= _FARTHEST_MIN else 0
