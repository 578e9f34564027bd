"""Keeps every socket that Python code of this process binds on loopback. LocalStack binds every interface whatever it is told, and with
functions as plain processes that would hand this machine to the network. Addresses are changed, not refused: its ports stay the same.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

LOOPBACK = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}


def confine_sockets(socket_class: type[socket.socket] = socket.socket) -> None:
    """From now on. Twisted, asyncio and the servers of the standard library all bind through this class."""
    bind = socket_class.bind

    def bind_on_loopback(self: socket.socket, address: Any) -> None:  # an address has the family's own shape
        bind(self, move_to_loopback(self.family, address))

    socket_class.bind = bind_on_loopback  # type: ignore[method-assign,assignment]


def move_to_loopback(family: int, address: Any) -> Any:
    """The address itself where it is one of loopback, or of a family that no network reaches."""
    loopback = LOOPBACK.get(socket.AddressFamily(family))
    if loopback is None or is_loopback(str(address[0])):
        return address
    return (loopback, *address[1:])


def is_loopback(host: str) -> bool:
    """By number only: a name could mean something else by the time it is looked up."""
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False
