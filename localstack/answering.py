"""Whether a server on this machine answers over HTTP, and with what status: how readiness is told."""

from __future__ import annotations

import http.client

HOST = "127.0.0.1"


def ask_status(port: int, path: str, *, timeout_s: float = 5.0) -> int | None:
    """None where nothing answers."""
    connection = http.client.HTTPConnection(HOST, port, timeout=timeout_s)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
