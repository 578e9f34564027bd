"""The whole end-to-end suite once more, on machines that differ from the default in one part each; then a broker killed on each.

A variant is one line in VARIANTS: the environment that `make run` gets. What it needs (Java, Docker) is looked for first.
"""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from infrastructure.api_package import check_platform
from infrastructure.errors import PackageError
from localstack.apache_kafka_jars import ApacheKafkaError, find_java, has_jars
from tests.conftest import give_up
from tests.e2e.listener import Listener, wait_until
from tests.e2e.machine import ROOT, Machine
from tests.e2e.test_drop_play_recommend import *  # noqa: F403  # every test of it, whatever it holds

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


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
def running(machine_of_variant: Machine) -> dict[str, Any]:
    """In the place of the machine that has the default parts."""
    return machine_of_variant.start()


def test_a_play_takes_effect_after_the_broker_was_killed(
    machine_of_variant: Machine, running: dict[str, Any], dropped: dict[str, dict[str, Any]]
) -> None:
    """It is acknowledged while the broker is away, and heard of when it is back."""
    listener = Listener(running)
    killed = machine_of_variant.kill_part("broker")
    assert listener.play(next(iter(dropped.values()))["track_id"]).status_code == 202
    machine_of_variant.wait_for_part("broker", instead_of=killed)

    def look() -> bool:
        return bool(listener.get("/recommendations")["basis"] == "plays")

    wait_until(look, deadline_s=180, what="recommendations that rest on the play")
