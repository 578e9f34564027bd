"""The one logger: events with fields, as JSON lines on standard error (standard output belongs to the command line's answers).

`log.info("track_ingested", track_id=…, duration_ms=…)`: the event's name in snake_case, everything else as a field. What is true of
all that happens inside a block (whose request it is, which receipt) stands on every line of it by `log_fields`. Powertools writes the
lines; it costs 0.1 s to import, which an answer that logs nothing does not pay.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

SERVICE = "timbre"
_LOGGER_NAME = "timbre-events"  # Chalice names its own logger as the app, and silences it below ERROR
_CALLER = 4  # frames from Powertools' logger up to whoever called `log.info`
_NOTHING: Mapping[str, object] = MappingProxyType({})
_making = threading.Lock()  # a second thread would get Powertools' one logger of this name before it is ready, and fail
_fields: ContextVar[Mapping[str, object]] = ContextVar("log_fields", default=_NOTHING)


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


def _logger() -> Logger:
    with _making:
        return _make_logger()


@cache
def _make_logger() -> Logger:
    from aws_lambda_powertools import Logger

    # The level is said: else Powertools takes any LOG_LEVEL for it, such as the one that quietens an emulator.
    logger = Logger(service=_LOGGER_NAME, level=logging.INFO, logger_handler=_StandardErrorHandler())
    logger.append_keys(service=SERVICE)
    return logger


@contextmanager
def log_fields(**fields: object) -> Iterator[None]:
    """Every event inside the block carries these fields; of a thread or a task, not of the process. An event's own field wins."""
    token = _fields.set({**_fields.get(), **fields})
    try:
        yield
    finally:
        _fields.reset(token)


class EventLog:
    """What the modules see of the logger. `Any`: a field is whatever JSON, or else `str`, can show."""

    def __init__(self) -> None:
        self._is_quiet = False

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Warnings and errors only, process-wide: for a command whose person reads sentences."""
        before, self._is_quiet = self._is_quiet, True
        try:
            yield
        finally:
            self._is_quiet = before

    def info(self, event: str, **fields: Any) -> None:
        if self._is_quiet:
            return
        self._write(_logger().info, event, fields)

    def warning(self, event: str, **fields: Any) -> None:
        self._write(_logger().warning, event, fields)

    def error(self, event: str, **fields: Any) -> None:
        self._write(_logger().error, event, fields)

    def exception(self, event: str, **fields: Any) -> None:
        """With the trace of the exception that is being handled."""
        self._write(_logger().error, event, {"exc_info": True, **fields})

    def _write(self, write: Callable[..., None], event: str, fields: dict[str, Any]) -> None:
        exc_info = fields.pop("exc_info", None)
        write(event, exc_info=exc_info, stacklevel=_CALLER, extra={**_fields.get(), **fields})


log = EventLog()
