"""Lambda, every minute: plays that Kafka does not have, or that had no effect. Idempotent by event_id (see `relay_plays`).

Invoked once by each deployment too, which cannot always reach MongoDB itself: a new container looks after the indexes first.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol

from chalicelib import bootstrap
from chalicelib.invocation import observed
from chalicelib.workflows.relay_plays import PUBLISH_TIMEOUT_S, relay_plays

SPARE_MS = int(PUBLISH_TIMEOUT_S * 1000) + 5_000  # what one more batch can take


class Context(Protocol):
    def get_remaining_time_in_millis(self) -> int: ...


@observed
def handle(_event: dict[str, Any], context: Context) -> dict[str, int]:
    """How many plays were sent."""
    bootstrap.prepared_database()
    sent = relay_plays(
        play_store=bootstrap.plays(),
        tracks=bootstrap.tracks(),
        publisher=bootstrap.play_publisher(),
        resend_after_s=bootstrap.settings().play_resend_after_s,
        clock=partial(datetime.now, UTC),
        is_time_up=lambda: context.get_remaining_time_in_millis() < SPARE_MS,
    )
    return {"sent": sent}
