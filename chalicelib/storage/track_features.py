"""The numbers of one song as they are stored: features as float32, passages as float16, both little-endian. Without numpy, which pages
would have to load.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from itertools import chain

from pymongo.client_session import ClientSession

from chalicelib.model import MFCC_SINCE_VERSION, Analysis, StoredObject, Track
from chalicelib.storage.mongo import Document, MongoDatabase
from chalicelib.storage.track_facets import shuffle_position

_LARGEST_FLOAT32 = 3.4028234e38
_LARGEST_FLOAT16 = 65_504.0


def list_comparable(feature_version: int) -> list[int]:
    """The versions whose MFCC are the same numbers as this one's. A list, not a range: each is a run of the index in order of ids,
    which are merged without sorting."""
    return list(range(MFCC_SINCE_VERSION, feature_version + 1)) if feature_version >= MFCC_SINCE_VERSION else [feature_version]


def pack_features(features: Sequence[float]) -> bytes | None:
    return _pack(features, "f", _LARGEST_FLOAT32) if features else None


def pack_passages(passages: Sequence[Sequence[float]]) -> bytes | None:
    return _pack(list(chain.from_iterable(passages)), "e", _LARGEST_FLOAT16) if passages else None


def match_outdated(feature_version: int) -> Document:
    return {"status": "active", "feature_version": {"$in": list(range(feature_version))}}


def describe_numbers(analysis: Analysis, mfcc_standardized: tuple[float, ...] | None, scaler_version: int | None) -> Document:
    """What an analysis says of the sound alone."""
    return {
        "mfcc": analysis.mfcc,
        "mfcc_standardized": mfcc_standardized,
        "scaler_version": scaler_version if mfcc_standardized is not None else None,
        "feature_version": analysis.feature_version,
        "features": pack_features(analysis.features),
        "preview_start_s": analysis.preview_start_s,
    }


def renew_numbers(
    database: MongoDatabase, session: ClientSession, *, track_id: str, analysis: Analysis, stored: StoredObject, numbers: Document
) -> bool:
    """By the track's own id, whatever the analysis would call it today: plays and opinions know it by that."""
    has_object = {"$elemMatch": {"key": stored.key, "etag": stored.etag}}
    wanted = {"_id": track_id, **match_outdated(analysis.feature_version), "objects": has_object}
    track = database["tracks"].find_one_and_update(wanted, {"$set": numbers}, {"artist": 1}, session=session)
    if track is None:
        return False
    keep_passages(database, track_id, track["artist"], analysis, session, is_new=False)
    forget_request(database, track_id, session)
    return True


def forget_request(database: MongoDatabase, track_id: str, session: ClientSession) -> None:
    """Nobody need analyse it anew any more."""
    database["reanalyses"].delete_one({"_id": track_id}, session=session)


def keep_passages(
    database: MongoDatabase, track_id: str, artist: str | None, analysis: Analysis, session: ClientSession, *, is_new: bool
) -> None:
    """In place of what was there."""
    rows = pack_passages(analysis.passages)
    if rows is not None:
        document: Document = {
            "feature_version": analysis.feature_version,
            "rows": rows,
            "draw": shuffle_position(track_id),
            "artist": artist,
        }
        database["passages"].replace_one({"_id": track_id}, document, upsert=True, session=session)
    elif not is_new:
        remove_passages(database, track_id, session)


def remove_passages(database: MongoDatabase, track_id: str, session: ClientSession) -> None:
    database["passages"].delete_one({"_id": track_id}, session=session)


def rename_artist(database: MongoDatabase, track: Track, session: ClientSession) -> None:
    """An artist's songs are told apart less than others: by the tags as they are."""
    database["passages"].update_one({"_id": track.track_id}, {"$set": {"artist": track.artist}}, session=session)


def _pack(numbers: Sequence[float], kind: str, largest: float) -> bytes:
    """What is too large for the kind becomes the largest; what is no number stays none, for the build to leave out."""
    bounded = [min(max(number, -largest), largest) if not math.isnan(number) else number for number in numbers]
    return struct.pack(f"<{len(bounded)}{kind}", *bounded)
