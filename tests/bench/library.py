"""How long the library's lists and searches take on a catalogue of 100,000 songs, and what its indexes weigh: one JSON line each.

`python -m tests.bench.library MONGODB_URI DATABASE` measures a database that `catalogue.fill_catalogue` has filled.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import time
from collections.abc import Callable

from chalicelib.library_model import GroupKind, TrackQuery
from chalicelib.storage.mongo import MongoDatabase, connect
from chalicelib.storage.plays import MongoPlayStore
from chalicelib.storage.tracks import MongoTrackStore
from chalicelib.workflows.also_played import list_also_played
from tests.bench.catalogue import COMMON, GENRES, Catalogue, make_id

REPEATS = 60
KINDS: tuple[GroupKind, ...] = ("artist", "album", "genre", "year")


def measure_library(database: MongoDatabase, catalogue: Catalogue, *, repeats: int = REPEATS) -> dict[str, tuple[float, float]]:
    """(p50, p95) in milliseconds, by what was asked."""
    dice = random.Random(7)
    acts = list_acts(MongoTrackStore(database), MongoPlayStore(database), catalogue, dice)
    return {name: _measure(act, repeats) for name, act in acts.items()}


def list_acts(tracks: MongoTrackStore, plays: MongoPlayStore, catalogue: Catalogue, dice: random.Random) -> dict[str, Callable[[], object]]:
    def search(words: str) -> object:
        return tracks.browse(TrackQuery(text=words), limit=30)

    def company() -> object:
        track_id = make_id("track", int(len(catalogue.track_ids) * dice.random() ** 6))
        return list_also_played(track_id, user_id=catalogue.user_ids[0], plays=plays, tracks=tracks, limit=12)

    def misspell(word: str) -> str:
        place = dice.randrange(max(1, len(word) - 1))
        return word[:place] + word[place + 1 :]

    artist = lambda: catalogue.artists[int(len(catalogue.artists) * dice.random() ** 3)]  # noqa: E731
    title = lambda: dice.choice(catalogue.titles)  # noqa: E731
    return {
        "search: a common word": lambda: search(dice.choice(COMMON)),
        "search: one letter": lambda: search(dice.choice("abcdefghijklmnoprstuvw")),
        "search: three letters": lambda: search(title()[:3]),
        "search: a whole title": lambda: search(title()),
        "search: an artist": lambda: search(artist()),
        "search: title and artist that do not meet": lambda: search(f"{title()} {artist()}"),
        "search: two common words": lambda: search(f"{dice.choice(COMMON)} {dice.choice(COMMON)}"),
        "search: a letter left out": lambda: search(" ".join(misspell(word) for word in artist().split())),
        "search: within a genre": lambda: tracks.browse(TrackQuery(text=dice.choice(COMMON), genre=dice.choice(GENRES)), limit=30),
        "all by title, six pages": lambda: _go_through(tracks, TrackQuery()),
        "most played, six pages": lambda: _go_through(tracks, TrackQuery(sort="played")),
        "newest of a genre, six pages": lambda: _go_through(tracks, TrackQuery(genre=dice.choice(GENRES), sort="newest")),
        "an artist by title": lambda: tracks.browse(TrackQuery(artist=artist()), limit=30),
        "a genre and a year": lambda: tracks.browse(TrackQuery(genre=dice.choice(GENRES), year=dice.randrange(1970, 2026)), limit=30),
        **{f"{kind}s by name": lambda kind=kind: tracks.list_groups(kind, limit=60) for kind in KINDS},  # type: ignore[misc]
        "artists by songs": lambda: tracks.list_groups("artist", limit=60, sort="count"),
        "also played": company,
    }


def _go_through(tracks: MongoTrackStore, query: TrackQuery) -> object:
    """Six pages deep."""
    page = tracks.browse(query, limit=30)
    for _ in range(5):
        page = tracks.browse(query, limit=30, cursor=page.next_cursor)
    return page


def _measure(act: Callable[[], object], repeats: int) -> tuple[float, float]:
    act()
    taken = []
    for _ in range(repeats):
        begin = time.perf_counter()
        act()
        taken.append(1000 * (time.perf_counter() - begin))
    cuts = statistics.quantiles(taken, n=20)
    return cuts[9], cuts[18]


def main(uri: str, name: str) -> int:
    database = connect(uri, name)
    titles = tuple(one["display_title"] for one in database["tracks"].find({}, {"display_title": 1}).limit(2_000))
    artists = tuple(one["name"] for one in database["facets"].find({"kind": "artist"}, {"name": 1}).sort([("kind", 1), ("count", -1)]))
    count = database["tracks"].estimated_document_count()
    catalogue = Catalogue(tuple(make_id("track", n) for n in range(count)), (make_id("user", 0),), artists, titles, 0)
    for act, (p50, p95) in measure_library(database, catalogue).items():
        print(json.dumps({"bench": "library", "act": act, "tracks": count, "p50_ms": round(p50, 2), "p95_ms": round(p95, 2)}))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
