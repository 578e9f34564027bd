"""Which songs of a list were offered by an experiment (`offered`, with `offered_by`, beside the recommendations), and which plays came
of it. `recommendations.py` calls these within the transaction in which plays take effect.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bson import Binary
from pymongo import UpdateMany

from chalicelib.model import RecommendationList
from chalicelib.recommend.arms import remember_offered, was_offered
from chalicelib.storage.mongo import Document

OFFERED = {"offered": 1, "offered_by": 1}  # of the document: what these functions need to know


def name_offered(recommendations: RecommendationList, known: Document | None) -> Document:
    """To be stored with a list. Random songs are no arm's, so that what was offered before stays; another arm begins anew."""
    by = _name_arm(recommendations)
    if by is None or recommendations.basis != "plays":
        return {}
    before = _read_offered(known) if known is not None and known.get("offered_by") == by else b""
    return {"offered": Binary(remember_offered((item.track_id for item in recommendations.items), before)), "offered_by": by}


def attribute_plays(events: Sequence[Document], known: Document | None) -> UpdateMany | None:
    """`events`: those that take effect, with their songs. An end or a skip is attributed as its start is: the song is still among what
    was offered, though it left the list when it was played. The change of those that came of it."""
    if known is None or not known.get("offered_by"):
        return None
    offered = _read_offered(known)
    came_of_it = [event["_id"] for event in events if was_offered(event["track_id"], offered)]
    return UpdateMany({"_id": {"$in": came_of_it}}, {"$set": dict(known["offered_by"])}) if came_of_it else None


def _name_arm(recommendations: RecommendationList) -> dict[str, Any] | None:  # BSON
    if recommendations.experiment is None or recommendations.arm is None:
        return None
    return {"experiment": recommendations.experiment, "arm": recommendations.arm}


def _read_offered(document: Document) -> bytes:
    return bytes(document.get("offered") or b"")
