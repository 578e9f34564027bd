"""What is asked of every route that reads: the questions that people and their players ask, varied, and deep in the lists."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from datetime import timedelta
from typing import Any

from chalicelib.library_model import TrackSort
from chalicelib.query_model import SoundQuery
from chalicelib.storage.cursors import encode_cursor
from chalicelib.storage.library_queries import ORDERS, find_place, pack_place
from localstack.gateway_event import HttpResponse
from tests.bench.catalogue import COMMON, GENRES
from tests.walks.ground import Asking, Ground, Person, Walk

Asked = Generator[Asking, HttpResponse, None]
SORTS: tuple[TrackSort, ...] = ("title", "newest", "played")
FILES = ("site.css", "site.js", "player.js", "icon.svg", "map.js")
DEEP = 3  # pages that are followed


def ask_alone(**query: str | int) -> Walk:
    def walk(_ground: Ground, person: Person) -> Asked:
        yield Asking(person=person, query=query)

    return walk


def ask_of_song(**query: str | int) -> Walk:
    def walk(ground: Ground, person: Person) -> Asked:
        yield Asking(person=person, path={"track_id": ground.track_id()}, query=query)

    return walk


def ask_cover(ground: Ground, person: Person) -> Asked:
    track_id = ground.track_id()
    while ground.find_track(track_id).cover_key is None:
        track_id = ground.track_id()
    yield Asking(person=person, path={"track_id": track_id})


def follow(ask: Callable[[str], Asking], answer: HttpResponse) -> Asked:
    """The pages behind one, as long as there are any."""
    import json  # only API answers are followed

    for _ in range(DEEP):
        cursor = json.loads(answer.body).get("next_cursor")
        if not cursor:
            return
        answer = yield ask(cursor)


def misspell(word: str) -> str:
    return word[: len(word) // 2] + word[len(word) // 2 + 1 :]


def draw_queries(ground: Ground) -> list[Mapping[str, str | int]]:
    """What the library is asked for: words as they are typed, filters, orders."""
    dice, song = ground.dice, ground.dice.choice(ground.songs)
    title, artist, album = song["display_title"], song["artist"], song["album"]
    word, genre = dice.choice(COMMON), dice.choice(GENRES)
    return [
        {},
        *({"sort": sort} for sort in SORTS),
        {"q": title[:1]},
        {"q": title[:3]},
        {"q": title},
        {"q": f"{title} {artist}"},
        {"q": " ".join(misspell(each) for each in artist.split())},
        {"q": word},
        {"q": f"{word} {dice.choice(COMMON)}"},
        {"q": word, "genre": genre},
        {"q": "zzzzqq nothing"},
        {"artist": artist},
        {"artist": artist, "album": album},
        {"album": album},
        {"genre": genre, "sort": dice.choice(SORTS)},
        {"year": dice.randrange(1967, 2026), "sort": "played"},
        {"genre": genre, "year": dice.randrange(1967, 2026)},
        {"artist": artist, "genre": genre, "sort": "newest"},
    ]


def find_deep_cursor(ground: Ground, sort: TrackSort) -> str:
    """As who has scrolled to a song anywhere in the library."""
    document = ground.database["tracks"].find_one({"_id": ground.track_id()})
    assert document is not None
    return encode_cursor(sort, pack_place(find_place(document, ORDERS[sort])))


def list_songs(limit: int | None) -> Walk:
    """`limit`: of the API; None for the page, which has its own and names the next in a link."""

    def walk(ground: Ground, person: Person) -> Asked:
        more: dict[str, str | int] = {} if limit is None else {"limit": limit}
        for query in draw_queries(ground):
            answer = yield Asking(person=person, query={**query, **more})
            if limit is not None:
                yield from follow(
                    lambda cursor, query=query: Asking(person=person, query={**query, **more, "cursor": cursor}),  # type: ignore[misc]
                    answer,
                )
        for sort in SORTS:
            yield Asking(person=person, query={"sort": sort, "cursor": find_deep_cursor(ground, sort), **more})

    return walk


def show_library(ground: Ground, person: Person) -> Asked:
    yield from list_songs(None)(ground, person)
    for kind in ("artist", "album", "genre", "year"):
        for order in ("name", "count"):
            yield Asking(person=person, query={"by": kind, "groups_by": order})


def list_groups(_ground: Ground, person: Person) -> Asked:
    for sort in ("name", "count"):
        answer = yield Asking(person=person, query={"sort": sort, "limit": 60})
        yield from follow(
            lambda cursor, sort=sort: Asking(person=person, query={"sort": sort, "limit": 60, "cursor": cursor}),  # type: ignore[misc]
            answer,
        )


def list_albums(ground: Ground, person: Person) -> Asked:
    yield from list_groups(ground, person)
    yield Asking(person=person, query={"artist": ground.dice.choice(ground.songs)["artist"]})


def list_own(limit: int | None = None) -> Walk:
    """A list of one's own, and its following pages."""

    def walk(_ground: Ground, person: Person) -> Asked:
        query: dict[str, str | int] = {} if limit is None else {"limit": limit}
        answer = yield Asking(person=person, query=query)
        if limit is not None:
            yield from follow(lambda cursor: Asking(person=person, query={**query, "cursor": cursor}), answer)

    return walk


