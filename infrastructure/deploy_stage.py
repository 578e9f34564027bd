"""`make deploy STAGE=…`: packages, stack, `.chalice/config.json`, `chalice deploy`, smoke test, in this order. Each step does nothing
where nothing changed; one that fails leaves the last version serving and says what failed.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from infrastructure.api_bytecode import provide_bytecode
from infrastructure.api_release import ApiStage, read_address, release_api
from infrastructure.deploy import deploy_stack, make_client, name_stack
from infrastructure.errors import DeployError, PackageError, TakeBackError
from infrastructure.package import Packages, build_packages
from infrastructure.sizes import check_api_size, measure_function
from infrastructure.smoke_test import run_smoke_test
from infrastructure.stage_config import describe_stage, write_stage
from infrastructure.stage_parameters import choose_parameters, read_previous
from infrastructure.target import ROOT, Destination, find_destination, provide_python
from infrastructure.upload import choose_names, prune_packages

Clients = Callable[[str], Any]
BUILD = ROOT / "build"
LISTENER_KEY = "smoke/listener.json"


@dataclass(frozen=True, slots=True)
class Deployment:
    stage: str
    project: Path  # where app.py and .chalice/ are
    home: Path  # where packages and environments are kept
    destination: Destination
    environ: Mapping[str, str]
    clients: Clients
    report: Callable[[str], None]

    def run(self, *, smoke: bool = True) -> str:
        """The address."""
        parameters = self.settle_parameters()
        target = self.destination.target
        python = provide_python(target, home=self.home, report=self.report)
        packages = build_packages(target, python=python, out=BUILD, report=self.report)
        outputs = self.bring_up_stack(packages, parameters)
        prepare_database(outputs["RelayPlaysFunctionName"], self.clients("lambda"), self.report)
        described = describe_stage(self.stage, outputs, parameters)
        write_stage(self.project, self.stage, described)
        provide_bytecode(self.project, target=target, python=python, out=BUILD, report=self.report)
        api = ApiStage(self.stage, self.project, python, parameters["ArtefactsBucket"], self.clients)
        release_api(api, described, lambda: self.try_out(api, parameters) if smoke else None, self.report)
        check_api_size(measure_function(self.clients("lambda"), api.function_name), packages.layers, self.report)
        return read_address(api, endpoint_url=self.destination.endpoint_url)

    def settle_parameters(self) -> dict[str, str]:
        previous = read_previous(self.clients("cloudformation"), name_stack(self.stage))
        chosen = choose_parameters(self.environ, self.destination, previous=previous)
        return choose_names(self.stage, chosen, sts=self.clients("sts"))

    def bring_up_stack(self, packages: Packages, parameters: Mapping[str, str]) -> dict[str, str]:
        outputs = deploy_stack(stage=self.stage, packages=packages, parameters=parameters, report=self.report, clients=self.clients)
        prune_packages(packages, bucket=parameters["ArtefactsBucket"], s3=self.clients("s3"), report=self.report)
        return outputs

    def try_out(self, api: ApiStage, parameters: Mapping[str, str]) -> None:
        listener = self.provide_listener(parameters["ArtefactsBucket"])
        # On an emulator somebody else has to poll Kafka, if there is one.
        has_consumer = parameters["EnableKafkaMapping"] == "true" or bool(self.environ.get("EXPECT_RECOMMENDATIONS"))
        with tempfile.TemporaryDirectory(prefix="timbre-smoke-") as songs:
            run_smoke_test(
                read_address(api, endpoint_url=self.destination.endpoint_url),
                name=listener["name"],
                password=listener["password"],
                songs=Path(songs),
                has_consumer=has_consumer,
                report=self.report,
            )

    def provide_listener(self, bucket: str) -> dict[str, str]:
        """One for each stage, whose password is kept where the packages are."""
        s3 = self.clients("s3")
        try:
            known: dict[str, str] = json.loads(s3.get_object(Bucket=bucket, Key=LISTENER_KEY)["Body"].read())
        except s3.exceptions.NoSuchKey:
            known = {"name": f"smoke-{secrets.token_hex(4)}", "password": secrets.token_urlsafe(24)}
            s3.put_object(Bucket=bucket, Key=LISTENER_KEY, Body=json.dumps(known).encode())
        return known


def prepare_database(function: str, client: Any, report: Callable[[str], None]) -> None:
    """MongoDB's indexes, by a function that reaches it where we may not. DeployError with the function's words where it does not."""
    answer = client.invoke(FunctionName=function, Payload=b"{}")
    if "FunctionError" in answer:
        said = answer["Payload"].read().decode("utf-8", "replace")
        raise DeployError(f"{function} could not prepare MongoDB: {said[:500]}")
    report("MongoDB answers and has its indexes")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stage", required=True)
    parser.add_argument("--project", type=Path, default=ROOT, help="where app.py and .chalice/ are")
    parser.add_argument("--no-smoke-test", action="store_true")
    given = parser.parse_args()
    try:
        destination = find_destination(os.environ)
        deployment = Deployment(given.stage, given.project, ROOT / ".timbre", destination, os.environ, cache(make_client), _say)
        _say(deployment.run(smoke=not given.no_smoke_test))
    except TakeBackError as exc:
        print(exc, file=sys.stderr)
        return 1
    except (DeployError, PackageError) as exc:
        print(f"{exc}\nWhat was deployed before goes on serving.", file=sys.stderr)
        return 1
    return 0


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
