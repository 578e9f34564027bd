"""LocalStack's side: a `RuntimeExecutor` that runs Python zip functions as processes, and how LocalStack is told of it. Everything that
knows LocalStack's classes is here.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from plux import PluginManager, PluginSpec  # type: ignore[import-not-found]

from localstack import config  # type: ignore[attr-defined]  # LocalStack's package of that name, not ours
from localstack.services.lambda_.invocation import runtime_executor  # type: ignore[import-not-found]
from localstack.services.lambda_.invocation.executor_endpoint import StatusErrorException  # type: ignore[import-not-found]
from localstack.services.lambda_.invocation.lambda_models import InvocationResult  # type: ignore[import-not-found]
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin  # type: ignore[import-not-found]

from .function_process import FunctionCode, FunctionProcess, merge_layers
from .runtime_api import InitError, make_error

NAME = "process"
HOST = "127.0.0.1"
PYTHON_VARIABLE = "TIMBRE_FUNCTION_PYTHON"
FOLDER_VARIABLE = "TIMBRE_FUNCTION_FOLDER"


class ProcessExecutor(runtime_executor.RuntimeExecutor):  # type: ignore[misc]  # LocalStack is not in the environment of the type checker
    """One execution environment."""

    _process: FunctionProcess | None = None

    def start(self, env_vars: Mapping[str, Any]) -> None:
        code = _describe_code(self.function_version.config)
        self._process = FunctionProcess(code, _folder() / "environments" / self.id, {name: str(value) for name, value in env_vars.items()})
        try:
            self._process.start()
        except InitError as exc:
            raise StatusErrorException(f"The function cannot be loaded: {exc}", payload=exc.answer.payload) from exc
        except OSError as exc:  # anything else than StatusErrorException is tried again for ever
            raise StatusErrorException("no process", payload=make_error("Runtime.StartError", str(exc)).payload) from exc

    def stop(self) -> None:
        if self._process is not None:
            self._process.stop()

    def invoke(self, payload: Mapping[str, str]) -> Any:
        if self._process is None:
            raise StatusErrorException("not started", payload=b"{}")
        headers = {
            "Lambda-Runtime-Invoked-Function-Arn": payload["invoked-function-arn"],
            "Lambda-Runtime-Trace-Id": payload["trace-id"],
        }
        answer, log = self._process.invoke(payload["invoke-id"], payload["payload"].encode(), headers)
        return InvocationResult(payload["invoke-id"], answer.payload, is_error=answer.is_error, logs=log)

    def get_address(self) -> str:
        return HOST

    def get_endpoint_from_executor(self) -> str:
        return HOST

    def get_runtime_endpoint(self) -> str:
        return f"http://{HOST}:{config.GATEWAY_LISTEN[0].port}/_localstack_lambda/{self.id}"

    def get_logs(self) -> str:
        return self._process.read_log() if self._process is not None else ""

    @classmethod
    def prepare_version(cls, function_version: Any) -> None:
        if function_version.config.code is not None:
            function_version.config.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version: Any) -> None:
        """Nothing: the next version may have the same code, and what is unpacked is removed when LocalStack starts anew."""


class ProcessExecutorPlugin(RuntimeExecutorPlugin):  # type: ignore[misc]
    name = NAME

    def load(self, *_: Any, **__: Any) -> type[ProcessExecutor]:
        return ProcessExecutor


class OwnFinder:
    """In the place of the search through installed packages: what LocalStack may run functions with is this, or nothing."""

    def find_plugins(self) -> list[Any]:
        return [PluginSpec(RuntimeExecutorPlugin.namespace, NAME, ProcessExecutorPlugin)]


def register_executor() -> None:
    runtime_executor.EXECUTOR_PLUGIN_MANAGER = PluginManager(RuntimeExecutorPlugin.namespace, finder=OwnFinder())


def _folder() -> Path:
    return Path(os.environ[FOLDER_VARIABLE])


def _describe_code(function: Any) -> FunctionCode:
    runtime = str(function.runtime)
    if not runtime.startswith("python"):
        raise StatusErrorException("unsupported", payload=f'{{"errorMessage": "only Python functions run here, not {runtime}"}}'.encode())
    function.code.prepare_for_execution()
    layers = []
    for layer in function.layers:
        layer.code.prepare_for_execution()
        layers.append(layer.code.get_unzipped_code_location())
    key = hashlib.sha256("\n".join(layer.layer_version_arn + layer.code.code_sha256 for layer in function.layers).encode()).hexdigest()[:20]
    return FunctionCode(
        task_root=Path(function.code.get_unzipped_code_location()),
        layers_root=merge_layers(layers, _folder() / "layers" / key),
        handler=function.handler,
        runtime=runtime,
        python=Path(os.environ[PYTHON_VARIABLE]),
        timeout_s=float(function.timeout),
        memory_mb=int(function.memory_size),
    )
