"""What tells that MongoDB does not let us in any more. As a whole: `tests/integration/test_password_rotation.py`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pymongo.monitoring import CommandFailedEvent

from chalicelib.storage.refusals import RefusedCommandListener


def make_failure(failure: dict[str, Any]) -> CommandFailedEvent:
    return CommandFailedEvent(timedelta(), failure, "find", 1, ("127.0.0.1", 27017), 1)


@pytest.mark.parametrize(
    ("failure", "is_told"),
    [({"code": 13}, True), ({"code": 18}, True), ({"code": 391}, True), ({"code": 11000}, False), ({"errmsg": "connection closed"}, False)],
)
def test_only_a_refusal_is_told(failure: dict[str, Any], is_told: bool) -> None:
    told: list[str] = []
    RefusedCommandListener(lambda: told.append("refused")).failed(make_failure(failure))
    assert bool(told) is is_told
