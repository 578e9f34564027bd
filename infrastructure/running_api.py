"""The API that serves at the moment, held in memory until the next version has proved itself: its code, its settings and the deployment
that its gateway stage points at. Put back, it answers as before.
"""

from __future__ import annotations

import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Clients = Callable[[str], Any]
Fetch = Callable[[str], bytes]  # `fetch_code`, but where there is no such address
GATEWAY_STAGE = "timbre"
KEPT_SETTINGS = ("Role", "Handler", "Timeout", "MemorySize", "Runtime")


@dataclass(frozen=True, slots=True)
class RunningApi:
    function_name: str
    code: bytes
    code_sha256: str
    settings: dict[str, Any]  # as update_function_configuration takes them
    rest_api_id: str  # empty where none is known
    deployment_id: str

    @classmethod
    def capture(cls, clients: Clients, function_name: str, *, rest_api_id: str, fetch: Fetch) -> RunningApi | None:
        """None where there is no such function yet."""
        functions = clients("lambda")
        try:
            found = functions.get_function(FunctionName=function_name)
        except functions.exceptions.ResourceNotFoundException:
            return None
        configuration = found["Configuration"]
        code = fetch(found["Code"]["Location"])
        settings = {name: configuration[name] for name in KEPT_SETTINGS if name in configuration}
        settings["Layers"] = [layer["Arn"] for layer in configuration.get("Layers", [])]
        network = configuration.get("VpcConfig", {})
        settings["VpcConfig"] = {name: network.get(name, []) for name in ("SubnetIds", "SecurityGroupIds")}
        settings["Environment"] = {"Variables": configuration.get("Environment", {}).get("Variables", {})}
        deployment = _read_deployment(clients("apigateway"), rest_api_id) if rest_api_id else ""
        return cls(function_name, code, configuration["CodeSha256"], settings, rest_api_id, deployment)

    def put_back(self, clients: Clients) -> None:
        functions = clients("lambda")
        functions.get_waiter("function_updated_v2").wait(FunctionName=self.function_name)
        functions.update_function_code(FunctionName=self.function_name, ZipFile=self.code)
        functions.get_waiter("function_updated_v2").wait(FunctionName=self.function_name)
        functions.update_function_configuration(FunctionName=self.function_name, **self.settings)
        functions.get_waiter("function_updated_v2").wait(FunctionName=self.function_name)
        if self.deployment_id:
            clients("apigateway").update_stage(
                restApiId=self.rest_api_id,
                stageName=GATEWAY_STAGE,
                patchOperations=[{"op": "replace", "path": "/deploymentId", "value": self.deployment_id}],
            )


def fetch_code(location: str) -> bytes:
    with urllib.request.urlopen(location, timeout=60) as answer:  # noqa: S310  # AWS's own presigned address
        code: bytes = answer.read()
        return code


def _read_deployment(gateway: Any, rest_api_id: str) -> str:
    try:
        return str(gateway.get_stage(restApiId=rest_api_id, stageName=GATEWAY_STAGE)["deploymentId"])
    except gateway.exceptions.NotFoundException:
        return ""
