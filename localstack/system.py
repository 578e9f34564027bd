"""The parts of one machine and their order: servers first, then the stack, then what serves and polls; and what a part needs after it
was restarted. Knows no terminal and no demo.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import bootstrap
from chalicelib.errors import TimbreError
from chalicelib.storage.mongo import ensure_indexes
from chalicelib.workflows.reconcile_library import reconcile_library
from infrastructure.deploy import deploy_stack
from infrastructure.errors import DeployError
from infrastructure.package import Packages, build_packages
from localstack import emulator, mongod
from localstack.children import describe_broker, describe_front, describe_poller
from localstack.ports import Ports
from localstack.settings import STAGE, isolate_from_aws, make_application_settings, make_parameters
from localstack.supervisor import Supervisor

RECOVERY_ATTEMPTS = 3
RECOVERY_PAUSE_S = 1.0
Note = Callable[[str], None]


class System:
    """`environ` is what the person gave; addresses of their own MongoDB or Kafka in it replace the parts that we would start."""

    def __init__(self, root: Path, home: Path, *, ports: Ports, environ: Mapping[str, str], say: Note, stopping: threading.Event) -> None:
        self._root, self._home, self._ports = root, home, ports
        self._stopping = stopping
        self.endpoint_url = emulator.make_endpoint_url(ports.s3)
        self.url = f"http://127.0.0.1:{ports.front}"
        self._has_own_mongod = not environ.get("MONGODB_URI")
        self._has_own_broker = not environ.get("KAFKA_BOOTSTRAP_SERVERS")
        self.mongodb_uri = environ.get("MONGODB_URI") or mongod.make_uri(ports.mongod)
        self.kafka = environ.get("KAFKA_BOOTSTRAP_SERVERS") or f"127.0.0.1:{ports.broker}"
        self._environment = isolate_from_aws(environ, endpoint_url=self.endpoint_url)
        self._parameters = make_parameters(environ, mongodb_uri=self.mongodb_uri, kafka=self.kafka, endpoint_url=self.endpoint_url)
        self._packages: Packages | None = None
        self.on_package_note: Note = _ignore
        self.outputs: Mapping[str, str] = {}
        self.supervisor = Supervisor(home, on_restart=self._recover, say=say, stopping=stopping)

    def start_servers(self) -> None:
        """MongoDB, Kafka and the emulator at once; returns when all answer and MongoDB accepts writes."""
        specs = [emulator.describe_emulator(self._root, self._home, port=self._ports.s3)]
        if self._has_own_broker:
            specs.insert(0, describe_broker(port=self._ports.broker))
        if self._has_own_mongod:
            specs.insert(0, mongod.describe_mongod(self._home, port=self._ports.mongod))
        self.supervisor.start_together(specs)
        if self._has_own_mongod:
            mongod.become_primary(self._ports.mongod)
        for name in os.environ.keys() - self._environment.keys():
            del os.environ[name]
        os.environ.update(self._environment)

    def package(self) -> None:
        """The functions and layers, by the very Python that the emulator runs them with. May run beside `start_servers`."""
        python = emulator.find_emulator_python(self._root)
        report: Note = lambda line: self.on_package_note(line)  # noqa: E731, PLW0108  # whoever listens by then
        self._packages = build_packages("local", python=python, out=self._root / "build", report=report)

    def deploy(self, note: Note) -> None:
        """The stack, then everything in MongoDB and the bucket brought into agreement."""
        if self._packages is None:
            raise DeployError("nothing has been packaged yet")
        self.outputs = deploy_stack(stage=STAGE, packages=self._packages, parameters=self._parameters, report=note)
        application = make_application_settings(self.outputs, mongodb_uri=self.mongodb_uri, kafka=self.kafka)
        self._environment |= application
        os.environ.update(application)
        bootstrap.reset()
        self._reconcile(note)

    def start_services(self) -> None:
        front = describe_front(self._environment, port=self._ports.front)
        poller = describe_poller(self._environment, mapping=self.outputs["PlaysMapping"])
        self.supervisor.start_together([front, poller])

    def describe(self) -> dict[str, Any]:
        """What the run file says; the keys are those of DESIGN 7 and of `chalicelib.config.RUN_FILE_SETTINGS`."""
        return {
            "url": self.url,
            "aws_endpoint_url": self.endpoint_url,
            "music_bucket": self.outputs["MusicBucket"],
            "index_bucket": self.outputs["IndexBucket"],
            "mongodb_uri": self.mongodb_uri,
            "kafka_bootstrap_servers": self.kafka,
            "build_queue_url": self.outputs["BuildsQueueUrl"],
            "uploads_queue_url": self.outputs["UploadsQueueUrl"],
            "plays_mapping": self.outputs["PlaysMapping"],
            "children": self.supervisor.pids(),
        }

    def _recover(self, name: str) -> None:
        """After a restart: mongod has to become primary again; the emulator forgot its stack, and messages of its queues."""
        if name == "mongod":
            mongod.become_primary(self._ports.mongod)
        if name == "emulator":
            self._redeploy()

    def _redeploy(self) -> None:
        for attempt in range(1, RECOVERY_ATTEMPTS + 1):
            try:
                self.deploy(_ignore)
            except (DeployError, TimbreError, BotoCoreError, ClientError):
                if attempt == RECOVERY_ATTEMPTS or self._stopping.is_set():
                    raise
                time.sleep(RECOVERY_PAUSE_S)
            else:
                return

    def _reconcile(self, note: Note) -> None:
        """Idempotent: indexes that are there stay, work that is done is not asked for."""
        ensure_indexes(bootstrap.database())
        result = reconcile_library(
            music_bucket=bootstrap.music_bucket(),
            tracks=bootstrap.tracks(),
            uploads=bootstrap.uploads(),
            upload_queue=bootstrap.upload_queue(),
            build_queue=bootstrap.build_queue(),
            now=datetime.now(UTC),
        )
        note(f"{result.objects} files, {result.queued} to be looked at again" if result.queued or result.detached else "")


def _ignore(_: str) -> None:
    """Nobody is watching these details."""
