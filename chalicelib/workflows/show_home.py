"""What home offers a listener: the stored recommendations, made fit for this moment and parted into rows, or random songs and a few to
start a taste with. Computes no recommendation (`refresh_recommendations` does) and is never empty while there is music.

Bounded at any size of catalogue: one list, ten plays, the opinions, one read of the songs that are shown, or one seek of a sample.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

import msgspec

from chalicelib.model import Basis, Listening, Opinion, Play, Reason, RecommendationList, RecommendedTrack, Track, TrackCard
from chalicelib.recommend.rows import ReasonRow, RowPlan, plan_rows
from chalicelib.workflows.player_ports import ListeningStore
from chalicelib.workflows.ports import FeedbackStore, PlayStore, RecommendationStore, TrackStore

UNWELCOME = ("dislike", "not_now")
PICKS = 3
_JUST_PLAYED = 10  # a song on a list right after it was heard looks like a mistake
_SAMPLE = 60  # songs that picks and random ones are chosen from
_FIRST_RANDOM = 12
_NEWEST = 8
_AHEAD = 5  # songs of the queue that was left, the first of which may be gone


class OfferedTrack(msgspec.Struct, frozen=True, kw_only=True):
    track: TrackCard
    score: float
    reasons: tuple[Reason, ...] = ()


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    basis: Basis
    items: tuple[OfferedTrack, ...]
    generated_at: datetime
    index_build: str | None
    arm: str | None = None


class HomeRow(msgspec.Struct, frozen=True, kw_only=True):
    """Songs that have one played song as their reason."""

    reason: Reason
    because: TrackCard | None  # the played song, where it is still there
    is_liked: bool
    items: tuple[OfferedTrack, ...]


class Continuation(msgspec.Struct, frozen=True, kw_only=True):
    """What the listener left, on whichever device."""

    track: TrackCard
    position_s: float


class Home(msgspec.Struct, frozen=True, kw_only=True):
    offer: Offer  # its items are the first row
    rows: tuple[HomeRow, ...]
    picks: tuple[TrackCard, ...]  # for someone new
    newest: tuple[TrackCard, ...]
    continuation: Continuation | None
    opinions: Mapping[str, Opinion]
    titles: Mapping[str, str]  # of the songs that something else on the page names, where they are there


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the listener."""

    stored: RecommendationList | None
    played: frozenset[str]  # just now
    opinions: Mapping[str, Opinion]
    unwelcome: frozenset[str]
    left: Listening | None = None  # what was on when they stopped
    last_play: Play | None = None

    @property
    def ahead(self) -> tuple[str, ...]:
        return self.left.queue[self.left.place : self.left.place + _AHEAD] if self.left is not None else ()

    def list_current(self) -> tuple[RecommendedTrack, ...]:
        """The stored list by taste, without what does not belong on it at the moment."""
        if self.stored is None or self.stored.basis != "plays":
            return ()
        without = self.played | self.unwelcome
        return tuple(item for item in self.stored.items if item.track_id not in without)


def read_standing(
    user_id: str,
    *,
    plays: PlayStore,
    feedback: FeedbackStore,
    recommendations: RecommendationStore,
    listening: ListeningStore | None = None,
    now: datetime,
) -> Standing:
    """`listening` where it matters what was left."""
    opinions = feedback.for_user(user_id, now=now)
    recent = plays.recent(user_id, limit=_JUST_PLAYED)
    return Standing(
        stored=recommendations.find(user_id),
        played=frozenset(play.track_id for play in recent),
        opinions=opinions,
        unwelcome=frozenset(track_id for track_id, opinion in opinions.items() if opinion in UNWELCOME),
        left=listening.find(user_id) if listening is not None else None,
        last_play=next(iter(recent), None),
    )


def show_home(standing: Standing, *, tracks: TrackStore, limit: int, start: float, now: datetime) -> Offer:
    """The songs alone. `start` in [0, 1) says where in the fixed random order the random ones begin."""
    current = [item.track_id for item in standing.list_current()]
    found = tracks.find_cards(current[:limit])
    if len(found) < len(current[:limit]):  # some are gone: others move up
        found |= tracks.find_cards(current[limit:])
    items = _join(standing.list_current(), found)[:limit]
    if standing.stored is not None and items:
        return _offer_list(standing.stored, items)
    return _offer_random(standing, _draw(tracks, standing, 2 * limit, start=start), limit=limit, now=now)


