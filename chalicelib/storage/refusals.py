"""Tells when MongoDB does not let us in, as after its password was changed. A new connection that is refused is told to listeners of
PyMongo's pools only, which do not hear whether the server refused or was away. One that was open when its user was dropped stays open:
there each command is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pymongo.monitoring import CommandListener, ConnectionPoolListener

if TYPE_CHECKING:
    from pymongo import monitoring as seen


REFUSALS = frozenset({11, 13, 18, 391, 8000})  # UserNotFound, Unauthorized, AuthenticationFailed, ReauthenticationRequired, Atlas's own


def listen_for_refusals(on_refused: Callable[[], None]) -> list[ConnectionPoolListener | CommandListener]:
    return [RefusalListener(on_refused), RefusedCommandListener(on_refused)]


class RefusedCommandListener(CommandListener):
    def __init__(self, on_refused: Callable[[], None]) -> None:
        self._on_refused = on_refused

    def failed(self, event: seen.CommandFailedEvent) -> None:
        if event.failure.get("code") in REFUSALS:
            self._on_refused()

    def started(self, event: seen.CommandStartedEvent) -> None: ...

    def succeeded(self, event: seen.CommandSucceededEvent) -> None: ...


class RefusalListener(ConnectionPoolListener):
    def __init__(self, on_refused: Callable[[], None]) -> None:
        self._on_refused = on_refused

    def connection_check_out_failed(self, event: seen.ConnectionCheckOutFailedEvent) -> None:  # noqa: ARG002  # the interface's
        self._on_refused()

    def pool_created(self, event: seen.PoolCreatedEvent) -> None: ...

    def pool_ready(self, event: seen.PoolReadyEvent) -> None: ...

    def pool_cleared(self, event: seen.PoolClearedEvent) -> None: ...

    def pool_closed(self, event: seen.PoolClosedEvent) -> None: ...

    def connection_created(self, event: seen.ConnectionCreatedEvent) -> None: ...

    def connection_ready(self, event: seen.ConnectionReadyEvent) -> None: ...

    def connection_closed(self, event: seen.ConnectionClosedEvent) -> None: ...

    def connection_check_out_started(self, event: seen.ConnectionCheckOutStartedEvent) -> None: ...

    def connection_checked_out(self, event: seen.ConnectionCheckedOutEvent) -> None: ...

    def connection_checked_in(self, event: seen.ConnectionCheckedInEvent) -> None: ...
