"""A synthetic catalogue of any size in a MongoDB: songs by artists with long tails, sounds in clusters by genre, listeners of whom a few
play much. Documents have the shape that the stores write, made by the stores' own code; only the transactions are left out.

`fill_catalogue(database)` is for tests and benchmarks; the database must be empty. It has its indexes afterwards.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TypeVar

import msgspec
import numpy as np
from pymongo.write_concern import WriteConcern

from chalicelib.model import MFCC_COUNT, Play, StoredObject, Track, User
from chalicelib.storage.mongo import Document, MongoDatabase
from chalicelib.storage.mongo_indexes import INDEXES
from chalicelib.storage.plays import to_document as play_to_document
from chalicelib.storage.track_counts import describe_facet, describe_word
from chalicelib.storage.track_documents import to_document as track_to_document
from chalicelib.storage.track_facets import find_words, list_facets
from chalicelib.storage.users import to_document as user_to_document

T = TypeVar("T")

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SINCE = timedelta(days=3 * 365)
BATCH = 1_000

GENRES = (
    "Rock", "Pop", "Electronic", "Jazz", "Classical", "Hip-Hop", "Folk", "Ambient", "Metal", "Soul", "Blues", "Country", "Reggae", "House",
    "Techno", "Indie", "Punk", "Latin", "Soundtrack", "Chanson", "Bossa Nova", "Drum & Bass", "Singer-Songwriter", "Post-Rock",
)  # fmt: skip
_COMMON = """
love night day heart blue time life world light dream dance fire rain river moon summer winter home road city song sky sea star little lost
last black white red gold wild young old new sweet good bad long cold hot high low down away again forever never always tonight
"""
_SYLLABLES = """
ba be bi bo bu ka ke ki ko ku la le li lo lu ma me mi mo mu na ne ni no nu ra re ri ro ru sa se si so su ta te ti to tu va ve vi vo
sha che jo ël é ña ö strand berg ville mont field wood son sen ster ton ley
"""
COMMON, SYLLABLES = _COMMON.split(), _SYLLABLES.split()
JOINTS = ("the", "of", "in", "and", "to", "my", "your", "a", "on", "for", "with", "no")


class Catalogue(msgspec.Struct, frozen=True):
    """What was made: for a benchmark to ask for."""

    track_ids: tuple[str, ...]
    user_ids: tuple[str, ...]
    artists: tuple[str, ...]  # the one with the most songs first
    titles: tuple[str, ...]  # of some songs
    plays: int


def fill_catalogue(
    database: MongoDatabase, *, tracks: int = 100_000, users: int = 10_000, plays: int = 300_000, seed: int = 1
) -> Catalogue:
    """The same for the same seed. About a minute for the default sizes."""
    database = database.with_options(write_concern=WriteConcern(w=1))  # nobody minds if a power cut takes it
    dice = np.random.default_rng(seed)
    for collection in ("tracks", "plays", "facets", "search_terms", "users"):
        database[collection].drop_indexes()  # made anew at the end: that takes a fifth of the time
    played = _draw_plays(dice, tracks=tracks, users=users, plays=plays)
    starts = Counter(track for _, track, kind in played if kind == "start")
    made = _Names(dice, artists=max(10, tracks // 12))
    facets: dict[str, Document] = {}
    words: Counter[str] = Counter()
    titles = []
    for batch in _batched(_make_tracks(dice, made, tracks, starts), BATCH):
        for track in batch:
            _count(track, facets, words)
        titles += [track.display_title for track in batch[:20]]
        database["tracks"].insert_many([track_to_document(track, _fingerprints(track)) for track in batch], ordered=False)
    insert_batches(database, "facets", facets.values())
    insert_batches(database, "search_terms", ({"_id": word, **describe_word(word, count)} for word, count in words.items()))
    database["counters"].update_one({"_id": "tracks"}, {"$set": {"seq": tracks, "active": tracks}}, upsert=True)
    insert_batches(database, "users", (user_to_document(_make_user(number)) for number in range(users)))
    insert_batches(database, "plays", ({**play_to_document(play), "is_counted": True} for play in _make_plays(dice, played)))
    _make_indexes(database)
    track_ids, user_ids = tuple(make_id("track", n) for n in range(tracks)), tuple(make_id("user", n) for n in range(users))
    return Catalogue(track_ids, user_ids, tuple(made.artists), tuple(titles), len(played))


def make_id(kind: str, number: int) -> str:
    return hashlib.sha256(f"{kind} {number}".encode()).hexdigest()[:24]


class _Names:
    """Artists with their albums and genres; the n-th artist has about 1/n as many songs as the first."""

    def __init__(self, dice: np.random.Generator, *, artists: int) -> None:
        self._dice = dice
        self._rare = [self._coin() for _ in range(max(200, artists * 2))]
        self.artists = [self._name_artist(number) for number in range(artists)]
        self.genre_of = dice.choice(len(GENRES), size=artists, p=_fade(len(GENRES)))
        self.weights = _fade(artists, 0.8)

    def make_title(self) -> str:
        length = int(self._dice.integers(1, 5))
        words = [self._word(place) for place in range(length)]
        return " ".join(words).title()

    def make_album(self, artist: int, number: int) -> str:
        """The same for the same artist and number."""
        own = np.random.default_rng([artist, number])
        return f"{COMMON[own.integers(len(COMMON))]} {self._rare[own.integers(len(self._rare))]}".title()

    def _word(self, place: int) -> str:
        if place % 2 and self._dice.random() < 0.4:
            return str(self._dice.choice(JOINTS))
        if self._dice.random() < 0.7:
            return COMMON[int(len(COMMON) * self._dice.random() ** 2)]
        return self._rare[int(len(self._rare) * self._dice.random() ** 2)]

    def _name_artist(self, number: int) -> str:
        first, last = (self._rare[(number * 7 + step) % len(self._rare)].title() for step in (0, 3))
        return f"The {last}s" if number % 5 == 0 else f"{first} {last}"

    def _coin(self) -> str:
        return "".join(SYLLABLES[at] for at in self._dice.integers(len(SYLLABLES), size=int(self._dice.integers(2, 5))))


def _make_tracks(dice: np.random.Generator, names: _Names, count: int, starts: Counter[int]) -> Iterator[Track]:
    """Sounds lie around their genre's centre and, closer, around their artist's."""
    centres = dice.normal(0, 0.8, size=(len(GENRES), MFCC_COUNT))
    of_artist = dice.normal(0, 0.5, size=(len(names.artists), MFCC_COUNT))
    makers = dice.choice(len(names.artists), size=count, p=names.weights)
    ages_s = np.sort(dice.random(count)) * SINCE.total_seconds()
    for number, maker in enumerate(makers):
        genre = int(names.genre_of[maker])
        sound = centres[genre] + of_artist[maker] + dice.normal(0, 0.6, MFCC_COUNT)
        album = int(dice.integers(1 + int(names.weights[maker] * count) // 11))
        title, album_name = names.make_title(), names.make_album(int(maker), album)
        tags = _Tags(title=title, artist=names.artists[maker], album=album_name, genre=GENRES[genre])
        year = 2026 - (int(maker) * 13 + album * 2) % 60
        created_at = NOW - SINCE + timedelta(seconds=float(ages_s[number]))
        yield _make_track(number, tags, year=year, sound=sound, play_count=starts[number], created_at=created_at)


class _Tags(msgspec.Struct, frozen=True, kw_only=True):
    title: str
    artist: str
    album: str
    genre: str


def _make_track(number: int, tags: _Tags, *, year: int, sound: np.ndarray, play_count: int, created_at: datetime) -> Track:
    track_id = make_id("track", number)
    return Track(
        track_id=track_id,
        seq=number + 1,
        title=tags.title.lower(),
        display_title=tags.title,
        artist=tags.artist,
        album=tags.album,
        genre=tags.genre,
        year=year,
        track_number=number % 14 + 1,
        duration_s=120.0 + number % 200,
        objects=(StoredObject(key=f"uploads/{track_id}/{number}.mp3", etag=track_id[:8], size_bytes=4_000_000),),
        cover_key=f"covers/{track_id}.jpg" if number % 3 else None,
        mfcc=tuple((sound * 40 - 100).tolist()),
        mfcc_standardized=tuple(sound.tolist()),
        feature_version=1,
        scaler_version=1,
        status="active",
        created_at=created_at,
        updated_at=created_at,
        preview_start_s=30.0,
        play_count=play_count,
    )


def _draw_plays(dice: np.random.Generator, *, tracks: int, users: int, plays: int) -> list[tuple[int, int, str]]:
    """(user, track, kind): both with long tails; every user keeps to a part of the catalogue."""
    who = dice.choice(users, size=plays, p=_fade(users, 0.7))
    near = (who * 7919 % tracks + np.abs(dice.normal(0, tracks / 40, plays)).astype(int)) % tracks
    popular = dice.choice(tracks, size=plays, p=_fade(tracks, 0.9))
    which = np.where(dice.random(plays) < 0.5, near, popular)
    kinds = dice.choice(["start", "complete", "skip"], size=plays, p=[0.6, 0.3, 0.1])
    return list(zip(who.tolist(), which.tolist(), kinds.tolist(), strict=True))


def _make_plays(dice: np.random.Generator, played: list[tuple[int, int, str]]) -> Iterator[Play]:
    ages_s = np.sort(dice.random(len(played)))[::-1] * 90 * 86_400
    for number, ((user, track, kind), age_s) in enumerate(zip(played, ages_s.tolist(), strict=True)):
        at = NOW - timedelta(seconds=age_s)
        yield Play(
            event_id=f"play-{number:012}",
            user_id=make_id("user", user),
            track_id=make_id("track", track),
            kind=kind,  # type: ignore[arg-type]  # one of the three
            position_s=0.0,
            occurred_at=at,
            published_at=at + timedelta(milliseconds=40),
            processed_at=at + timedelta(milliseconds=400),
        )


def _make_user(number: int) -> User:
    return User(
        user_id=make_id("user", number), username=f"listener-{number}", password_hash="none: nobody logs in", created_at=NOW - SINCE
    )


def _count(track: Track, facets: dict[str, Document], words: Counter[str]) -> None:
    words.update(find_words(track))
    for facet in list_facets(track):
        known = facets.setdefault(facet.facet_id, {"_id": facet.facet_id, **describe_facet(facet), "count": 0})
        known["count"] += 1
        if track.cover_key:
            known["cover_track_id"] = track.track_id


def _fingerprints(track: Track) -> dict[str, str]:
    return {one.key: track.track_id[:16] for one in track.objects}


def _make_indexes(database: MongoDatabase) -> None:
    """One after the other: all at once can take longer than a client waits."""
    for collection in ("tracks", "plays", "facets", "search_terms", "users"):
        for index in INDEXES[collection]:
            database[collection].create_indexes([index])


def insert_batches(database: MongoDatabase, collection: str, documents: Iterable[Document]) -> None:
    for batch in _batched(documents, BATCH):
        database[collection].insert_many(batch, ordered=False)


def _fade(count: int, exponent: float = 1.0) -> np.ndarray:
    weights = 1 / np.arange(1, count + 1) ** exponent
    return np.asarray(weights / weights.sum())


def _batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch
