"""Users, sessions, throttles, plays, opinions and recommendations in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from chalicelib.errors import ConflictError
from chalicelib.model import Basis, Opinion, Page, Play, RecommendationList, Session, User
from chalicelib.recommend.arms import remember_offered, was_offered
from chalicelib.storage.cursors import decode_time_cursor, encode_time_cursor
from chalicelib.storage.play_counting import Heard, Verdict, judge_plays
from chalicelib.storage.renewals import SENT_AT_ONCE_FOR
from chalicelib.storage.search_words import fold_username
from chalicelib.storage.times import truncate_time, truncate_times
from chalicelib.way_model import PlayArrival
from chalicelib.workflows.listener_ports import ListEffect, ListenerState
from tests.fakes.switchable import Switchable, answering
from tests.fakes.track_store import FakeTrackStore

NO_ARRIVALS: Mapping[str, PlayArrival] = {}


class FakeUserStore(Switchable):
    store = "users"

    def __init__(self) -> None:
        super().__init__()
        self.users: dict[str, User] = {}
        self.erased: Container[str] = ()  # FakeErasureStore says who

    @answering
    def add(self, user: User) -> None:
        if user.user_id in self.users or self._find_name(user.username) is not None:
            raise ConflictError(f"The name {user.username} is taken.", code="username_taken")
        self.users[user.user_id] = replace(user, created_at=truncate_time(user.created_at))

    @answering
    def find(self, user_id: str) -> User | None:
        return self.users.get(user_id)

    @answering
    def find_by_username(self, username: str) -> User | None:
        return self._find_name(username)

    @answering
    def was_erased(self, user_id: str) -> bool:
        return user_id in self.erased

    def _find_name(self, username: str) -> User | None:
        return next((user for user in self.users.values() if fold_username(user.username) == fold_username(username)), None)


class FakeSessionStore(Switchable):
    store = "sessions"

    def __init__(self) -> None:
        super().__init__()
        self.sessions: dict[str, Session] = {}

    @answering
    def add(self, session: Session) -> None:
        self.sessions[session.token_sha256] = replace(
            session,
            created_at=truncate_time(session.created_at),
            expires_at=truncate_time(session.expires_at),
            last_seen_at=truncate_time(session.last_seen_at),
        )

    @answering
    def find(self, token_sha256: str, *, now: datetime) -> Session | None:
        session = self.sessions.get(token_sha256)
        return session if session is not None and session.expires_at > truncate_time(now) else None

    @answering
    def remove(self, token_sha256: str) -> None:
        self.sessions.pop(token_sha256, None)


class FakeThrottleStore(Switchable):
    store = "throttles"

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[tuple[str, int, int]] = Counter()

    @answering
    def count(self, key: str, *, window_s: int, now: datetime) -> int:
        window = (key, window_s, int(now.timestamp()) // window_s)
        self.counts[window] += 1
        return self.counts[window]


class FakePlayStore(Switchable):
    store = "plays"

    def __init__(self) -> None:
        super().__init__()
        self.plays: dict[str, Play] = {}
        self.counted: set[str] = set()  # which of them count as a play; FakeRecommendationStore says so
        self.taken_out: dict[str, tuple[str, datetime, Play | None]] = {}  # FakeHistoryStore says by whom, when and which

    @answering
    def record(self, play: Play) -> bool:
        known = self.plays.get(play.event_id)
        by = self.taken_out[play.event_id][0] if play.event_id in self.taken_out else known.user_id if known is not None else None
        if by not in (None, play.user_id):
            raise ConflictError(f"The event {play.event_id} is somebody else's.", code="event_id_taken")
        if by is None:
            self.plays[play.event_id] = replace(
                play,
                occurred_at=truncate_time(play.occurred_at),
                arrived_at=truncate_time(play.arrived_at),
                published_at=truncate_time(play.published_at),
                processed_at=truncate_time(play.processed_at),
            )
        return by is None

    @answering
    def removed(self, event_ids: Sequence[str]) -> set[str]:
        return set(event_ids) & set(self.taken_out)

    @answering
    def mark_published(self, event_ids: Sequence[str], *, at: datetime, recorded_at: datetime | None = None) -> None:
        for event_id in set(event_ids) & set(self.plays):
            known = self.plays[event_id]
            recorded = truncate_time(recorded_at) or known.recorded_at
            self.plays[event_id] = replace(known, published_at=truncate_time(at), recorded_at=recorded)

    @answering
    def due_for_relay(self, *, now: datetime, publish_grace_s: float, resend_after_s: float, limit: int) -> list[Play]:
        recorded_by = truncate_time(now - timedelta(seconds=publish_grace_s))
        published_by = truncate_time(now - timedelta(seconds=resend_after_s))
        due = [
            (play.published_at or play.occurred_at, play.occurred_at, play.event_id)
            for play in self.plays.values()
            if play.processed_at is None
            and (play.heard_of_at < recorded_by if play.published_at is None else play.published_at < published_by)
        ]
        return [self.plays[event_id] for *_, event_id in sorted(due)[:limit]]

    @answering
    def unprocessed(self, event_ids: Sequence[str]) -> set[str]:
        return {event_id for event_id in event_ids if event_id in self.plays and self.plays[event_id].processed_at is None}

    @answering
    def find_many(self, event_ids: Sequence[str]) -> dict[str, Play]:
        return {event_id: self.plays[event_id] for event_id in event_ids if event_id in self.plays}

    @answering
    def recent(self, user_id: str, *, limit: int) -> list[Play]:
        return self._newest_first(user_id)[:limit]

    @answering
    def history(self, user_id: str, *, limit: int, cursor: str | None = None) -> Page[Play]:
        before = decode_time_cursor(cursor) if cursor is not None else None
        rest = [play for play in self._newest_first(user_id) if before is None or (play.occurred_at, play.event_id) < before]
        page = tuple(rest[:limit])
        return Page(page, encode_time_cursor(page[-1].occurred_at, page[-1].event_id) if len(rest) > limit else None)

    @answering
    def played_by_listeners_of(self, track_id: str, *, leave_out: str, listeners: int, plays_each: int) -> list[frozenset[str]]:
        starts = [play for play in self.plays.values() if (play.track_id, play.kind) == (track_id, "start") and play.user_id != leave_out]
        newest = sorted(starts, key=lambda play: play.occurred_at, reverse=True)
        users = list(dict.fromkeys(play.user_id for play in newest))[:listeners]
        return [frozenset(play.track_id for play in self._newest_first(user)[:plays_each]) - {track_id} for user in users]

    @answering
    def count_unprocessed(self) -> int:
        return sum(play.processed_at is None for play in self.plays.values())

    @answering
    def oldest_unprocessed(self) -> datetime | None:
        return min((play.heard_of_at for play in self.plays.values() if play.processed_at is None), default=None)

    @answering
    def newest_effects(self, *, limit: int) -> list[float]:
        effects = [(play.processed_at, play.heard_of_at) for play in self.plays.values() if play.processed_at is not None]
        return [(processed - heard).total_seconds() for processed, heard in sorted(effects, reverse=True)[:limit]]

    def _newest_first(self, user_id: str) -> list[Play]:
        own = [play for play in self.plays.values() if play.user_id == user_id]
        return sorted(own, key=lambda play: (play.occurred_at, play.event_id), reverse=True)


class FakeFeedbackStore(Switchable):
    store = "feedback"

    def __init__(self) -> None:
        super().__init__()
        self.opinions: dict[tuple[str, str], tuple[datetime, Opinion]] = {}
        self.passing: dict[tuple[str, str], tuple[datetime, Opinion]] = {}  # (until, …)

    @answering
    def put(self, user_id: str, track_id: str, opinion: Opinion, *, now: datetime, until: datetime | None = None) -> None:
        if until is not None:
            self.passing[user_id, track_id] = (truncate_time(until), opinion)
            return
        self.opinions[user_id, track_id] = (truncate_time(now), opinion)
        self.passing.pop((user_id, track_id), None)

    @answering
    def remove(self, user_id: str, track_id: str) -> None:
        self.opinions.pop((user_id, track_id), None)
        self.passing.pop((user_id, track_id), None)

    @answering
    def for_user(self, user_id: str, *, now: datetime | None = None) -> dict[str, Opinion]:
        own = [(time, track_id, opinion) for (user, track_id), (time, opinion) in self.opinions.items() if user == user_id]
        lasting = {track_id: opinion for _, track_id, opinion in sorted(own, reverse=True)[:1000]}
        covering = {
            t: opinion for (user, t), (until, opinion) in self.passing.items() if user == user_id and now is not None and until > now
        }
        return {**lasting, **covering}

    @answering
    def find(self, user_id: str, track_id: str, *, now: datetime | None = None) -> Opinion | None:
        until, passing = self.passing.get((user_id, track_id), (None, None))
        if passing is not None and until is not None and now is not None and until > now:
            return passing
        lasting = self.opinions.get((user_id, track_id))
        return lasting[1] if lasting is not None else None


class FakeListenerStore(Switchable):
    """What the other stores have."""

    store = "plays"

    def __init__(self, users: FakeUserStore, plays: FakePlayStore, feedback: FakeFeedbackStore) -> None:
        super().__init__()
        self.users, self.plays, self.feedback = users, plays, feedback

    @answering
    def read_states(self, user_ids: Sequence[str], *, plays: int, now: datetime) -> dict[str, ListenerState]:
        return {user_id: self._read_state(user_id, plays, now) for user_id in user_ids}

    def _read_state(self, user_id: str, plays: int, now: datetime) -> ListenerState:
        user = self.users.find(user_id)
        if user is None:
            return ListenerState((), {})
        return ListenerState(self.plays.recent(user_id, limit=plays), self.feedback.for_user(user_id, now=now), user.taste_reset_at)


def empty_list(recommendations: RecommendationList) -> RecommendationList:
    return replace(recommendations, items=(), play_event_ids=())


def leave_list(recommendations: RecommendationList) -> RecommendationList:
    return recommendations


class FakeRecommendationStore(Switchable):
    store = "recommendations"

    def __init__(self, plays: FakePlayStore, tracks: FakeTrackStore | None = None) -> None:
        super().__init__()
        self.plays = plays
        self.tracks = tracks
        self.lists: dict[str, RecommendationList] = {}
        self.offered: dict[str, tuple[tuple[str, str] | None, bytes]] = {}
        self.processed: Counter[str] = Counter()
        self.epochs: Counter[str] = Counter()
        self.renewals: dict[str, datetime] = {}  # when they are due
        self.erased: Container[str] = ()  # FakeErasureStore says who

    @answering
    def find(self, user_id: str) -> RecommendationList | None:
        return self.lists.get(user_id)

    @answering
    def find_basis(self, user_id: str) -> Basis | None:
        return self.lists[user_id].basis if user_id in self.lists else None

    @answering
    def save_with_effect(
        self,
        recommendations: RecommendationList,
        event_ids: Sequence[str],
        *,
        now: datetime,
        arrivals: Mapping[str, PlayArrival] = NO_ARRIVALS,
        epoch: int | None = None,
    ) -> int:
        user_id = recommendations.user_id
        if user_id in self.erased:
            return 0
        mine = [play for event_id in set(event_ids) if (play := self.plays.plays.get(event_id)) is not None and play.user_id == user_id]
        fresh = [play for play in mine if play.processed_at is None]
        offered_by, was = self.offered.get(user_id, (None, b""))
        for play in fresh:
            if offered_by is not None and was_offered(play.track_id, was):
                play = replace(play, experiment=offered_by[0], arm=offered_by[1])  # noqa: PLW2901
            arrival = truncate_times(arrivals.get(play.event_id, PlayArrival()))
            marked = replace(play, processed_at=truncate_time(now), arrival=arrival, search=recommendations.search)
            self.plays.plays[play.event_id] = marked
        self._count(judge_plays({play.event_id for play in fresh}, map(self._to_heard, self.plays.plays.values())))
        known = self.lists.get(user_id)
        offered = replace(recommendations, generated_at=truncate_time(recommendations.generated_at))
        is_past = epoch is not None and epoch != self.epochs[user_id]
        is_later = known is None or user_id in self.renewals or known.generated_at <= offered.generated_at
        chosen = known if is_past or not is_later else offered
        self.processed[user_id] += len(fresh)
        if chosen is not None:
            self.lists[user_id] = replace(chosen, plays_processed=self.processed[user_id])
        if chosen is offered and offered.basis == "plays" and offered.experiment is not None and offered.arm is not None:
            by = (offered.experiment, offered.arm)
            self.offered[user_id] = by, remember_offered((each.track_id for each in offered.items), was if offered_by == by else b"")
        if chosen is offered:
            self.renewals.pop(user_id, None)
        return len(fresh)

    def _count(self, verdict: Verdict) -> None:
        self.plays.counted = (self.plays.counted | verdict.plays) - verdict.no_plays
        for by, ids in ((1, verdict.plays), (-1, verdict.no_plays)):
            for event_id in ids if self.tracks is not None else ():
                self.tracks.count_start(self.plays.plays[event_id].track_id, by=by)

    def _to_heard(self, play: Play) -> Heard:
        return Heard(
            event_id=play.event_id,
            user_id=play.user_id,
            track_id=play.track_id,
            kind=play.kind,
            occurred_at=play.occurred_at,
            has_effect=play.processed_at is not None,
            is_play=play.event_id in self.plays.counted,
        )

    @answering
    def save_each_with_effect(self, effects: Sequence[ListEffect], *, now: datetime) -> list[int]:
        return [
            self.save_with_effect(each.recommendations, list(each.arrivals), now=now, arrivals=each.arrivals, epoch=each.epoch)
            for each in effects
        ]

    @answering
    def read_epochs(self, user_ids: Sequence[str]) -> dict[str, int]:
        return {user_id: self.epochs[user_id] for user_id in user_ids}

    @answering
    def read_epoch(self, user_id: str) -> int:
        return self.epochs[user_id]

    def want_renewal(self, user_id: str, *, now: datetime) -> None:
        """As when a taste begins anew."""
        self.raise_epoch(user_id, empty_list, now)

    @answering
    def is_renewal_wanted(self, user_id: str) -> bool:
        return user_id in self.renewals

    @answering
    def due_renewals(self, *, now: datetime, limit: int) -> list[str]:
        due = sorted((due_at, user_id) for user_id, due_at in self.renewals.items() if due_at <= truncate_time(now))
        return [user_id for _, user_id in due[:limit]]

    @answering
    def put_off_renewals(self, user_ids: Sequence[str], *, until: datetime) -> None:
        for user_id in set(user_ids) & set(self.renewals):
            self.renewals[user_id] = truncate_time(until)

    def raise_epoch(self, user_id: str, prune: Callable[[RecommendationList], RecommendationList], now: datetime) -> None:
        """FakeHistoryStore says when."""
        if user_id in self.erased:
            return
        self.epochs[user_id] += 1
        self.renewals[user_id] = truncate_time(now + SENT_AT_ONCE_FOR)
        if user_id in self.lists:
            self.lists[user_id] = prune(self.lists[user_id])
