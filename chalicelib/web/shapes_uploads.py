"""What the API takes and gives where a large file is sent in parts. Receipts and the permission itself are in `shapes.py`."""

from __future__ import annotations

from typing import Annotated

import msgspec

PartNumber = Annotated[int, msgspec.Meta(ge=1, le=10_000, examples=[1])]


class PartsPlan(msgspec.Struct, frozen=True, kw_only=True):
    """How the file is to be cut: every part has `part_bytes`, but for the last."""

    part_bytes: Annotated[int, msgspec.Meta(examples=[8_388_608])]
    part_count: Annotated[int, msgspec.Meta(examples=[3])]


class UploadParts(PartsPlan, frozen=True, kw_only=True):
    """Which parts have arrived whole: after a break only the others need to be sent."""

    stored: Annotated[tuple[int, ...], msgspec.Meta(description="Numbers, from 1.", examples=[[1, 2]])]


class PartsRequest(msgspec.Struct, frozen=True):
    numbers: Annotated[tuple[PartNumber, ...], msgspec.Meta(min_length=1, max_length=100, examples=[[3]])]


class PartPermission(msgspec.Struct, frozen=True, kw_only=True):
    """PUT exactly `size_bytes` of the file to `url`."""

    number: PartNumber
    size_bytes: Annotated[int, msgspec.Meta(examples=[4_194_304])]
    url: Annotated[str, msgspec.Meta(examples=["https://s3.eu-central-1.amazonaws.com/music/…"], extra_json_schema={"format": "uri"})]


class PartPermissions(msgspec.Struct, frozen=True, kw_only=True):
    items: tuple[PartPermission, ...]
