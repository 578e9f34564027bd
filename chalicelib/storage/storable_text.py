"""Text that any store can hold, made of text that comes from anywhere."""

from __future__ import annotations

MAX_TEXT_CHARS = 1_000_000  # Kafka's and SQS's largest messages fit; a document of MongoDB holds 16 MB


def make_storable(text: str) -> str:
    """Half surrogate pairs written out, and cut: the place for garbage must take any."""
    return text.encode(errors="backslashreplace").decode()[:MAX_TEXT_CHARS]
