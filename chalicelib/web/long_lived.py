"""What stays as long as the process does (modules, compiled templates, the index) is taken out of the garbage collector's sight: its walk
through a hundred thousand objects that none will ever let go of came in the midst of a request, and took as long as a page.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable


class LongLived:
    """Asked after each request. A first visit of its kind loads modules; with them everything is set aside that is there by then, what the
    request has left behind too: little, and no more often than there are kinds of requests."""

    def __init__(self, set_aside: Callable[[], None] = gc.freeze, count_modules: Callable[[], int] = lambda: len(sys.modules)) -> None:
        self._set_aside = set_aside
        self._count_modules = count_modules
        self._known = 0

    def spare(self) -> None:
        loaded = self._count_modules()
        if loaded != self._known:
            self._known = loaded
            self._set_aside()
