"""Features of songs that lists told of lately, kept for the next list: a listener's next one holds most of these songs again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping

KEPT = 8_192  # songs: about 8 MB


class KeptFeatures:
    """Thread-safe. A song is called by its sound, so that its features never change; those that were not asked for longest go first."""

    def __init__(self, kept: int = KEPT) -> None:
        self._most = kept
        self._lock = threading.Lock()
        self._known: OrderedDict[str, bytes] = OrderedDict()

    def find(self, track_ids: Iterable[str]) -> dict[str, bytes]:
        with self._lock:
            found = {track_id: self._known[track_id] for track_id in track_ids if track_id in self._known}
            for track_id in found:
                self._known.move_to_end(track_id)
        return found

    def keep(self, features: Mapping[str, bytes]) -> None:
        with self._lock:
            self._known.update(features)
            while len(self._known) > self._most:
                self._known.popitem(last=False)
