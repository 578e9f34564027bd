"""Whether a broker answers: one ApiVersions request, which every broker answers before anybody has logged in. Spoken by hand, because
loading a Kafka client costs more than the whole question.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import time

_API_VERSIONS = 18
_CORRELATION_ID = 7
_CLIENT = b"timbre-health"
_REQUEST_BODY = struct.pack(">hhih", _API_VERSIONS, 0, _CORRELATION_ID, len(_CLIENT)) + _CLIENT
_REQUEST = struct.pack(">i", len(_REQUEST_BODY)) + _REQUEST_BODY


def is_kafka_there(bootstrap_servers: str, security_protocol: str, *, timeout_s: float) -> bool:
    """True as soon as one of the servers answers; OSError of the last one where none does in time."""
    deadline = time.monotonic() + timeout_s
    fault: OSError = OSError("KAFKA_BOOTSTRAP_SERVERS names no server")
    for server in (each.strip() for each in bootstrap_servers.split(",") if each.strip()):
        try:
            _ask(server, deadline, is_secure=security_protocol.endswith("SSL"))
        except (OSError, ValueError) as exc:
            fault = exc if isinstance(exc, OSError) else OSError(f"{server} is no address: {exc}")
        else:
            return True
    raise fault


def _ask(server: str, deadline: float, *, is_secure: bool) -> None:
    host, _, port = server.rpartition(":")
    with contextlib.ExitStack() as stack:
        connection = stack.enter_context(socket.create_connection((host.strip("[]"), int(port)), timeout=_left(deadline)))
        if is_secure:
            connection = stack.enter_context(ssl.create_default_context().wrap_socket(connection, server_hostname=host))
        connection.settimeout(_left(deadline))
        connection.sendall(_REQUEST)
        answer = b""
        while len(answer) < 8:
            connection.settimeout(_left(deadline))
            part = connection.recv(8 - len(answer))
            if not part:
                raise ConnectionError(f"{server} hung up")
            answer += part
        if struct.unpack(">ii", answer)[1] != _CORRELATION_ID:
            raise ConnectionError(f"{server} does not speak Kafka")


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("no answer in time")
    return left