def compose_home(
    standing: Standing, *, tracks: TrackStore, start: float, seen: Collection[str] = (), named: Collection[str] = (), now: datetime
) -> Home:
    """The whole page. `seen`: picks that someone new has seen and wants others for. `named`: songs whose titles are wanted besides."""
    plan, found = _plan_present(standing, tracks, named=named)
    newest = tuple(track for track in tracks.newest(_NEWEST) if track.track_id not in standing.unwelcome)
    home = Home(
        offer=Offer(basis="random", items=(), generated_at=now, index_build=None),
        rows=(),
        picks=(),
        newest=newest,
        continuation=_continue(standing, found),
        opinions=standing.opinions,
        titles={track_id: found[track_id].display_title for track_id in named if track_id in found},
    )
    if standing.stored is None or not plan.first:
        return _welcome_newcomer(home, standing, _draw(tracks, standing, _SAMPLE, start=start), seen=seen, now=now)
    rows = tuple(_make_row(row, found, standing) for row in plan.rows)
    return msgspec.structs.replace(home, offer=_offer_list(standing.stored, _join(plan.first, found)), rows=rows)


def _plan_present(standing: Standing, tracks: TrackStore, *, named: Collection[str]) -> tuple[RowPlan, dict[str, TrackCard]]:
    """Rows of songs that are there, and what was read: those that the rows show, not the whole list. Where one of them is gone, the
    whole list, and the rows are made of what is left of it."""
    current = standing.list_current()
    plan = plan_rows(current, without_reasons=standing.unwelcome)
    shown = plan.list_shown()
    found = tracks.find_cards(list({*shown, *(row.reason.track_id for row in plan.rows), *standing.ahead, *named}))
    if shown <= found.keys():
        return plan, found
    reasons = {reason.track_id for item in current for reason in item.reasons}
    found |= tracks.find_cards(list({*(item.track_id for item in current), *reasons} - found.keys()))
    return plan_rows([item for item in current if item.track_id in found], without_reasons=standing.unwelcome), found


def _make_row(row: ReasonRow, found: Mapping[str, TrackCard], standing: Standing) -> HomeRow:
    played = row.reason.track_id
    is_liked = standing.opinions.get(played) == "like"
    return HomeRow(reason=row.reason, because=found.get(played), is_liked=is_liked, items=_join(row.items, found))


def _continue(standing: Standing, found: Mapping[str, TrackCard]) -> Continuation | None:
    """The song itself from where it was left, or the next of its queue that is still there from its beginning."""
    track_id = next((track_id for track_id in standing.ahead if track_id in found), None)
    if track_id is None or standing.left is None:
        return None
    is_same = track_id == standing.ahead[0]
    position_s = min(standing.left.position_s, found[track_id].duration_s) if is_same else 0.0
    return Continuation(track=found[track_id], position_s=position_s)


def _welcome_newcomer(home: Home, standing: Standing, drawn: list[Track], *, seen: Collection[str], now: datetime) -> Home:
    picks = choose_picks(drawn, seen=seen)
    picked = {track.track_id for track in picks}
    others = [track for track in drawn if track.track_id not in picked]
    return msgspec.structs.replace(home, picks=picks, offer=_offer_random(standing, others or drawn, limit=_FIRST_RANDOM, now=now))


def draw_picks(standing: Standing, *, tracks: TrackStore, start: float, seen: Collection[str]) -> tuple[Track, ...]:
    """Three songs far apart in sound, others than those seen as long as there are others."""
    return choose_picks(_draw(tracks, standing, _SAMPLE, start=start), seen=seen)


def choose_picks(drawn: list[Track], *, seen: Collection[str]) -> tuple[Track, ...]:
    from chalicelib.recommend.picks import pick_far_apart  # with numpy: a page that draws nothing does without

    others = [track for track in drawn if track.track_id not in seen]
    picks = pick_far_apart(others if len(others) >= PICKS else drawn, count=PICKS) if drawn else []
    return tuple(picks) if len(picks) == PICKS else ()


def _draw(tracks: TrackStore, standing: Standing, count: int, *, start: float) -> list[Track]:
    """Songs in random order: unheard ones where there are any, never an unwelcome one unless there is no other."""
    spare = len(standing.played) + min(len(standing.unwelcome), count // 2)
    drawn = tracks.sample(count + spare, start=start)
    welcome = [track for track in drawn if track.track_id not in standing.unwelcome]
    return [track for track in welcome if track.track_id not in standing.played] or welcome or drawn


def _offer_random(standing: Standing, drawn: list[Track], *, limit: int, now: datetime) -> Offer:
    from chalicelib.recommend.variety import vary_artists

    items = tuple(OfferedTrack(track=track, score=0.0) for track in vary_artists(drawn[: 3 * limit])[:limit])
    generated_at = standing.stored.generated_at if standing.stored else now
    return Offer(basis="random", items=items, generated_at=generated_at, index_build=None)


def _offer_list(stored: RecommendationList, items: tuple[OfferedTrack, ...]) -> Offer:
    return Offer(basis="plays", items=items, generated_at=stored.generated_at, index_build=stored.index_build, arm=stored.arm)


def _join(items: Collection[RecommendedTrack], found: Mapping[str, TrackCard]) -> tuple[OfferedTrack, ...]:
    return tuple(
        OfferedTrack(track=found[item.track_id], score=item.score, reasons=item.reasons) for item in items if item.track_id in found
    )