def show_statistics(_ground: Ground, person: Person) -> Asked:
    for period in ("weeks", "all"):
        yield Asking(person=person, query={"period": period, "utc_offset_min": 60})


def show_history(ground: Ground, person: Person) -> Asked:
    yield Asking(person=person)
    plays = ground.plays_of(person, limit=200)
    if plays:
        last = plays[-1]
        yield Asking(person=person, query={"cursor": encode_cursor(last.occurred_at.isoformat(), last.event_id)})


def show_picks(ground: Ground, person: Person) -> Asked:
    yield Asking(person=person)
    yield Asking(person=person, query={"seen": ",".join(ground.track_id() for _ in range(9))})


def name_map_songs(ground: Ground, person: Person) -> Asked:
    yield Asking(person=person, query={"ids": ",".join(ground.track_id() for _ in range(30))})


def show_tags_form(ground: Ground, person: Person) -> Asked:
    yield Asking(person=person, path={"track_id": ground.own_track(person)})


def show_track_page(ground: Ground, person: Person) -> Asked:
    yield Asking(person=person, path={"track_id": ground.track_id()})
    if person.who in ("uploader", "operator"):
        trashed = ground.own_track(person)
        ground.stores.tracks().move_to_trash(trashed, now=ground.now())
        yield Asking(person=person, path={"track_id": trashed}, may_fail=True)  # 404, with the way back


def find_uploads(ground: Ground, person: Person) -> list[dict[str, Any]]:
    return list(ground.database["uploads"].find({"user_id": person.user_id}, {"key": 1}).limit(20))


def show_uploads(ground: Ground, person: Person) -> Asked:
    yield from list_own(20)(ground, person)
    found = find_uploads(ground, person)
    if found:
        yield Asking(person=person, query={"ids": ",".join(one["_id"] for one in found)})
        yield Asking(person=person, query={"key": found[0]["key"]})


def show_upload(ground: Ground, person: Person) -> Asked:
    ground.own_track(person)
    yield Asking(person=person, path={"upload_id": find_uploads(ground, person)[0]["_id"]})


def show_way(ground: Ground, person: Person) -> Asked:
    yield Asking(person=person)
    ground.own_track(person)
    yield Asking(person=person, query={"upload_id": find_uploads(ground, person)[0]["_id"]})


def show_files(_ground: Ground, person: Person) -> Asked:
    for name in FILES:
        yield Asking(person=person, path={"name": name})


def ask_of_nothing(_ground: Ground, person: Person) -> Asked:
    for path in ("no-such-page", "api/v1/no/such/thing"):
        yield Asking(person=person, path={"proxy+": path}, may_fail=True)


def show_settings(_ground: Ground, person: Person) -> Asked:
    yield Asking(person=person)
    yield Asking(person=person, query={"done": "theme"})


def draw_ids(ground: Ground, count: int) -> str:
    return ",".join(dict.fromkeys(ground.track_id() for _ in range(count)))


def draw_mix(ground: Ground, to: int, away: int) -> dict[str, str | int | list[str]]:
    """No song on both sides: that is refused."""
    chosen = list(dict.fromkeys(ground.track_id() for _ in range(4 * (to + away))))
    return {"to": chosen[:to], "away": ",".join(chosen[to : to + away])}


def ask_for_mix(ground: Ground, person: Person) -> Asked:
    yield Asking(person=person, query=draw_mix(ground, 3, 2))
    yield Asking(person=person, query={"away": draw_ids(ground, 1)})
    yield Asking(person=person, query={**draw_mix(ground, 20, 20), "limit": 50})


def show_mix_page(ground: Ground, person: Person) -> Asked:
    yield Asking(person=person)
    yield Asking(person=person, query={"to": draw_ids(ground, 2), "q": ground.dice.choice(ground.songs)["display_title"]})
    yield Asking(person=person, query=draw_mix(ground, 3, 1))


