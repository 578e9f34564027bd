"""`API=lambda`: the packaged API as a function of the emulator, with the layer of the stack. As `chalice deploy` would, it speaks to Lambda
itself and not to CloudFormation: the stack of a stage holds everything but the API.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from chalicelib.config import Settings
from infrastructure.api_package import API_HANDLER, build_api_package
from infrastructure.errors import DeployError
from infrastructure.stage_config import ONE_THREAD
from infrastructure.zips import Archive
from localstack.settings import STAGE

API_FUNCTION = f"timbre-{STAGE}-api"
ROLE = f"arn:aws:iam::000000000000:role/{API_FUNCTION}"  # no emulator asks for more than its form
TIMEOUT_S = 29
MEMORY_MB = 1024
OWN_NAMES = ("Runtime", "Handler", "Role", "Timeout", "MemorySize")


def wants_api_function(environ: Mapping[str, str]) -> bool:
    wanted = environ.get("API", "")
    if wanted not in ("", "lambda"):
        raise DeployError(f"API={wanted} is not known: leave it out and the web server runs the application itself, or say API=lambda.")
    if wanted and environ.get("EMULATOR"):
        raise DeployError(f"EMULATOR={environ['EMULATOR']} runs the API as a Lambda function by itself: leave API={wanted} out.")
    return wanted == "lambda"


class ApiFunction:
    """First `package`, then `deploy` as often as the emulator needs it: what is there already stays."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._code: bytes | None = None  # not its path: another build may replace the file while we run

    def package(self, python: Path, report: Callable[[str], None]) -> Archive:
        archive = build_api_package(python=python, out=self._root / "build", report=report)
        self._code = archive.path.read_bytes()
        return archive

    def deploy(self, client: Any, *, runtime: str, layer_arn: str, environment: Mapping[str, str]) -> None:  # boto3's client has no type
        if self._code is None:
            raise DeployError("the API has not been packaged yet")
        settings = choose_settings(environment)
        wanted: dict[str, Any] = dict(zip(OWN_NAMES, (runtime, API_HANDLER, ROLE, TIMEOUT_S, MEMORY_MB), strict=True))
        wanted |= {"Layers": [layer_arn], "Environment": {"Variables": settings}}
        provide_function(client, API_FUNCTION, code=self._code, wanted=wanted)


def choose_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Of a process's environment what the application reads, since a function inherits nothing; and what every stage's API is told."""
    names = sorted(field.name.upper() for field in msgspec.structs.fields(Settings))
    return {name: environment[name] for name in names if environment.get(name)} | ONE_THREAD


def provide_function(client: Any, name: str, *, code: bytes, wanted: Mapping[str, Any]) -> None:
    """Makes it, or changes what differs; returns when it can be invoked."""
    try:
        present = client.get_function_configuration(FunctionName=name)
    except client.exceptions.ResourceNotFoundException:
        client.create_function(FunctionName=name, Code={"ZipFile": code}, **wanted)
    else:
        if present["CodeSha256"] != base64.b64encode(hashlib.sha256(code).digest()).decode():
            client.update_function_code(FunctionName=name, ZipFile=code)
            client.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
        if _differs(present, wanted):
            client.update_function_configuration(FunctionName=name, **wanted)
    client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
    client.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})


def _differs(present: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    same = all(present.get(name) == wanted[name] for name in OWN_NAMES)
    layers = [layer["Arn"] for layer in present.get("Layers") or []]
    variables = (present.get("Environment") or {}).get("Variables") or {}
    return not (same and layers == wanted["Layers"] and variables == wanted["Environment"]["Variables"])
