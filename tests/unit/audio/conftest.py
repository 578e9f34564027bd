"""librosa's `audioread` imports modules that Python deprecates, which here would be an error: it is imported once, warnings aside."""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioread.rawread  # noqa: F401
