"""Every minute: plays that did not reach Kafka are sent, and those that had no effect for long are sent again (a broker may lose its
memory). What makes a repetition harmless: the event_id, by which a play takes effect once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from chalicelib.log import log
from chalicelib.metrics import metrics
from chalicelib.workflows import ports
from chalicelib.workflows.publish_plays import publish_plays

PUBLISH_GRACE_S = 5.0  # younger plays may still be on their way from the listener's own request
BATCH_SIZE = 500
PUBLISH_TIMEOUT_S = 10.0


def relay_plays(
    *,
    play_store: ports.PlayStore,
    tracks: ports.TrackStore,
    publisher: ports.PlayPublisher,
    resend_after_s: float,
    clock: Callable[[], datetime],
    is_time_up: Callable[[], bool],
    batch_size: int = BATCH_SIZE,
) -> int:
    """How many plays were acknowledged. Ends when none is due, when the broker is in trouble, or when time is nearly up: the next
    minute goes on. StoreUnavailableError where the outbox cannot be read."""
    sent = 0
    while not is_time_up():
        due = play_store.due_for_relay(now=clock(), publish_grace_s=PUBLISH_GRACE_S, resend_after_s=resend_after_s, limit=batch_size)
        if not due:
            break
        acknowledged = publish_plays(
            due, publisher=publisher, tracks=tracks, play_store=play_store, timeout_s=PUBLISH_TIMEOUT_S, clock=clock
        )
        sent += acknowledged
        if acknowledged < len(due):
            break
    if sent:
        log.info("plays_relayed", play_count=sent)
        metrics.count("PlaysRelayed", sent)
    return sent
