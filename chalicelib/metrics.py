"""What is counted and measured, as CloudWatch's embedded metrics (EMF): lines on standard output, where Lambda collects them.

Off until `enable` is called, so that the command line's answers and the server on one machine stay clean. Namespace `Timbre`,
dimensions `service` and `stage`, and for some a second time with one more (`code`, `source`). Names are singular facts in the plural:

TracksAnalysed · TracksFailed (by code) · AnalysisSeconds · IndexBuilds (by outcome) · IndexBuildSeconds · IndexTracks · IndexRecall ·
PlaysProcessed · PlayToRecommendationSeconds · PlaysRelayed · DeadLetters (by source)
"""

from __future__ import annotations

import sys
import threading
from collections import defaultdict
from collections.abc import Callable
from typing import Literal

import msgspec

from chalicelib.log import SERVICE

NAMESPACE = "Timbre"
Unit = Literal["Count", "Seconds", "None"]
_Dimensions = tuple[tuple[str, str], ...]
_VALUES_MAX = 99  # in one line: at CloudWatch's 100 of a metric Powertools would print by itself


def _write_line(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


class Metrics:
    """Thread-safe. Values wait until `flush`, which a handler calls once at its end."""

    def __init__(self, write_line: Callable[[str], None] = _write_line) -> None:
        self._write_line = write_line
        self._lock = threading.Lock()
        self._stage: str | None = None
        self._waiting: dict[_Dimensions, list[tuple[str, Unit, float]]] = defaultdict(list)

    def enable(self, *, stage: str) -> None:
        self._stage = stage

    def disable(self) -> None:
        self._stage = None
        self._waiting.clear()

    def count(self, name: str, value: float = 1, **dimensions: str) -> None:
        self._add(name, "Count", value, dimensions)

    def measure_seconds(self, name: str, seconds: float) -> None:
        self._add(name, "Seconds", seconds, {})

    def gauge(self, name: str, value: float) -> None:
        self._add(name, "None", value, {})

    def flush(self) -> None:
        """Writes what has come together; nothing where nothing has."""
        with self._lock:
            waiting, self._waiting = self._waiting, defaultdict(list)
        for dimensions, values in waiting.items():
            for start in range(0, len(values), _VALUES_MAX):
                self._write_line(self._encode(dimensions, values[start : start + _VALUES_MAX]))

    def _add(self, name: str, unit: Unit, value: float, dimensions: dict[str, str]) -> None:
        if self._stage is None:
            return
        with self._lock:
            self._waiting[()].append((name, unit, value))
            if dimensions:
                self._waiting[tuple(sorted(dimensions.items()))].append((name, unit, value))

    def _encode(self, dimensions: _Dimensions, values: list[tuple[str, Unit, float]]) -> str:
        from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider

        line = AmazonCloudWatchEMFProvider(
            metric_set={}, dimension_set={}, metadata_set={}, default_dimensions={}, namespace=NAMESPACE, service=SERVICE
        )
        for name, text in (("stage", self._stage or "unknown"), *dimensions):
            line.add_dimension(name, text)
        for name, unit, value in values:
            line.add_metric(name, unit=unit, value=value)
        return msgspec.json.encode(line.serialize_metric_set()).decode()


metrics = Metrics()
