"""Log lines with the fields of where they were written, and EMF as CloudWatch reads it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib import bootstrap
from chalicelib.config import Settings
from chalicelib.invocation import is_collecting, observed
from chalicelib.log import log, log_fields
from chalicelib.metrics import Metrics, metrics

SETTINGS = Settings(mongodb_uri="unused", music_bucket="m", index_bucket="i", timbre_stage="dev")


class Context:
    aws_request_id = "invocation-1"
    function_name = "timbre-dev-recommend"


def read_lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def test_a_line_has_its_event_service_place_and_fields(capsys: pytest.CaptureFixture[str]) -> None:
    log.info("track_ingested", track_id="t1")
    [line] = read_lines(capsys.readouterr().err)
    assert (line["message"], line["service"], line["level"], line["track_id"]) == ("track_ingested", "timbre", "INFO", "t1")
    assert line["location"].startswith("test_a_line_has_its_event_service_place_and_fields:")


AT_ONCE = """
import threading
from chalicelib.log import log
start = threading.Barrier(8)
def tell(number):
    start.wait()
    log.info("first_words", number=number)
threads = [threading.Thread(target=tell, args=(number,)) for number in range(8)]
[each.start() for each in threads]
[each.join() for each in threads]
"""


def test_the_first_words_of_a_process_may_come_from_many_threads_at_once() -> None:
    told = subprocess.run([sys.executable, "-c", AT_ONCE], check=True, capture_output=True, text=True)
    assert sorted(line["number"] for line in read_lines(told.stderr)) == list(range(8)), told.stderr


def test_fields_of_a_block_are_on_all_its_lines_and_on_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    with log_fields(request_id="r1"), log_fields(upload_id="u1"):
        log.warning("inside")
        log.info("own", upload_id="u2")
    log.info("outside")
    inside, own, outside = read_lines(capsys.readouterr().err)
    assert (inside["request_id"], inside["upload_id"]) == ("r1", "u1")
    assert own["upload_id"] == "u2"
    assert not {"request_id", "upload_id"} & outside.keys()


def test_threads_do_not_see_each_others_fields(capsys: pytest.CaptureFixture[str]) -> None:
    def write(number: int) -> None:
        with log_fields(request_id=f"r{number}"):
            log.info("event", number=number)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(40)))
    lines = read_lines(capsys.readouterr().err)
    assert len(lines) == 40
    assert all(line["request_id"] == f"r{line['number']}" for line in lines)


def test_an_exception_is_logged_with_its_trace(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        int("why")
    except ValueError as exc:
        log.exception("failed")
        log.error("failed", exc_info=exc)
    assert all("ValueError: invalid literal" in line["exception"] for line in read_lines(capsys.readouterr().err))


def test_a_log_level_that_is_meant_for_another_silences_nothing() -> None:
    code = "from chalicelib.log import log; log.info('heard')"
    ran = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "LOG_LEVEL": "WARNING"}, capture_output=True, text=True, check=True
    )
    assert read_lines(ran.stderr)[0]["message"] == "heard"


def test_importing_the_log_does_not_import_powertools() -> None:
    code = "import sys, chalicelib.log, chalicelib.metrics; sys.exit('aws_lambda_powertools' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_metrics_are_emf_with_stage_and_service() -> None:
    lines: list[str] = []
    collected = Metrics(lines.append)
    collected.enable(stage="dev")
    collected.count("TracksFailed", code="silent")
    collected.count("TracksFailed", code="empty")
    collected.measure_seconds("AnalysisSeconds", 1.5)
    collected.flush()
    collected.flush()
    found = [json.loads(line) for line in lines]
    [every] = [each for each in found if "code" not in each]
    assert (every["stage"], every["service"], every["TracksFailed"], every["AnalysisSeconds"]) == ("dev", "timbre", [1.0, 1.0], [1.5])
    [directive] = every["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Timbre"
    assert sorted(directive["Dimensions"][0]) == ["service", "stage"]
    assert {"Name": "AnalysisSeconds", "Unit": "Seconds"} in directive["Metrics"]
    assert sorted(each["code"] for each in found if "code" in each) == ["empty", "silent"]


def test_more_values_than_one_line_may_hold_become_two_lines() -> None:
    lines: list[str] = []
    collected = Metrics(lines.append)
    collected.enable(stage="dev")
    for number in range(150):
        collected.measure_seconds("AnalysisSeconds", number)
    collected.flush()
    assert [len(json.loads(line)["AnalysisSeconds"]) for line in lines] == [99, 51]


def test_metrics_that_nobody_collects_are_not_kept() -> None:
    lines: list[str] = []
    collected = Metrics(lines.append)
    collected.count("PlaysProcessed")
    collected.enable(stage="dev")
    collected.flush()
    assert lines == []


@pytest.mark.parametrize(
    ("wanted", "function", "expected"), [("auto", "", False), ("auto", "timbre-x", True), ("on", "", True), ("off", "timbre-x", False)]
)
def test_metrics_are_written_where_lambda_collects_them_or_where_asked(wanted: Any, function: str, expected: bool) -> None:
    settings = Settings(mongodb_uri="u", music_bucket="m", index_bucket="i", emit_metrics=wanted, aws_lambda_function_name=function)
    assert is_collecting(settings) is expected


def test_an_observed_handler_names_itself_and_flushes_even_when_it_fails(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    named = Settings(mongodb_uri="u", music_bucket="m", index_bucket="i", timbre_stage="dev", aws_lambda_function_name="timbre-dev-x")
    monkeypatch.setattr(bootstrap, "settings", lambda: named)

    @observed
    def handle(_event: dict[str, Any], _context: Context) -> dict[str, Any]:
        log.info("working")
        metrics.count("PlaysProcessed", 2)
        raise ValueError("no")

    try:
        with pytest.raises(ValueError, match="no"):
            handle({}, Context())
    finally:
        metrics.disable()
    written = capsys.readouterr()
    [line] = read_lines(written.err)
    assert (line["stage"], line["function"], line["function_request_id"]) == ("dev", "timbre-dev-x", "invocation-1")
    [metric] = read_lines(written.out)
    assert metric["PlaysProcessed"] == [2.0]
