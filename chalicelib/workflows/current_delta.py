"""The tracks that changed since a build, as this process knows them: read once, then only what is newer, so that a play rescans nothing."""

from __future__ import annotations

import threading
import time

from chalicelib.index.catalogue import Catalogue
from chalicelib.index.search import LoadedIndex
from chalicelib.log import log
from chalicelib.model import TrackVector
from chalicelib.workflows import ports

DELTA_LIMIT = 20_000  # tracks: an exact scan of 10,000 costs 0.4 ms, and a build is due long before


class CurrentDelta:
    """Thread-safe. Asks the store at most every `refresh_s`, and at once for another index."""

    def __init__(self, *, refresh_s: float) -> None:
        self._refresh_s = refresh_s
        self._lock = threading.Lock()
        self._changed: dict[str, TrackVector] = {}
        self._read_from = 0  # changes after this seq are in `_changed` ...
        self._read_to = 0  # ... up to this one
        self._catalogue: Catalogue | None = None
        self._next_look = float("-inf")

    def complete(self, index: LoadedIndex, tracks: ports.TrackStore, now_monotonic: float | None = None) -> Catalogue:
        """The index with its delta."""
        now = time.monotonic() if now_monotonic is None else now_monotonic
        with self._lock:
            known = self._catalogue
            if known is not None and known.index is index and now < self._next_look:
                return known
            is_changed = self._read_changes(index.manifest.max_seq, tracks)
            if known is None or known.index is not index or is_changed:
                known = Catalogue(index, self._changed)
            self._catalogue, self._next_look = known, now + self._refresh_s
            return known

    def _read_changes(self, built_up_to: int, tracks: ports.TrackStore) -> bool:
        """Brings `_changed` up to date for a build that holds all changes up to this seq. Whether anything is new."""
        if built_up_to < self._read_from or built_up_to > self._read_to:  # an older build than before, or one beyond what was read
            self._changed, self._read_to = {}, built_up_to
        self._changed = {track_id: each for track_id, each in self._changed.items() if each.seq > built_up_to}
        self._read_from = built_up_to
        room = DELTA_LIMIT - len(self._changed)
        if room <= 0:
            log.warning("delta_full", limit=DELTA_LIMIT, built_up_to=built_up_to)  # the rest is searchable with the next build
            return False
        news = tracks.changed_since(self._read_to, limit=room)
        for each in news:
            self._changed[each.track_id] = each
            self._read_to = max(self._read_to, each.seq)
        return bool(news)
