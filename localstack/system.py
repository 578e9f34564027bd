"""The parts of one machine and their order: servers first, then the stack, then what serves and polls; and what a part needs after it
was restarted. Knows no terminal and no demo.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chalicelib import bootstrap
from chalicelib.storage.mongo import ensure_indexes
from chalicelib.workflows.reconcile_library import reconcile_library
from infrastructure.deploy import deploy_stack, make_client
from infrastructure.errors import DeployError, PackageError
from infrastructure.package import Packages
from infrastructure.sizes import check_api_size
from localstack import mongod
from localstack.apache_kafka import describe_apache_kafka, wants_apache_kafka
from localstack.apache_kafka_jars import has_jars, provide_jars
from localstack.api_function import API_FUNCTION, ApiFunction, wants_api_function
from localstack.children import describe_broker, describe_front, describe_poller
from localstack.emulator import make_endpoint_url
from localstack.emulator_choice import Emulator
from localstack.fresh_data import choose_data_folder, forget_data
from localstack.ports import Ports
from localstack.processes import ChildSpec
from localstack.settings import STAGE, isolate_from_aws, make_application_settings, make_parameters, name_choices
from localstack.supervisor import Supervisor
from localstack.surroundings import Addresses, Surroundings

GIVEN_BY = {"mongod": "MONGODB_URI", "broker": "KAFKA_BOOTSTRAP_SERVERS"}  # part → what a person says to use their own instead
Note = Callable[[str], None]


class System:
    """`environ` is what the person gave; addresses of their own MongoDB or Kafka in it replace the parts that we would start."""

    def __init__(
        self,
        root: Path,
        home: Path,
        *,
        emulator: Emulator,
        ports: Ports,
        environ: Mapping[str, str],
        say: Note,
        stopping: threading.Event,
    ) -> None:
        self._root, self._home, self._ports = root, home, ports
        self._say = say
        self._emulator = emulator
        self.keeps_data = self._emulator.keeps_data
        self.data_home = choose_data_folder(home, keeps_data=self.keeps_data)
        self.endpoint_url = make_endpoint_url(ports.s3)
        self.url = self._emulator.make_url(ports.front)
        given = {part for part, name in GIVEN_BY.items() if environ.get(name)}
        self._has_own_mongod = "mongod" not in given | emulator.brings
        self._has_own_broker = "broker" not in given | emulator.brings
        self._runs_apache_kafka = wants_apache_kafka(environ) and self._has_own_broker
        self.mongodb_uri = environ.get("MONGODB_URI") or mongod.make_uri(ports.mongod)
        self.kafka = environ.get("KAFKA_BOOTSTRAP_SERVERS") or f"127.0.0.1:{ports.broker}"
        self._environment = isolate_from_aws(environ, endpoint_url=self.endpoint_url)
        here = Addresses(self.mongodb_uri, self.kafka, self.endpoint_url)
        self._around = Surroundings(root, home, ports, emulator.brings - given, here)
        self._parameters = make_parameters(environ, emulator.reach(self._around))
        self._packages: Packages | None = None
        self._api = ApiFunction(root) if wants_api_function(environ) else None  # None: the front runs the application itself
        self.on_package_note: Note = _ignore
        self.outputs: Mapping[str, str] = {}
        self.also_set: Mapping[str, str] = {}  # settings of the application, beyond those that the parts need; before `deploy`
        self.supervisor = Supervisor(home, on_restart=self._recover, say=say, stopping=stopping)

    def start_servers(self, note: Note) -> None:
        """MongoDB, Kafka and the emulator at once; returns when all answer and MongoDB accepts writes."""
        if not self.keeps_data:
            forget_data(self.data_home)
        self._emulator.prepare(self._around, note)
        specs = self._emulator.describe(self._around)
        if self._has_own_broker:
            specs.insert(0, self._describe_broker())
        if self._has_own_mongod:
            specs.insert(0, mongod.describe_mongod(self.data_home, port=self._ports.mongod))
        self.supervisor.start_together(specs)
        if self._has_own_mongod:
            mongod.become_primary(self._ports.mongod)
        for name in os.environ.keys() - self._environment.keys():
            del os.environ[name]
        os.environ.update(self._environment)

    def lacks_apache_kafka(self) -> bool:
        """Whether `fetch_apache_kafka` has something to fetch."""
        return self._runs_apache_kafka and not has_jars(self._root)

    def fetch_apache_kafka(self, note: Note) -> None:
        provide_jars(self._root, note)

    def _describe_broker(self) -> ChildSpec:
        if not self._runs_apache_kafka:
            return describe_broker(port=self._ports.broker)
        jars = provide_jars(self._root, _ignore)
        return describe_apache_kafka(jars, self.data_home, port=self._ports.broker, controller_port=self._ports.controller)

    def package(self) -> None:
        """The functions and layers, by the very Python that the emulator runs them with. May run beside `start_servers`."""
        report: Note = lambda line: self.on_package_note(line)  # noqa: E731, PLW0108  # whoever listens by then
        self._packages = self._emulator.package(self._root, report)
        if self._api is not None:
            check_api_size(self._api.package(self._emulator.find_python(self._root), report).unpacked_bytes, self._packages.layers, report)

    def deploy(self, note: Note) -> None:
        """The stack, then everything in MongoDB and the bucket brought into agreement."""
        if self._packages is None:
            raise DeployError("nothing has been packaged yet")
        self.outputs = deploy_stack(stage=STAGE, packages=self._packages, parameters=self._parameters, report=note)
        application = {**make_application_settings(self.outputs, mongodb_uri=self.mongodb_uri, kafka=self.kafka), **self.also_set}
        self._environment |= application
        os.environ.update(application)
        if self._api is not None:
            layer_arn, runtime = self.outputs["SearchLayerArn"], self._packages.runtime
            self._api.deploy(make_client("lambda"), runtime=runtime, layer_arn=layer_arn, environment=self._environment)
        bootstrap.reset()
        self._reconcile(note)
        self._emulator.deploy_api(self._root, self._home, endpoint_url=self.endpoint_url, application=application, outputs=self.outputs)

    def start_services(self) -> None:
        front = self._emulator.describe_front(self._environment, self._home, port=self._ports.front)
        if front is None:
            front = describe_front(self._environment, port=self._ports.front, invoke=API_FUNCTION if self._api is not None else "")
        poller = describe_poller(self._environment, mapping=self._describe_mapping())
        self.supervisor.start_together([front, poller])

    def stop(self) -> None:
        self.supervisor.stop_all()
        self._emulator.stop(self._around)

    def _describe_mapping(self) -> str:
        """As the stack says it, but for the brokers: the poller is on this machine, where the functions need not be."""
        return json.dumps({**json.loads(self.outputs["PlaysMapping"]), "bootstrap_servers": self.kafka})

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
            "plays_mapping": self._describe_mapping(),
            "plays_consumer_group": json.loads(self.outputs["PlaysMapping"])["consumer_group"],
            "children": self.supervisor.pids(),
            **name_choices(self._environment),
        }

    def _recover(self, name: str) -> None:
        """After a restart: mongod has to become primary again; the emulator forgot its stack, and messages of its queues."""
        if name == "mongod" and self._has_own_mongod:
            mongod.become_primary(self._ports.mongod)
        if name == "emulator":
            self._redeploy()
            if not self.keeps_data:
                self._say("What was in LocalStack is gone: the music has to be brought again")

    def _redeploy(self) -> None:
        try:
            self.deploy(_ignore)
        except PackageError:  # `make clean`, and an emulator that lost what was uploaded: at the next attempt
            self.package()
            raise

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
