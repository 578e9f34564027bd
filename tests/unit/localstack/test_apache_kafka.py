"""What is decided about Apache Kafka before any Java runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from localstack.apache_kafka import make_cluster_id, make_properties, wants_apache_kafka
from localstack.apache_kafka_jars import (
    PINS,
    ApacheKafkaError,
    check_jars,
    describe_progress,
    find_java,
    hash_file,
    provide_jars,
    read_java_version,
    read_pins,
)
from localstack.failures import describe_failure


def test_every_listener_is_on_loopback_and_the_voter_follows_the_port() -> None:
    lines = dict(line.split("=", 1) for line in make_properties(Path("/data"), port=9092, controller_port=9093).splitlines())
    assert re.findall(r"//([^:]+):(\d+)", lines["listeners"]) == [("127.0.0.1", "9092"), ("127.0.0.1", "9093")]
    assert lines["advertised.listeners"] == "PLAINTEXT://127.0.0.1:9092"
    assert lines["controller.quorum.voters"] == "1@127.0.0.1:9093"


def test_a_cluster_id_is_of_the_form_that_kafka_writes() -> None:
    for _ in range(200):
        assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{21}", make_cluster_id())


@pytest.mark.parametrize(
    ("text", "version"),
    [('openjdk version "17.0.15" 2025-04-15', 17), ('java version "1.8.0_412"', 8), ('openjdk version "25" 2025-09-16', 25), ("", None)],
)
def test_the_version_of_java_is_read(text: str, version: int | None) -> None:
    assert read_java_version(text) == version


def test_without_java_one_line_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ApacheKafkaError) as caught:
        find_java()
    told = describe_failure(caught.value)
    assert "\n" not in told
    assert "apt-get install default-jdk-headless" in told


def test_an_old_java_is_refused_with_its_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(ApacheKafkaError, match="is Java 11"):
        find_java()


def test_without_maven_one_line_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ApacheKafkaError, match=r"Install Maven .*apt-get install maven"):
        provide_jars(tmp_path, lambda _: None)


def test_jars_other_than_the_pinned_ones_are_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "good.jar").write_bytes(b"good")
    (tmp_path / "changed.jar").write_bytes(b"changed")
    (tmp_path / "added.jar").write_bytes(b"added")
    pins = {"good.jar": hash_file(tmp_path / "good.jar"), "changed.jar": "0" * 64, "missing.jar": "0" * 64}
    with pytest.raises(ApacheKafkaError, match=r"used: added\.jar, changed\.jar, missing\.jar$"):
        check_jars(tmp_path, pins)


def test_the_pom_and_the_pins_name_the_same_kafka() -> None:
    version = re.search(r"<artifactId>kafka_2\.13</artifactId>\s*<version>([^<]+)<", (PINS / "pom.xml").read_text("utf-8"))
    assert version is not None
    assert {f"kafka_2.13-{version[1]}.jar", f"kafka-clients-{version[1]}.jar"} <= read_pins().keys()


def test_progress_names_the_file_and_not_its_address() -> None:
    line = "[INFO] Downloading from central: https://repo.example/org/apache/kafka/kafka-clients/4.1.1/kafka-clients-4.1.1.jar (10 MB)"
    assert describe_progress(line) == "kafka-clients-4.1.1.jar"


def test_an_unknown_broker_is_refused_and_a_broker_of_ones_own_goes_first() -> None:
    assert wants_apache_kafka({"KAFKA": "apache"})
    assert not wants_apache_kafka({})
    assert not wants_apache_kafka({"KAFKA": "apache", "KAFKA_BOOTSTRAP_SERVERS": "broker:9092"})
    with pytest.raises(ApacheKafkaError, match="KAFKA=redpanda"):
        wants_apache_kafka({"KAFKA": "redpanda"})
