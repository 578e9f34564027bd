"""LocalStack without Docker (`EMULATOR=localstack`): a process in an environment of its own, started by `host_localstack/start.py`, and the
proof that it answers on loopback only. It keeps nothing: what was in it is gone when it ends, however it ends.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterable
from pathlib import Path

from localstack.answering import ask_status
from localstack.processes import ChildSpec

FOLDER = Path(__file__).resolve().parent / "host_localstack"
SERVER_LOCK = "localstack/host_localstack/server-requirements.txt"
FUNCTION_LOCK = "localstack/host_localstack/function-requirements.txt"
HEALTH_PATH = "/_localstack/health"
OTHER_LOOPBACK = "127.0.0.2"  # on Linux, who answers here too listens on every interface, even where there is no other one to try
READY_TIMEOUT_S = 180.0  # 5 to 10 s; the first start after an installation compiles its modules


class ExposedError(Exception):
    """LocalStack answers on an address that others can reach. With functions as plain processes, that is this machine handed over."""


def find_server_python(root: Path) -> Path:
    return root / ".timbre" / "localstack" / "server" / "bin" / "python"


def find_function_python(root: Path) -> Path:
    """What runs the functions, and what their layers are built for: boto3 and awslambdaric, nothing of LocalStack's."""
    return root / ".timbre" / "localstack" / "functions" / "bin" / "python"


def describe_localstack(root: Path, home: Path, *, port: int) -> ChildSpec:
    """Its folders are emptied at each start, by itself: nothing of an earlier life means anything to it."""
    data = home / "localstack-data"
    for folder in ("filesystem", "functions", "tmp"):
        (data / folder).mkdir(parents=True, exist_ok=True)
    address = f"127.0.0.1:{port}"
    environment = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG")}
    environment |= {
        "HOME": str(data),
        "TMPDIR": str(data / "tmp"),
        "FILESYSTEM_ROOT": str(data / "filesystem"),
        "GATEWAY_LISTEN": address,
        "LOCALSTACK_HOST": address,
        "SQS_ENDPOINT_STRATEGY": "path",  # else queues get names under localhost.localstack.cloud
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        "DISABLE_EVENTS": "1",
        "DNS_ADDRESS": "0",
        "LAMBDA_RUNTIME_EXECUTOR": "process",
        "OVERRIDE_IN_DOCKER": "0",  # it takes any container for its own image, and a deployment would package for Lambda's Python
        "LAMBDA_RUNTIME_ENVIRONMENT_TIMEOUT": "60",
        "LAMBDA_EVENT_SOURCE_MAPPING_MAX_BACKOFF_ON_EMPTY_POLL_SEC": "1",
        "LAMBDA_EVENT_SOURCE_MAPPING_MAX_BACKOFF_ON_ERROR_SEC": "5",
        "TIMBRE_FUNCTION_PYTHON": str(find_function_python(root)),
        "TIMBRE_FUNCTION_FOLDER": str(data / "functions"),
    }
    return ChildSpec(
        name="emulator",
        title="LocalStack",
        command=(str(find_server_python(root)), "-I", str(FOLDER / "start.py")),
        environment=environment,
        is_ready=lambda: is_safely_up(port),
        ready_timeout_s=READY_TIMEOUT_S,
        stop_timeout_s=20.0,
    )


def is_safely_up(port: int) -> bool:
    """ExposedError rather than True where anybody else could speak to it."""
    if not answers_health(port):
        return False
    exposed = find_exposed_address(port, [OTHER_LOOPBACK, *list_own_addresses()])
    if exposed is not None:
        raise ExposedError(f"LocalStack answers at {exposed}:{port}, not on 127.0.0.1 alone; it was stopped.")
    return True


def answers_health(port: int) -> bool:
    return ask_status(port, HEALTH_PATH) == 200


def find_exposed_address(port: int, addresses: Iterable[str]) -> str | None:
    """The first of the addresses that takes a connection."""
    for address in addresses:
        with contextlib.suppress(OSError), socket.create_connection((address, port), timeout=0.5):
            return address
    return None


def list_own_addresses() -> list[str]:
    """Where others would reach this machine: of its name, and of the way out (asked for without sending anything)."""
    found: set[str] = set()
    with contextlib.suppress(OSError):
        found |= {str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None)}
    for family, documentation_address in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((documentation_address, 9))
            found.add(str(probe.getsockname()[0]))
    return sorted(address for address in found if not address.startswith("127.") and address != "::1")
