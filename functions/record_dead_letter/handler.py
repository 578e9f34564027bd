"""Lambda: what the queues and the plays' mapping have given up. Idempotent by the letter's id (see `record_dead_letter`)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from chalicelib import bootstrap
from chalicelib.events.dead_messages import parse_dead_messages
from chalicelib.invocation import observed
from chalicelib.workflows.record_dead_letter import record_dead_letters


@observed
def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """AWS's event as it comes; which messages must come again."""
    messages = parse_dead_messages(event)
    failed = record_dead_letters(
        [message for _, message in messages],
        dead_letters=bootstrap.dead_letters(),
        uploads=bootstrap.uploads(),
        music_bucket=bootstrap.music_bucket(),
        reanalyses=bootstrap.reanalyses(),
        queries=bootstrap.sound_queries(),
        now=datetime.now(UTC),
    )
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id, message in messages if message in failed]}
