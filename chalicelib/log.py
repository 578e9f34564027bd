"""The one logger: events with fields, as JSON lines on standard error (standard output belongs to the command line's answers).

`log.info("track_ingested", track_id=…, duration_ms=…)`: the event's name in snake_case, everything else as a field.
"""

from __future__ import annotations

import logging
import sys
from typing import TextIO

from aws_lambda_powertools import Logger


class _StandardErrorHandler(logging.StreamHandler[TextIO]):
    """Looks `sys.stderr` up at each event: tests and servers exchange it after this module was imported."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:
        return sys.stderr

    @stream.setter
    def stream(self, _value: TextIO) -> None:
        raise AttributeError("the stream is always sys.stderr")


log = Logger(service="timbre", logger_handler=_StandardErrorHandler())
