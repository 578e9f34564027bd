"""What was found around a song, kept for the next listener who played it: most songs that a list rests on were asked for before."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np

from chalicelib.index.scaler import Vectors
from chalicelib.index.scan import Ranked

KEPT = 12_000  # songs: about 20 MB


class Neighbourhoods:
    """Thread-safe; of one index. The songs that were not asked for longest go first."""

    def __init__(self, kept: int = KEPT) -> None:
        self._most = kept
        self._lock = threading.Lock()
        self._known: OrderedDict[bytes, Ranked] = OrderedDict()

    def find(self, vector: Vectors) -> Ranked | None:
        key = _name(vector)
        with self._lock:
            known = self._known.get(key)
            if known is not None:
                self._known.move_to_end(key)
        return known

    def list_unknown(self, vectors: Sequence[Vectors] | Vectors) -> list[Vectors]:
        """Each once."""
        asked = {_name(vector): vector for vector in vectors}
        return [vector for key, vector in asked.items() if key not in self._known]

    def keep(self, vector: Vectors, ranked: Ranked) -> None:
        rows, distances = ranked[0].copy(), ranked[1].copy()
        for each in (rows, distances):
            each.flags.writeable = False  # many share it
        with self._lock:
            self._known[_name(vector)] = (rows, distances)
            while len(self._known) > self._most:
                self._known.popitem(last=False)


def _name(vector: Vectors) -> bytes:
    return np.asarray(vector, dtype=np.float32).tobytes()
