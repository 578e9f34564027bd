"""What every Lambda function does around its work: its name, stage and request on each log line, its metrics written at the end.

Owns no event and no answer: a handler stays a function from one to the other.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from chalicelib import bootstrap
from chalicelib.config import Settings
from chalicelib.log import log_fields
from chalicelib.metrics import metrics

C = TypeVar("C")
Answer = dict[str, Any]  # AWS's JSON
Handle = Callable[[dict[str, Any], C], Answer]


def observed(handle: Handle[C]) -> Handle[C]:
    """The same handler. `function_request_id` is Lambda's own of this invocation, not the listener's (`request_id`)."""

    @wraps(handle)
    def invoke(event: dict[str, Any], context: C) -> Answer:
        settings = bootstrap.settings()
        if is_collecting(settings):
            metrics.enable(stage=settings.timbre_stage)
        function = settings.aws_lambda_function_name or str(getattr(context, "function_name", ""))
        try:
            with log_fields(
                stage=settings.timbre_stage, function=function, function_request_id=str(getattr(context, "aws_request_id", ""))
            ):
                return handle(event, context)
        finally:
            metrics.flush()

    return invoke


def is_collecting(settings: Settings) -> bool:
    """`auto`: where Lambda says that this is one of its functions."""
    return settings.emit_metrics == "on" or (settings.emit_metrics == "auto" and bool(settings.aws_lambda_function_name))
