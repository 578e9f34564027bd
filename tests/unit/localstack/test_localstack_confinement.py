"""LocalStack on loopback only: what it binds is moved there, and an address that answers beside it is found."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from localstack.host_localstack.loopback import confine_sockets, is_loopback, move_to_loopback
from localstack.localstack_emulator import OTHER_LOOPBACK, find_exposed_address


class ConfinedSocket(socket.socket):
    """Stands for `socket.socket` in LocalStack's process."""


@pytest.fixture(scope="module")
def confined() -> type[socket.socket]:
    confine_sockets(ConfinedSocket)
    return ConfinedSocket


@pytest.fixture
def listening_everywhere() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("0.0.0.0", 0))  # noqa: S104  # what the check is there to find
        server.listen()
        yield server.getsockname()[1]


@pytest.mark.parametrize("asked", ["", "0.0.0.0", "192.0.2.7", "localhost"])  # noqa: S104
def test_whatever_is_bound_is_bound_on_loopback(confined: type[socket.socket], asked: str) -> None:
    with confined(socket.AF_INET, socket.SOCK_STREAM) as server:
        server.bind((asked, 0))
        assert server.getsockname()[0] == "127.0.0.1"


def test_a_loopback_address_stays_what_it_is(confined: type[socket.socket]) -> None:
    with confined(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        assert server.getsockname()[0] == "127.0.0.1"


def test_ipv6_keeps_its_port_flow_and_scope() -> None:
    assert move_to_loopback(socket.AF_INET6, ("::", 4566, 0, 0)) == ("::1", 4566, 0, 0)
    assert move_to_loopback(socket.AF_INET6, ("::1", 4566, 0, 0)) == ("::1", 4566, 0, 0)


def test_a_family_that_no_network_reaches_is_left_alone() -> None:
    assert move_to_loopback(socket.AF_UNIX, "/run/somewhere") == "/run/somewhere"


def test_a_name_is_not_taken_for_loopback() -> None:
    assert not is_loopback("localhost")
    assert is_loopback("127.8.9.10")


def test_a_server_on_every_interface_is_found_by_the_other_loopback_address(listening_everywhere: int) -> None:
    assert find_exposed_address(listening_everywhere, [OTHER_LOOPBACK]) == OTHER_LOOPBACK


def test_a_server_on_loopback_alone_is_not(confined: type[socket.socket]) -> None:
    with confined(socket.AF_INET, socket.SOCK_STREAM) as server:
        server.bind(("0.0.0.0", 0))  # noqa: S104
        server.listen()
        assert find_exposed_address(server.getsockname()[1], [OTHER_LOOPBACK]) is None
