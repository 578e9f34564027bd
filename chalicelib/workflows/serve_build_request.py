"""A request for a build, by messages or by a schedule: one build for all of them, and when they come again if it could not be."""

from __future__ import annotations

from chalicelib.errors import StoreUnavailableError
from chalicelib.log import log
from chalicelib.workflows import ports
from chalicelib.workflows.rebuild_index import IndexBuilding, Outcome, rebuild_index
from chalicelib.workflows.records import BuildRequest

RETRY_STEP_S = 5
LONGEST_RETRY_S = 60


def serve_build_request(
    request: BuildRequest, building: IndexBuilding, *, redelivery: ports.Redelivery
) -> tuple[Outcome | None, list[str]]:
    """(what became of it, ids of the messages that must come again). Without messages a failure is raised."""
    try:
        return rebuild_index(building, refit=request.refit), []
    except StoreUnavailableError as exc:
        if not request.messages:
            raise
        log.warning("build_put_off", reason=exc.message)
    for message in request.messages:
        _put_off(message.receipt_handle, min(message.receive_count * RETRY_STEP_S, LONGEST_RETRY_S), redelivery)
    return None, [message.message_id for message in request.messages]


def _put_off(receipt_handle: str | None, delay_s: int, redelivery: ports.Redelivery) -> None:
    """Seconds, not the queue's visibility time-out, which is made for the longest build."""
    if receipt_handle is None:
        return
    try:
        redelivery.retry_after(receipt_handle, delay_s=delay_s)
    except StoreUnavailableError as exc:  # then it comes again when the queue thinks fit
        log.warning("redelivery_not_shortened", reason=exc.message)
