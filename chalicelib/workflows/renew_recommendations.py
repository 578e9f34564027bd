"""What a listener's list rests on has changed without a play: what no longer holds has left the list already, in the transaction that made
the change, and the wish for another list stands beside it. Here the recommend function is told, by a message on the topic of the plays.

The request that brought the change tells it at once; what Kafka does not acknowledge, or what has no effect, the relay sends (again) every
minute. What makes a repetition harmless: the function makes a list only while one is wanted.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from chalicelib.errors import StoreUnavailableError
from chalicelib.log import log
from chalicelib.workflows.renewal_ports import RenewalPublisher, RenewalStore

BATCH_SIZE = 500
PUBLISH_TIMEOUT_S = 10.0


def tell_of_renewal(user_id: str, *, publisher: RenewalPublisher, timeout_s: float) -> bool:
    """Whether Kafka has it. Never raises for a broker that is away: the wish is stored."""
    is_told = bool(publisher.publish_renewals([user_id], timeout_s=timeout_s))
    if not is_told:
        log.warning("renewal_left_for_relay", user_id=user_id)
    return is_told


def relay_renewals(
    *,
    renewals: RenewalStore,
    publisher: RenewalPublisher,
    resend_after_s: float,
    clock: Callable[[], datetime],
    is_time_up: Callable[[], bool],
    batch_size: int = BATCH_SIZE,
) -> int:
    """How many were acknowledged. Ends when none is due, when the broker is in trouble, or when time is nearly up."""
    sent = 0
    while not is_time_up():
        due = renewals.due_renewals(now=clock(), limit=batch_size)
        acknowledged = publisher.publish_renewals(due, timeout_s=PUBLISH_TIMEOUT_S) if due else []
        if acknowledged:
            _put_off(acknowledged, renewals, until=clock() + timedelta(seconds=resend_after_s))
        sent += len(acknowledged)
        if not due or len(acknowledged) < len(due):
            break
    if sent:
        log.info("renewals_relayed", user_count=sent)
    return sent


def _put_off(user_ids: list[str], renewals: RenewalStore, *, until: datetime) -> None:
    """Where that fails they are sent again in a minute."""
    try:
        renewals.put_off_renewals(user_ids, until=until)
    except StoreUnavailableError as exc:
        log.warning("renewals_not_noted", user_count=len(user_ids), reason=exc.message)
