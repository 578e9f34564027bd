"""Which receipt an object in the music bucket belongs to: pure, so that handlers, the command line and tests agree without a store."""

from __future__ import annotations

import hashlib
import re

UPLOADS_PREFIX = "uploads/"

_OWN_UPLOAD_KEY = re.compile(r"uploads/([0-9a-f]{24})/.+", re.DOTALL)


def derive_upload_id(key: str, sequencer: str) -> str:
    """The id in `uploads/<24 hex>/<name>`; for any other drop the first 24 hex digits of SHA-256(key, sequencer)."""
    own = _OWN_UPLOAD_KEY.fullmatch(key)
    if own is not None:
        return own.group(1)
    return hashlib.sha256(f"{key}\n{sequencer}".encode()).hexdigest()[:24]


def is_upload_key(key: str) -> bool:
    """Whether the object can be a dropped file: below `uploads/`, and not one of the empty "folders" that S3 consoles create."""
    return key.startswith(UPLOADS_PREFIX) and not key.endswith("/")
