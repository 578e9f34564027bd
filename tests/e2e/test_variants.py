"""The way of a song, from the drop to a recommendation, on machines that differ from the default in one part each.

A variant is one line in VARIANTS: the environment that `make run` gets. What it needs (Java, Docker) is looked for first.
"""

from __future__ import annotations

import platform
import shutil
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from infrastructure.api_package import check_platform
from infrastructure.errors import PackageError
from localstack.apache_kafka_jars import ApacheKafkaError, find_java, has_jars
from tests.conftest import give_up
from tests.e2e.listener import Dropper, Listener, wait_until
from tests.e2e.machine import ROOT, Machine

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

PIECES = 6


def look_for_kafka() -> str | None:
    """What is missing, in one sentence; None where nothing is."""
    try:
        find_java()
    except ApacheKafkaError as exc:
        return str(exc)
    return None if has_jars(ROOT) or shutil.which("mvn") else "Apache Kafka is fetched by Maven, and there is none."


def look_for_lambda_platform() -> str | None:
    try:
        check_platform(platform.python_version().rpartition(".")[0])
    except PackageError as exc:
        return str(exc)
    return None


@dataclass(frozen=True, slots=True)
class Variant:
    name: str
    environment: dict[str, str]
    find_lack: Callable[[], str | None] = field(default=lambda: None)


VARIANTS = [
    Variant("apache-kafka", {"KAFKA": "apache"}, look_for_kafka),
    Variant("api-lambda", {"API": "lambda"}, look_for_lambda_platform),
]


@pytest.fixture(scope="module", params=VARIANTS, ids=lambda variant: variant.name)
def machine_of_variant(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    variant: Variant = request.param
    lack = variant.find_lack()
    if lack is not None:
        give_up(lack)
    machine = Machine(tmp_path_factory.mktemp(variant.name) / "home", **variant.environment)
    yield machine
    machine.stop()


@pytest.fixture(scope="module")
def variant_running(machine_of_variant: Machine) -> dict[str, Any]:
    return machine_of_variant.start()


@pytest.fixture(scope="module")
def dropped(variant_running: dict[str, Any], pieces: list[Path]) -> dict[str, dict[str, Any]]:
    """key → its finished receipt."""
    dropper, listener = Dropper(variant_running), Listener(variant_running)
    keys = [dropper.drop(path, f"uploads/{uuid.uuid4().hex[:6]}/with space+plus é {path.name}") for path in pieces[:PIECES]]
    return {key: listener.wait_for_receipt(key, deadline_s=180) for key in keys}


def test_every_dropped_song_gets_a_receipt_that_says_indexed(dropped: dict[str, dict[str, Any]]) -> None:
    assert {key: receipt["status"] for key, receipt in dropped.items()} == dict.fromkeys(dropped, "indexed")


def test_a_play_changes_what_is_recommended(variant_running: dict[str, Any], dropped: dict[str, dict[str, Any]]) -> None:
    listener = Listener(variant_running)
    assert listener.get("/recommendations")["basis"] == "random"
    played = next(iter(dropped.values()))["track_id"]
    assert listener.play(played).status_code == 202
    answer = wait_for_recommendations(listener, deadline_s=60)
    assert played not in {item["track_id"] for item in answer["items"]}
    assert all(item["reasons"] for item in answer["items"])


def test_a_play_takes_effect_after_the_broker_was_killed(
    machine_of_variant: Machine, variant_running: dict[str, Any], dropped: dict[str, dict[str, Any]]
) -> None:
    """It is acknowledged while the broker is away, and heard of when it is back."""
    listener = Listener(variant_running)
    killed = machine_of_variant.kill_part("broker")
    assert listener.play(next(iter(dropped.values()))["track_id"]).status_code == 202
    machine_of_variant.wait_for_part("broker", instead_of=killed)
    assert wait_for_recommendations(listener, deadline_s=180)["items"]


def wait_for_recommendations(listener: Listener, *, deadline_s: float) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        answer: dict[str, Any] = listener.get("/recommendations")
        return answer if answer["basis"] == "plays" else None

    return wait_until(look, deadline_s=deadline_s, what="recommendations that rest on a play")
