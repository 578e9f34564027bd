"""What the API gives, as types: the JSON of its answers, the OpenAPI document and what templates see are all made from these."""

from __future__ import annotations

from typing import Literal

import msgspec


class PlayAccepted(msgspec.Struct, frozen=True):
    """The play is on disk; its effect follows within a second or so."""

    event_id: str
    status: Literal["accepted"] = "accepted"
