"""Made-up sounds for the songs of a synthetic catalogue, as the stores keep them: so that an index of them serves the timbre space.

`fill_sounds(database, tracks)` comes after `catalogue.fill_catalogue`; `sounds.py` makes the numbers.
"""

from __future__ import annotations

from itertools import count

from bson import Binary
from pymongo import UpdateOne
from pymongo.write_concern import WriteConcern

from chalicelib.model import FEATURE_VERSION
from chalicelib.storage.mongo import MongoDatabase
from chalicelib.storage.track_facets import shuffle_position
from tests.bench.catalogue import insert_batches, make_id
from tests.bench.sounds import Sounds

PASSAGES = 2_000


def fill_sounds(database: MongoDatabase, tracks: int) -> None:
    """Features for every song, passages for some, so that the index has both spaces."""
    database = database.with_options(write_concern=WriteConcern(w=1))
    sounds = Sounds(tracks)
    numbers = count()
    for rows in sounds.features():
        changes = [
            UpdateOne(
                {"_id": make_id("track", next(numbers))},
                {"$set": {"features": Binary(row.astype("<f4").tobytes()), "feature_version": FEATURE_VERSION}},
            )
            for row in rows
        ]
        database["tracks"].bulk_write(changes, ordered=False)
    insert_batches(
        database,
        "passages",
        (
            {
                "_id": make_id("track", number),
                "feature_version": FEATURE_VERSION,
                "rows": Binary(each.rows),
                "draw": shuffle_position(make_id("track", number)),
                "artist": each.artist,
            }
            for number, each in enumerate(sounds.sample(feature_version=FEATURE_VERSION, limit=PASSAGES))
        ),
    )