def ask_for_radio(ground: Ground, person: Person) -> Asked:
    yield Asking(person=person)
    yield Asking(person=person, query={"seed": ground.track_id(), "heard": draw_ids(ground, 120), "skipped": draw_ids(ground, 10)})
    yield Asking(
        person=person, query={"seed": ground.track_id(), "heard": draw_ids(ground, 60), "skipped": draw_ids(ground, 20), "limit": 6}
    )


def ask_for_path(ground: Ground, person: Person) -> Asked:
    for length in (2, 10, 25):
        yield Asking(person=person, query={"from": ground.track_id(), "to": ground.track_id(), "length": length})


def show_path_page(ground: Ground, person: Person) -> Asked:
    yield Asking(person=person)
    yield Asking(person=person, query={"from": ground.track_id(), "q": "night", "end": "to"})
    yield from ask_for_path(ground, person)


def make_query(ground: Ground, person: Person, *, is_heard: bool = True) -> SoundQuery:
    query_id, now = f"{ground.dice.getrandbits(96):024x}", ground.now()
    heard = ground.find_track(ground.track_id())
    features = ground.stores.tracks().features_of([heard.track_id]).get(heard.track_id)
    key = f"queries/{query_id}/clip.wav"
    query = SoundQuery(query_id=query_id, user_id=person.user_id, key=key, created_at=now, expires_at=now + timedelta(hours=1))
    ground.stores.sound_queries().create(query)
    if is_heard:
        ground.stores.sound_queries().answer(query_id, mfcc=heard.mfcc, features=features, duration_s=10.0)
    return query


def show_query(ground: Ground, person: Person) -> Asked:
    yield Asking(person=person, path={"query_id": make_query(ground, person).query_id}, query={"limit": 20})


def show_query_page(ground: Ground, person: Person) -> Asked:
    yield Asking(person=person)
    yield Asking(person=person, query={"id": make_query(ground, person).query_id})


READING: dict[tuple[str, str], Walk] = {
    ("GET", "/"): ask_alone(),
    ("GET", "/search"): show_library,
    ("GET", "/tracks/{track_id}"): show_track_page,
    ("GET", "/tracks/{track_id}/edit"): show_tags_form,
    ("GET", "/similar"): show_mix_page,
    ("GET", "/path"): show_path_page,
    ("GET", "/query"): show_query_page,
    ("GET", "/map"): ask_alone(),
    ("GET", "/upload"): list_own(),
    ("GET", "/history"): show_history,
    ("GET", "/history/statistics"): show_statistics,
    ("GET", "/settings"): show_settings,
    ("GET", "/status"): ask_alone(),
    ("GET", "/static/{name}"): show_files,
    ("GET", "/{proxy+}"): ask_of_nothing,
    ("GET", "/api/v1/docs"): ask_alone(),
    ("GET", "/api/v1/openapi.json"): ask_alone(),
    ("GET", "/api/v1/health"): ask_alone(),
    ("GET", "/api/v1/tracks"): list_songs(50),
    ("GET", "/api/v1/artists"): list_groups,
    ("GET", "/api/v1/albums"): list_albums,
    ("GET", "/api/v1/genres"): list_groups,
    ("GET", "/api/v1/years"): list_groups,
    ("GET", "/api/v1/tracks/{track_id}"): ask_of_song(),
    ("GET", "/api/v1/tracks/{track_id}/similar"): ask_of_song(limit=20),
    ("GET", "/api/v1/tracks/{track_id}/also-played"): ask_of_song(limit=12),
    ("GET", "/api/v1/tracks/{track_id}/audio"): ask_of_song(),
    ("GET", "/api/v1/tracks/{track_id}/cover"): ask_cover,
    ("GET", "/api/v1/similar"): ask_for_mix,
    ("GET", "/api/v1/radio"): ask_for_radio,
    ("GET", "/api/v1/path"): ask_for_path,
    ("GET", "/api/v1/queries/{query_id}"): show_query,
    ("GET", "/api/v1/recommendations"): ask_alone(limit=20),
    ("GET", "/api/v1/picks"): show_picks,
    ("GET", "/api/v1/history"): list_own(50),
    ("GET", "/api/v1/listening"): ask_alone(),
    ("GET", "/api/v1/map"): ask_alone(),
    ("GET", "/api/v1/map/songs"): name_map_songs,
    ("GET", "/api/v1/me"): ask_alone(),
    ("GET", "/api/v1/me/sessions"): ask_alone(),
    ("GET", "/api/v1/me/statistics"): show_statistics,
    ("GET", "/api/v1/uploads"): show_uploads,
    ("GET", "/api/v1/uploads/{upload_id}"): show_upload,
    ("GET", "/api/v1/way"): show_way,
}
