"""Tells when MongoDB does not let a new connection in, as after its password was changed. PyMongo tells it to listeners of its pools
only, and does not say whether the server refused or was away.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pymongo.monitoring import ConnectionPoolListener

if TYPE_CHECKING:
    from pymongo import monitoring as seen


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
