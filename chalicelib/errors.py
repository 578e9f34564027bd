"""Every error that Timbre raises on purpose. HTTP statuses are mapped in `web/errors.py`, receipts in `workflows/ingest_track.py`.

TimbreError
├── ConfigError                 a setting is missing or wrong: names all of them at once
├── InvalidInputError           what came in cannot be accepted
├── NotSignedInError            no session, or an expired one
├── NotAllowedError             signed in, but not permitted
├── NotFoundError               no such track, upload, user, build
├── ConflictError               it exists already, or has changed meanwhile
├── TooManyRequestsError        throttled: carries `retry_after_s`
├── AudioError                  the file cannot become a track; `code` is one of
│                               not_audio, empty, silent, truncated, too_long, corrupt
├── ArtefactError               an index artefact fails its checks, or a build its gate
├── LeaseHeldError              another builder is at work
└── StoreUnavailableError       MongoDB, S3, SQS or Kafka does not answer: try again later

Each carries a `code` (snake_case, stable, for programs) and a message (one sentence, for people).
"""

from __future__ import annotations


class TimbreError(Exception):
    """Root of the tree. `str(error)` is a sentence that may be shown to a person."""

    code = "internal_error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


class ConfigError(TimbreError):
    code = "config_error"


class InvalidInputError(TimbreError):
    code = "invalid_input"


class NotSignedInError(TimbreError):
    code = "not_signed_in"


class NotAllowedError(TimbreError):
    code = "not_allowed"


class NotFoundError(TimbreError):
    code = "not_found"


class ConflictError(TimbreError):
    code = "conflict"


class TooManyRequestsError(TimbreError):
    code = "too_many_requests"

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class AudioError(TimbreError):
    code = "corrupt"


class ArtefactError(TimbreError):
    code = "artefact_error"


class LeaseHeldError(TimbreError):
    code = "lease_held"


class StoreUnavailableError(TimbreError):
    code = "store_unavailable"

    def __init__(self, store: str) -> None:
        super().__init__(f"{store} does not answer at the moment; please try again in a few seconds.")
        self.store = store
