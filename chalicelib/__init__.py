"""Timbre: a serverless music recommender. `infrastructure/decisions.md` tells why it is built as it is."""

__version__ = "0.1.0"
