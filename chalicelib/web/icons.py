"""The line drawings of the site, as a filter of templates: `{{ "heart" | icon }}`. Words stand beside one, or in an aria-label.

A filter of a name that stands in the template is worked out when the template is compiled: a page of forty cards has two hundred icons.
"""

from __future__ import annotations

from functools import cache

from markupsafe import Markup

_DRAWINGS = {
    "home": '<path d="M4 10.5 12 4l8 6.5V20h-5.5v-5.5h-5V20H4z"/>',
    "library": '<circle cx="10.5" cy="10.5" r="6.5"/><path d="m15.5 15.5 5 5"/>',
    "map": (
        '<circle cx="6.5" cy="7" r="2"/><circle cx="17" cy="6" r="1.2"/><circle cx="12.5" cy="12.5" r="2.8"/>'
        '<circle cx="5.5" cy="17.5" r="1.2"/><circle cx="18.5" cy="17.5" r="2"/>'
    ),
    "upload": '<path d="M12 16V4m-5 5 5-5 5 5M4 15v5h16v-5"/>',
    "history": '<path d="M4 12a8 8 0 1 0 2.6-5.9L4 8.5M4 4v4.5h4.5M12 7.5V12l3 2"/>',
    "settings": (
        '<path d="M4 7h9m5 0h2M4 17h2m5 0h9"/><circle cx="15.5" cy="7" r="2.5"/><circle cx="8.5" cy="17" r="2.5"/>'
    ),
    "status": '<path d="M3 12h4l2.5-6 4.5 12 2.5-6H21"/>',
    "code": '<path d="m8.5 7-5 5 5 5m7-10 5 5-5 5"/>',
    "log-out": '<path d="M10 4H5v16h5m5-12 4 4-4 4m4-4H10"/>',
    "log-in": '<path d="M14 4h5v16h-5M9.5 8l4 4-4 4m4-4H4"/>',
    "heart": (
        '<path class="fills" d="M12 20s-8-4.8-8-10.6C4 6.7 6 5 8.2 5c1.7 0 3 .9 3.8 2.3C12.8 5.9 14.1 5 15.8 5 18 5 20 6.7 '
        '20 9.4 20 15.2 12 20 12 20z"/>'
    ),
    "dislike": '<circle cx="12" cy="12" r="8"/><path d="m6.5 6.5 11 11"/>',
    "later": '<path d="M12 20a8 8 0 1 0-8-8M12 7.5V12h4M4 16.5V20h3.5"/>',
    "more": '<path class="dots" d="M5.5 12h.01M12 12h.01M18.5 12h.01"/>',
    "play": '<path class="solid" d="M7 4.5v15l12.5-7.5z"/>',
    "pause": '<path class="solid" d="M6.5 4.5h4v15h-4zM13.5 4.5h4v15h-4z"/>',
    "queue": '<path d="M4 6h16M4 11h16M4 16h8m3 2.5h6m-3-3v6"/>',
    "add": '<path d="M12 5v14M5 12h14"/>',
    "close": '<path d="m6 6 12 12M18 6 6 18"/>',
    "check": '<path d="m5 12.5 4.5 4.5L19 7.5"/>',
    "edit": '<path d="M4 20h4L19.5 8.5l-4-4L4 16zM13 7l4 4"/>',
    "delete": '<path d="M4.5 7h15M9.5 7V4.5h5V7M6.5 7l1 13h9l1-13M10 11v5m4-5v5"/>',
    "undo": '<path d="M8 5 4 9l4 4M4 9h10a5.5 5.5 0 0 1 0 11H9"/>',
    "download": '<path d="M12 4v12m-5-5 5 5 5-5M4 20h16"/>',
    "left": '<path d="m14.5 5-7 7 7 7"/>',
    "right": '<path d="m9.5 5 7 7-7 7"/>',
    "down": '<path d="m5 9.5 7 7 7-7"/>',
    "sun": (
        '<circle cx="12" cy="12" r="4"/>'
        '<path d="M12 2.5v2m0 15v2M2.5 12h2m15 0h2M5.3 5.3l1.4 1.4m10.6 10.6 1.4 1.4m0-13.4-1.4 1.4M6.7 17.3l-1.4 1.4"/>'
    ),
    "moon": '<path d="M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z"/>',
    "system": '<rect x="3" y="4.5" width="18" height="12" rx="2"/><path d="M9 20h6m-3-3.5V20"/>',
    "music": '<circle cx="7" cy="17.5" r="2.5"/><circle cx="17" cy="15.5" r="2.5"/><path d="M9.5 17.5V6l10-2v11.5"/>',
    "explore": '<circle cx="12" cy="12" r="8.5"/><path d="m15.500 8.500-2 5-5 2 2-5z"/>',
    "radio": (
        '<path d="M5.600 18.400a9 9 0 0 1 0-12.800M8.500 15.500a5 5 0 0 1 0-7M18.400 5.600a9 9 0 0 1 0 12.800M15.500 '
        '8.500a5 5 0 0 1 0 7"/>'
        '<circle class="solid" cx="12" cy="12" r="1.6"/>'
    ),
    "mix": '<circle cx="9" cy="12" r="5.500"/><circle cx="15" cy="12" r="5.500"/>',
    "path": (
        '<circle cx="5.500" cy="18" r="2"/><circle cx="18.500" cy="6" r="2"/>'
        '<path d="M7.500 18h7a3 3 0 0 0 0-6h-5a3 3 0 0 1 0-6h7"/>'
    ),
    "remove": '<path d="M5 12h14"/>',
    "listen": (
        '<rect x="9" y="3.500" width="6" height="11" rx="3"/><path d="M5.500 11.500a6.500 6.500 0 0 0 13 0M12 18v3"/>'
    ),
    "alert": '<path d="M12 4 2.5 20h19zM12 10v4.5m0 2.7v.1"/>',
}  # fmt: skip


@cache
def draw_icon(name: str) -> Markup:
    """24 by 24, in the colour of the text around it, hidden from screen readers."""
    opening = f'<svg class="icon icon-{name}" aria-hidden="true" viewBox="0 0 24 24" width="24" height="24">'
    return Markup(f"{opening}{_DRAWINGS[name]}</svg>")  # noqa: S704  # ours, every word of it
