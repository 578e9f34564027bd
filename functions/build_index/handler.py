"""Lambda: the catalogue changed, or a schedule asks. A batch is one build; idempotent by `max_seq` (see `rebuild_index`)."""

from __future__ import annotations

from typing import Any

from chalicelib import bootstrap
from chalicelib.events.build_events import parse_build_request
from chalicelib.invocation import observed
from chalicelib.workflows.serve_build_request import serve_build_request


@observed
def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """AWS's event as it comes; which messages must come again, and what became of the build (for who invokes it by hand)."""
    outcome, failed = serve_build_request(parse_build_request(event), bootstrap.index_building(), redelivery=bootstrap.build_redelivery())
    return {"outcome": outcome, "batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}
