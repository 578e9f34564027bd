"""Parses what asks for a build: a batch of the builds queue's messages, or a schedule's tick. A batch is one request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from chalicelib.workflows.records import BuildMessage, BuildRequest


def parse_build_request(event: Mapping[str, Any]) -> BuildRequest:
    """Whatever the bodies say, a build is what they ask for; `{"refit": true}` in any of them, or in a direct event, asks for a refit."""
    records = event.get("Records")
    if not isinstance(records, list):
        return BuildRequest(refit=event.get("refit") is True, messages=())
    messages = [record for record in records if isinstance(record, Mapping)]
    return BuildRequest(
        refit=any(_asks_for_refit(record.get("body")) for record in messages),
        messages=tuple(_read_message(record) for record in messages if record.get("messageId")),
    )


def _read_message(record: Mapping[str, Any]) -> BuildMessage:
    attributes = record.get("attributes")
    count = str(attributes.get("ApproximateReceiveCount", "1")) if isinstance(attributes, Mapping) else "1"
    handle = record.get("receiptHandle")
    return BuildMessage(str(record["messageId"]), handle if isinstance(handle, str) else None, int(count) if count.isdecimal() else 1)


def _asks_for_refit(body: object) -> bool:
    try:
        content = msgspec.json.decode(body) if isinstance(body, str) else None
    except ValueError:
        return False
    return isinstance(content, dict) and content.get("refit") is True
