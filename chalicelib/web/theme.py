"""Light or dark: as the browser's system says, unless its listener chose here. The choice belongs to the browser, not to the account."""

from __future__ import annotations

from typing import Literal

from chalicelib.web.cookies import make_cookie, read_cookie
from chalicelib.web.visit import Visit

Theme = Literal["", "light", "dark"]  # nothing: as the system says
THEME_COOKIE = "timbre_theme"
_KEPT_S = 365 * 24 * 3600


def read_theme(visit: Visit) -> Theme:
    match read_cookie(visit, THEME_COOKIE):
        case "light":
            return "light"
        case "dark":
            return "dark"
        case _:
            return ""


def theme_cookie(visit: Visit, theme: Theme) -> str:
    return make_cookie(visit, THEME_COOKIE, theme, max_age_s=_KEPT_S if theme else 0)
