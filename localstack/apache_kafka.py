"""Real Apache Kafka as a process (KAFKA=apache): one KRaft node that is broker and controller at once, on loopback, its data kept on disk
across restarts and kill -9. Leaves to `apache_kafka_jars` where Kafka and Java come from, and to the supervisor the process's life.
"""

from __future__ import annotations

import base64
import functools
import os
import subprocess
import uuid
from collections.abc import Mapping
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from localstack.apache_kafka_jars import ApacheKafkaError, find_java
from localstack.children import HOST, accepts_connections
from localstack.processes import ChildSpec

TOPIC = "plays"
PARTITIONS = 4  # as many as librdkafka's broker gives a topic
NODE_ID = 1
ANSWER_TIMEOUT_S = 5.0
JVM = ("-Xms64m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:+ExitOnOutOfMemoryError")
LOGGING = (
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss",
)
PASSED_ON = ("PATH", "HOME", "LANG", "TMPDIR", "JAVA_HOME")


def wants_apache_kafka(environ: Mapping[str, str]) -> bool:
    """What KAFKA says; a broker of one's own (KAFKA_BOOTSTRAP_SERVERS) goes before it."""
    wished = environ.get("KAFKA", "")
    if wished not in ("", "librdkafka", "apache"):
        raise ApacheKafkaError(f"KAFKA={wished} is not known: KAFKA=apache, or nothing for librdkafka's broker in memory")
    return wished == "apache" and not environ.get("KAFKA_BOOTSTRAP_SERVERS")


def describe_apache_kafka(jars: Path, home: Path, *, port: int, controller_port: int) -> ChildSpec:
    """Writes the properties for these ports and formats the storage, where that has not been done; then the child."""
    java = find_java()
    settings = home / "kafka-data" / "server.properties"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(make_properties(settings.parent / "log", port=port, controller_port=controller_port), "utf-8")
    format_storage(java, jars, settings)
    return ChildSpec(
        name="broker",
        title="Apache Kafka",
        command=(java, *JVM, *LOGGING, "-cp", f"{jars}/*", "kafka.Kafka", str(settings)),
        environment={name: value for name, value in os.environ.items() if name in PASSED_ON},
        is_ready=functools.partial(answers_with_topic, port),
        ready_timeout_s=90.0,
        stop_timeout_s=30.0,
    )


def make_properties(data: Path, *, port: int, controller_port: int) -> str:
    """The voters stand here and not in the storage (`--standalone` would put them there): a port may change from run to run."""
    properties = {
        "process.roles": "broker,controller",
        "node.id": NODE_ID,
        "controller.quorum.voters": f"{NODE_ID}@{HOST}:{controller_port}",
        "listeners": f"PLAINTEXT://{HOST}:{port},CONTROLLER://{HOST}:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{port}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "log.dirs": str(data).replace("\\", "/"),
        "num.partitions": PARTITIONS,
        "default.replication.factor": 1,
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": PARTITIONS,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "transaction.state.log.num.partitions": 1,
        "group.initial.rebalance.delay.ms": 0,
        "log.cleaner.dedupe.buffer.size": 4_194_304,  # 128 MB of a heap of 256 otherwise
        "log.segment.bytes": 67_108_864,
        "metadata.log.segment.bytes": 16_777_216,
    }
    return "".join(f"{name}={value}\n" for name, value in properties.items())


def format_storage(java: str, jars: Path, settings: Path) -> None:
    """Once: what is formatted already stays as it is, messages, offsets and all."""
    if (settings.parent / "log" / "meta.properties").is_file():
        return
    command = [java, "-cp", f"{jars}/*", "kafka.tools.StorageTool", "format", "--ignore-formatted"]
    command += ["-t", make_cluster_id(), "-c", str(settings)]
    formatted = subprocess.run(command, check=False, capture_output=True, text=True)
    if formatted.returncode != 0:
        raise ApacheKafkaError(f"Kafka could not format its storage: {(formatted.stderr or formatted.stdout).strip()[-600:]}")


def make_cluster_id() -> str:
    """What `StorageTool random-uuid` prints, without starting a Java for it: Kafka writes ids in base64 for addresses, unpadded."""
    while True:
        made = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode("ascii").rstrip("=")
        if not made.startswith("-"):  # it would read as an option
            return made


def answers_with_topic(port: int) -> bool:
    """Whether plays can be written and read: every partition of the topic has a leader. Makes the topic where there is none."""
    if not accepts_connections(port):
        return False
    admin = AdminClient({"bootstrap.servers": f"{HOST}:{port}", "log_level": 0, "socket.timeout.ms": int(ANSWER_TIMEOUT_S * 1000)})
    try:
        topic = admin.list_topics(timeout=ANSWER_TIMEOUT_S).topics.get(TOPIC)
        if topic is None:
            admin.create_topics([NewTopic(TOPIC, PARTITIONS, 1)], request_timeout=ANSWER_TIMEOUT_S)[TOPIC].result(ANSWER_TIMEOUT_S)
            return False
    except (KafkaException, TimeoutError):
        return False
    return topic.error is None and all(partition.leader == NODE_ID for partition in topic.partitions.values())
