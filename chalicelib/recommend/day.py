"""What a day draws for a listener: the same all day, other things the next. No numpy: pages that only read do without. Pure."""

from __future__ import annotations

import hashlib
from datetime import date


def draw_day_point(*, user_id: str, day: date) -> float:
    """A point in [0, 1) for this listener and day: where random songs begin."""
    digest = hashlib.blake2b(f"{user_id}\n{day.isoformat()}".encode(), digest_size=6).digest()
    return int.from_bytes(digest) / 2**48
