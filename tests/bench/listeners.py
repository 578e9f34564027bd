"""What listeners of a synthetic catalogue left behind: counts of their plays, opinions, recommendations, where they stopped, receipts,
sessions. Most have little, a few have much. `catalogue.py` makes songs, users and plays first.

`fill_listeners(database)`: the documents have the shape that the stores write, made by the stores' own code where it can be had alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec
import numpy as np
from pymongo.write_concern import WriteConcern

from chalicelib.model import DeadLetter, Reason, RecommendationList, RecommendedTrack, Session, Upload
from chalicelib.storage.dead_letters import MongoDeadLetterStore
from chalicelib.storage.mongo import Document, MongoDatabase
from chalicelib.storage.mongo_indexes import INDEXES
from chalicelib.workflows.log_in import hash_token
from chalicelib.workflows.recommend_for_user import STORED_SONGS
from tests.bench.catalogue import NOW, insert_batches, make_id

LETTERS = 200
SEEDS = 20
FOR_YEARS = timedelta(days=3650)  # whatever year it is: MongoDB sweeps by its own clock


def fill_listeners(database: MongoDatabase, *, tracks: int, users: int, seed: int = 2) -> None:
    """The database has been filled by `fill_catalogue`. It has all its indexes afterwards."""
    database = database.with_options(write_concern=WriteConcern(w=1))
    dice = np.random.default_rng(seed)
    played = _tally_plays(database)
    insert_batches(database, "feedback", _make_opinions(dice, played, tracks, users))
    insert_batches(database, "recommendations", _make_lists(dice, played, tracks, users))
    insert_batches(database, "listening", _make_listening(dice, played))
    insert_batches(database, "uploads", _make_uploads(dice, tracks, users))
    insert_batches(database, "sessions", (_make_session(number, device) for number in range(users) for device in range(1 + number % 3)))
    letters = MongoDeadLetterStore(database)
    for number in range(LETTERS):
        letters.add(_make_letter(number))
    for collection, indexes in INDEXES.items():
        for index in indexes:
            database[collection].create_indexes([index])


def token_of(user_id: str, device: int = 0) -> str:
    return f"token-{device}-{user_id}"


def csrf_of(user_id: str) -> str:
    return f"form-{user_id}"


def _tally_plays(database: MongoDatabase) -> dict[str, list[str]]:
    """The counts as `play_tallies` keeps them, in one go. What each user played, the last first."""
    days: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    songs: Counter[tuple[str, str]] = Counter()
    lately: defaultdict[str, list[str]] = defaultdict(list)
    for play in database["plays"].find({"kind": "start"}, {"user_id": 1, "track_id": 1, "occurred_at": 1}).sort([("_id", -1)]):
        user_id, track_id, at = play["user_id"], play["track_id"], play["occurred_at"]
        days[user_id, at.date().isoformat()].update({"plays": 1, f"hours.{at.hour}": 1, f"songs.{track_id}": 1})
        songs[user_id, track_id] += 1
        if len(lately[user_id]) < 200:
            lately[user_id].append(track_id)
    insert_batches(database, "play_days", (_make_day(user_id, day, counts) for (user_id, day), counts in days.items()))
    insert_batches(
        database,
        "play_songs",
        (
            {"_id": f"{user_id}:{track_id}", "user_id": user_id, "track_id": track_id, "plays": count}
            for (user_id, track_id), count in songs.items()
        ),
    )
    return lately


def _make_day(user_id: str, day: str, counts: Counter[str]) -> Document:
    made: Document = {"_id": f"{user_id}:{day}", "user_id": user_id, "day": day, "hours": {}, "songs": {}}
    for name, count in counts.items():
        part, _, key = name.partition(".")
        if key:
            made[part][key] = count
        else:
            made[part] = count
    return made


def _make_opinions(dice: np.random.Generator, played: dict[str, list[str]], tracks: int, users: int) -> Iterator[Document]:
    """About a third of what was played lately, and for the busiest more than a request reads."""
    for number in range(users):
        user_id = make_id("user", number)
        heard = list(dict.fromkeys(played.get(user_id, ())))
        count = 1_200 if number < 5 else len(heard) // 3
        others = [make_id("track", int(at)) for at in dice.integers(tracks, size=max(0, count - len(heard)))]
        for place, track_id in enumerate(dict.fromkeys([*heard[:count], *others])):
            opinion = ("like", "like", "dislike")[place % 3]
            at = NOW - timedelta(hours=place)
            yield {"_id": f"{user_id}:{track_id}", "user_id": user_id, "track_id": track_id, "opinion": opinion, "updated_at": at}


def _make_lists(dice: np.random.Generator, played: dict[str, list[str]], tracks: int, users: int) -> Iterator[Document]:
    for number in range(users):
        user_id = make_id("user", number)
        heard = played.get(user_id, [])[:SEEDS]
        if not heard:
            continue
        songs = [make_id("track", int(at)) for at in dice.choice(tracks, size=STORED_SONGS, replace=False)]
        items = tuple(
            RecommendedTrack(track_id=song, score=1.0 - place / 100, reasons=_make_reasons(dice, heard)) for place, song in enumerate(songs)
        )
        made = RecommendationList(
            user_id=user_id, items=items, basis="plays", play_event_ids=(), index_build="bench", generated_at=NOW - timedelta(hours=1)
        )
        document: Document = msgspec.to_builtins(made, builtin_types=(datetime,))
        del document["user_id"]
        yield {"_id": user_id, **document, "plays_processed": len(heard)}


def _make_reasons(dice: np.random.Generator, heard: list[str]) -> tuple[Reason, ...]:
    chosen = dict.fromkeys(heard[int(len(heard) * draw**2)] for draw in dice.random(int(dice.integers(1, 4))))
    return tuple(
        Reason(track_id=track_id, display_title="A Song", artist="An Artist", distance=0.3, percentile=99.0) for track_id in chosen
    )


def _make_listening(dice: np.random.Generator, played: dict[str, list[str]]) -> Iterator[Document]:
    for user_id, heard in played.items():
        queue = heard[: int(dice.integers(1, 61))]
        yield {
            "_id": user_id,
            "queue": queue,
            "place": len(queue) // 2,
            "position_s": 30.0,
            "changed_at": NOW - timedelta(hours=1),
            "device_id": "device-of-bench",
        }


def _make_uploads(dice: np.random.Generator, tracks: int, users: int) -> Iterator[Document]:
    """Every tenth song was brought by a user, by a few of them most; one receipt in fifty failed, some wait."""
    for number in range(0, tracks, 10):
        user_id = make_id("user", int(users / 20 * dice.random() ** 3))
        at = NOW - timedelta(minutes=number / 7)
        status = "failed" if number % 500 == 0 else "queued" if number < 300 else "analysed" if number < 500 else "indexed"
        track_id = make_id("track", number)
        receipt = Upload(
            upload_id=make_id("upload", number),
            key=f"uploads/{track_id}/{number}.mp3",
            user_id=user_id,
            status=status,  # type: ignore[arg-type]  # one of the four
            track_id=track_id if status in ("analysed", "indexed") else None,
            seq=number + 1 if status in ("analysed", "indexed") else None,
            error_code="unreadable" if status == "failed" else None,
            message="This file is no music." if status == "failed" else None,
            attempts=1,
            created_at=at,
            updated_at=at,
        )
        document: Document = msgspec.to_builtins(receipt, builtin_types=(datetime,))
        document["_id"] = document.pop("upload_id")
        yield document


def _make_session(number: int, device: int) -> Document:
    user_id = make_id("user", number)
    made = Session(
        token_sha256=hash_token(token_of(user_id, device)),
        user_id=user_id,
        csrf_token=csrf_of(user_id),
        created_at=NOW - timedelta(days=device),
        expires_at=NOW + FOR_YEARS,
        device="Firefox on Linux",
        last_seen_at=NOW,
    )
    document = msgspec.structs.asdict(made)
    document["_id"] = document.pop("token_sha256")
    return document


def _make_letter(number: int) -> DeadLetter:
    return DeadLetter(
        letter_id=f"letter-{number}",
        source=("plays", "uploads", "builds")[number % 3],
        payload="{" * 300,
        reason="not JSON",
        attempts=1,
        created_at=NOW - timedelta(hours=number),
    )
