"""One execution environment of a function: its process, its folder (`/tmp` of its own, the log), what it sees, and its end. Knows the
Runtime API and nothing of LocalStack.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from pathlib import Path

from .runtime_api import Answer, InitError, Invocation, RuntimeApi, make_error

LAUNCHER = Path(__file__).with_name("launch_function.py")
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"


@dataclass(frozen=True, slots=True)
class FunctionCode:
    """What to run. `python` belongs to an environment that holds what Lambda brings (boto3 and awslambdaric) and nothing else."""

    task_root: Path
    layers_root: Path  # /opt
    handler: str
    runtime: str  # python3.11
    python: Path
    timeout_s: float
    memory_mb: int


class FunctionProcess:
    """Started once, then invoked one event at a time; a process that died or was killed is replaced at the next invocation."""

    def __init__(self, code: FunctionCode, folder: Path, environment: Mapping[str, str]) -> None:
        self._code, self._folder = code, folder
        self._environment = self._complete(environment)
        self._log = folder / "log"
        self._api: RuntimeApi | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> RuntimeApi:
        """Returns when it waits for work. InitError with the function's own error when it never will."""
        (self._folder / "tmp").mkdir(parents=True, exist_ok=True)
        code, api = self._code, RuntimeApi()
        paths = [code.task_root, code.layers_root / "python" / "lib" / code.runtime / "site-packages", code.layers_root / "python"]
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                [str(code.python), "-IuB", str(LAUNCHER), code.handler, *map(str, paths)],
                env={**self._environment, "AWS_LAMBDA_RUNTIME_API": api.address},
                cwd=code.task_root,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._api, self._process = api, process
        threading.Thread(target=_watch, args=(process, api), daemon=True).start()
        api.ready.result()
        return api

    def invoke(self, request_id: str, payload: bytes, headers: Mapping[str, str]) -> tuple[Answer, str]:
        """The outcome, and the log of the invocation in CloudWatch's form."""
        started = time.time()
        answer = self._run(request_id, payload, headers, deadline=started + self._code.timeout_s)
        return answer, self._describe(request_id, duration_ms=(time.time() - started) * 1000)

    def _run(self, request_id: str, payload: bytes, headers: Mapping[str, str], *, deadline: float) -> Answer:
        try:
            api = self._provide_process()
        except InitError as exc:
            return exc.answer
        told = {**headers, "Lambda-Runtime-Aws-Request-Id": request_id, "Lambda-Runtime-Deadline-Ms": str(int(deadline * 1000))}
        outcome = api.submit(Invocation(request_id, payload, told))
        try:
            return outcome.result(timeout=max(0.0, deadline - time.time()))
        except FutureTimeoutError:
            self._end()
            message = f"RequestId: {request_id} Error: Task timed out after {self._code.timeout_s:.2f} seconds"
            self._write_log(f"{message}\n")
            return make_error("Sandbox.Timedout", message)

    def _provide_process(self) -> RuntimeApi:
        if self._api is not None and self._process is not None and self._process.poll() is None:
            return self._api
        self._end()
        return self.start()

    def stop(self) -> None:
        self._end()
        shutil.rmtree(self._folder, ignore_errors=True)

    def read_log(self) -> str:
        try:
            return self._log.read_text("utf-8", "replace")
        except OSError:
            return ""

    def _end(self) -> None:
        """The whole group: what the function started ends with it."""
        process, api = self._process, self._api
        self._process = self._api = None
        if process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if api is not None:
            api.fail(make_error("Runtime.ExitError", "The execution environment was stopped."))
            api.close()

    def _write_log(self, text: str) -> None:
        with self._log.open("a", encoding="utf-8") as log:
            log.write(text)

    def _describe(self, request_id: str, *, duration_ms: float) -> str:
        """Everything since the last invocation, between START and REPORT; the process appends, so the file may be emptied under it."""
        output = self.read_log().rstrip()
        with contextlib.suppress(OSError):
            os.truncate(self._log, 0)
        report = f"REPORT RequestId: {request_id}\tDuration: {duration_ms:.2f} ms\tBilled Duration: {int(duration_ms) + 1} ms"
        lines = [
            f"START RequestId: {request_id} Version: $LATEST",
            *([output] if output else []),
            f"END RequestId: {request_id}",
            f"{report}\tMemory Size: {self._code.memory_mb} MB",
        ]
        return "\n".join(lines) + "\n"

    def _complete(self, environment: Mapping[str, str]) -> dict[str, str]:
        """The function's own variables and what Lambda sets. Nothing of the process that starts it."""
        code = self._code
        return {name: str(value) for name, value in environment.items()} | {
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{code.runtime}",
            "LAMBDA_TASK_ROOT": str(code.task_root),
            "LAMBDA_RUNTIME_DIR": str(code.python.parent),
            "PATH": f"{code.python.parent}:{code.layers_root / 'bin'}:{SYSTEM_PATH}",
            "LD_LIBRARY_PATH": f"{code.task_root}:{code.task_root / 'lib'}:{code.layers_root / 'lib'}",
            "LANG": "C.UTF-8",
            "HOME": str(self._folder / "tmp"),
            "TMPDIR": str(self._folder / "tmp"),
        }


def _watch(process: subprocess.Popen[bytes], api: RuntimeApi) -> None:
    status = process.wait()
    what = f"exit status {status}" if status >= 0 else f"signal: {signal.Signals(-status).name}"
    api.fail(make_error("Runtime.ExitError", f"Runtime exited with error: {what}"))


def merge_layers(layers: list[Path], target: Path) -> Path:
    """`/opt`: the layers one over the other, in their order. Hard links: a layer may be 200 MB. Made once, complete or not at all."""
    if target.is_dir():
        return target
    beside = target.with_name(f"{target.name}.{os.getpid()}.{threading.get_ident()}")
    beside.mkdir(parents=True)
    for layer in layers:
        shutil.copytree(layer, beside, dirs_exist_ok=True, copy_function=_link_over)
    try:
        beside.rename(target)
    except OSError:  # another environment of the function was faster
        shutil.rmtree(beside)
    return target


def _link_over(source: str, destination: str) -> None:
    Path(destination).unlink(missing_ok=True)
    try:
        os.link(source, destination)
    except OSError:
        shutil.copyfile(source, destination)
