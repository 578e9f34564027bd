"""What history, settings, statistics, export and erasure need, in memory: over the fakes of users, sessions, plays and uploads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from functools import partial
from typing import BinaryIO

from msgspec.structs import replace

from chalicelib.account_model import DayCount, Erasure, Feedback, SongCount
from chalicelib.errors import NotFoundError
from chalicelib.model import HistoryPause, Play, RecommendationList, Role, Session, User
from chalicelib.recommend.pruning import drop_reasons
from chalicelib.storage.accounts import PAUSES_KEPT
from chalicelib.storage.times import truncate_time
from chalicelib.workflows.account_ports import AccountStores
from tests.fakes.listener_stores import (
    FakeFeedbackStore,
    FakePlayStore,
    FakeRecommendationStore,
    FakeSessionStore,
    FakeUserStore,
    empty_list,
    leave_list,
)
from tests.fakes.query_store import FakeQueryStore
from tests.fakes.switchable import Switchable, answering
from tests.fakes.track_store import FakeTrackStore
from tests.fakes.upload_store import FakeUploadStore


class FakeAccountStore(Switchable):
    store = "users"

    def __init__(self, users: FakeUserStore, feedback: FakeFeedbackStore, recommendations: FakeRecommendationStore) -> None:
        super().__init__()
        self.users = users.users
        self.feedback, self.recommendations = feedback, recommendations

    @answering
    def set_password(self, user_id: str, password_hash: str) -> None:
        self._change(user_id, password_hash=password_hash)

    @answering
    def grant(self, user_id: str, role: Role) -> User:
        roles = self._require(user_id).roles
        return self._change(user_id, roles=roles if role in roles else (*roles, role))

    @answering
    def revoke(self, user_id: str, role: Role) -> User:
        return self._change(user_id, roles=tuple(each for each in self._require(user_id).roles if each != role))

    @answering
    def pause_history(self, user_id: str, *, since: datetime) -> User:
        return self._change(user_id, history_paused_at=self._require(user_id).history_paused_at or truncate_time(since))

    @answering
    def resume_history(self, user_id: str, *, at: datetime) -> User:
        user = self._require(user_id)
        if user.history_paused_at is None:
            return user
        ended = HistoryPause(since=user.history_paused_at, until=truncate_time(at))
        return self._change(user_id, history_paused_at=None, history_pauses=(*user.history_pauses, ended)[-PAUSES_KEPT:])

    @answering
    def reset_taste(self, user_id: str, *, at: datetime, opinions: int) -> bool:
        self._change(user_id, taste_reset_at=truncate_time(at))
        taken = 0
        for kept in (self.feedback.opinions, self.feedback.passing):
            for key in [each for each in kept if each[0] == user_id][: opinions - taken]:
                del kept[key]
                taken += 1
        self.recommendations.raise_epoch(user_id, empty_list, at)
        return taken < opinions

    @answering
    def remove(self, user_id: str) -> None:
        self.users.pop(user_id, None)

    def _require(self, user_id: str) -> User:
        if user_id not in self.users:
            raise NotFoundError("There is no such user.", code="user_not_found")
        return self.users[user_id]

    def _change(self, user_id: str, **changes: object) -> User:
        self.users[user_id] = replace(self._require(user_id), **changes)
        return self.users[user_id]


class FakeOpenSessions(Switchable):
    store = "sessions"

    def __init__(self, sessions: FakeSessionStore) -> None:
        super().__init__()
        self.sessions = sessions.sessions

    @answering
    def list_for_user(self, user_id: str, *, now: datetime, limit: int) -> list[Session]:
        own = [each for each in self.sessions.values() if each.user_id == user_id and each.expires_at > truncate_time(now)]
        return sorted(own, key=lambda each: (each.created_at, each.token_sha256), reverse=True)[:limit]

    @answering
    def touch(self, token_sha256: str, *, now: datetime, if_before: datetime) -> None:
        known = self.sessions.get(token_sha256)
        if known is not None and (known.last_seen_at is None or known.last_seen_at < truncate_time(if_before)):
            self.sessions[token_sha256] = replace(known, last_seen_at=truncate_time(now))

    @answering
    def remove_all(self, user_id: str, *, keep: str | None = None) -> int:
        gone = [token for token, each in self.sessions.items() if each.user_id == user_id and token != keep]
        for token in gone:
            del self.sessions[token]
        return len(gone)


class FakeHistoryStore(Switchable):
    store = "plays"

    def __init__(self, plays: FakePlayStore, recommendations: FakeRecommendationStore, tracks: FakeTrackStore | None = None) -> None:
        super().__init__()
        self.plays = plays
        self.recommendations = recommendations
        self.tracks = tracks

    @answering
    def remove(self, user_id: str, event_ids: Sequence[str], *, now: datetime) -> tuple[str, ...]:
        found = [play for event_id in set(event_ids) if (play := self.plays.plays.get(event_id)) is not None and play.user_id == user_id]
        for play in found:
            del self.plays.plays[play.event_id]
            self.plays.taken_out[play.event_id] = (user_id, truncate_time(now), play)
            self._count(play, -1)
        if found:
            self.recommendations.raise_epoch(user_id, partial(self._drop, found), now)
        mine = {event_id for event_id, (by, _, _) in self.plays.taken_out.items() if by == user_id}
        return tuple(event_id for event_id in dict.fromkeys(event_ids) if event_id in mine)

    @answering
    def restore(self, user_id: str, event_ids: Sequence[str], *, removed_after: datetime, now: datetime) -> tuple[str, ...]:
        for event_id in set(event_ids):
            by, at, play = self.plays.taken_out.get(event_id, ("", removed_after, None))
            if by == user_id and play is not None and at > truncate_time(removed_after):
                del self.plays.taken_out[event_id]
                self.plays.plays[event_id] = play
                self._count(play, 1)
                self.recommendations.raise_epoch(user_id, leave_list, now)
        here = {event_id for event_id, play in self.plays.plays.items() if play.user_id == user_id}
        return tuple(event_id for event_id in dict.fromkeys(event_ids) if event_id in here)

    @answering
    def forget_removed(self, *, before: datetime, limit: int) -> int:
        full = [
            (at, event_id) for event_id, (_, at, play) in self.plays.taken_out.items() if play is not None and at < truncate_time(before)
        ]
        for at, event_id in sorted(full)[:limit]:
            self.plays.taken_out[event_id] = (self.plays.taken_out[event_id][0], at, None)
        return len(full[:limit])

    def stream(self, user_id: str) -> Iterator[Play]:
        own = [play for play in self.plays.plays.values() if play.user_id == user_id]
        yield from sorted(own, key=lambda play: (play.occurred_at, play.event_id))

    @answering
    def erase(self, user_id: str, *, limit: int) -> int:
        gone = [event_id for event_id, play in self.plays.plays.items() if play.user_id == user_id][:limit]
        for event_id in gone:
            self._count(self.plays.plays.pop(event_id), -1)
        tombs = [event_id for event_id, (by, _, _) in self.plays.taken_out.items() if by == user_id][: limit - len(gone)]
        for event_id in tombs:
            del self.plays.taken_out[event_id]
        return len(gone) + len(tombs)

    def _drop(self, gone: Sequence[Play], recommendations: RecommendationList) -> RecommendationList:
        others = (self.plays.plays.get(event_id) for event_id in recommendations.play_event_ids)
        tracks = {play.track_id for play in gone} - {play.track_id for play in others if play is not None}
        return drop_reasons(recommendations, events={play.event_id for play in gone}, tracks=tracks)

    def _count(self, play: Play, by: int) -> None:
        if self.tracks is not None and play.event_id in self.plays.counted:
            self.tracks.count_start(play.track_id, by=by)


class FakeStatisticsStore(Switchable):
    """Counts when asked, from the plays that have taken effect."""

    store = "statistics"

    def __init__(self, plays: FakePlayStore) -> None:
        super().__init__()
        self.plays = plays
        self.uncounted = 0  # plays of older versions

    @answering
    def days(self, user_id: str, *, since: date) -> list[DayCount]:
        days: dict[date, Counter[int]] = {}
        for play in self._played(user_id):
            days.setdefault(play.occurred_at.date(), Counter())[4 * play.occurred_at.hour + play.occurred_at.minute // 15] += 1
        return [_count_day(day, quarters) for day, quarters in sorted(days.items()) if day >= since]

    @answering
    def songs_since(self, user_id: str, *, since: date) -> list[SongCount]:
        return self._count(play for play in self._played(user_id) if play.occurred_at.date() >= since)

    @answering
    def top_songs(self, user_id: str, *, limit: int) -> list[SongCount]:
        return self._count(self._played(user_id))[:limit]

    @answering
    def count_plays(self, user_id: str) -> int:
        return sum(1 for _ in self._played(user_id))

    @answering
    def count_older(self, *, limit: int) -> int:
        counted = min(limit, self.uncounted)
        self.uncounted -= counted
        return counted

    @answering
    def erase(self, user_id: str, *, limit: int) -> int:  # they go with the plays here
        return 0

    def _played(self, user_id: str) -> Iterator[Play]:
        own = (play for play in self.plays.plays.values() if play.user_id == user_id)
        return (play for play in own if play.event_id in self.plays.counted)

    def _count(self, plays: Iterator[Play]) -> list[SongCount]:
        counts = Counter(play.track_id for play in plays)
        return [SongCount(track_id=each, plays=count) for each, count in sorted(counts.items(), key=lambda each: (-each[1], each[0]))]


def _count_day(day: date, quarters: Counter[int]) -> DayCount:
    hours: Counter[int] = Counter()
    for quarter, plays in quarters.items():
        hours[quarter // 4] += plays
    return DayCount(day=day, plays=quarters.total(), hours=dict(hours), quarters=dict(quarters))


class FakePersonalStore(Switchable):
    store = "personal"

    def __init__(
        self,
        feedback: FakeFeedbackStore,
        recommendations: FakeRecommendationStore,
        uploads: FakeUploadStore,
        queries: FakeQueryStore | None = None,
    ) -> None:
        super().__init__()
        self.feedback = feedback
        self.recommendations = recommendations
        self.uploads = uploads
        self.queries = queries or FakeQueryStore()

    def stream_feedback(self, user_id: str) -> Iterator[Feedback]:
        own = [(at, track, opinion) for (user, track), (at, opinion) in self.feedback.opinions.items() if user == user_id]
        yield from (Feedback(track_id=track, opinion=opinion, updated_at=at) for at, track, opinion in sorted(own, reverse=True))
        passing = [(until, track, opinion) for (user, track), (until, opinion) in self.feedback.passing.items() if user == user_id]
        yield from (Feedback(track_id=track, opinion=opinion, updated_at=until, expires_at=until) for until, track, opinion in passing)

    @answering
    def erase_feedback(self, user_id: str, *, limit: int) -> int:
        count = 0
        for kept in (self.feedback.opinions, self.feedback.passing):
            for key in [each for each in kept if each[0] == user_id][: limit - count]:
                del kept[key]
                count += 1
        return count

    @answering
    def erase_recommendations(self, user_id: str) -> None:
        for kept in (self.recommendations.lists, self.recommendations.epochs, self.recommendations.renewals):
            kept.pop(user_id, None)

    @answering
    def erase_queries(self, user_id: str) -> None:
        self.queries.queries = {each.query_id: each for each in self.queries.queries.values() if each.user_id != user_id}

    @answering
    def list_upload_keys(self, user_id: str, *, limit: int) -> list[tuple[str, str]]:
        own = [(each.upload_id, each.key) for each in self.uploads.uploads.values() if each.user_id == user_id]
        return own[:limit]

    @answering
    def forget_uploader(self, upload_ids: Sequence[str]) -> None:
        for upload_id in set(upload_ids) & set(self.uploads.uploads):
            self.uploads.uploads[upload_id] = replace(self.uploads.uploads[upload_id], user_id=None)


class FakeErasureStore(Switchable):
    store = "erasures"

    def __init__(self, users: FakeUserStore, recommendations: FakeRecommendationStore) -> None:
        super().__init__()
        self.erasures: dict[str, Erasure] = {}
        users.erased = self.erasures
        recommendations.erased = self.erasures

    @answering
    def begin(self, erasure: Erasure) -> Erasure:
        known = self.erasures.get(erasure.user_id, erasure)
        takes_uploads = known.takes_uploads or erasure.takes_uploads
        times = {"requested_at": truncate_time(known.requested_at), "due_at": truncate_time(erasure.due_at)}
        self.erasures[erasure.user_id] = replace(known, takes_uploads=takes_uploads, **times)
        return self.erasures[erasure.user_id]

    @answering
    def due(self, *, now: datetime, limit: int) -> list[Erasure]:
        waiting = [(each.due_at, each.user_id) for each in self.erasures.values() if each.due_at is not None and each.due_at <= now]
        return [self.erasures[user_id] for _, user_id in sorted(waiting)[:limit]]

    @answering
    def put_off(self, user_id: str, *, until: datetime | None, passes: int) -> None:
        self.erasures[user_id] = replace(self.erasures[user_id], due_at=truncate_time(until), passes=passes)


class FakeExportBucket(Switchable):
    store = "the music bucket"

    def __init__(self) -> None:
        super().__init__()
        self.exports: dict[str, bytes] = {}

    @answering
    def put(self, user_id: str, content: BinaryIO) -> None:
        self.exports[user_id] = content.read()

    @answering
    def presign(self, user_id: str, *, filename: str, expires_s: int) -> str:
        return f"https://s3.test/music/exports/{user_id}.json?as={filename}&for={expires_s}"

    @answering
    def remove(self, user_id: str) -> None:
        self.exports.pop(user_id, None)


def make_fake_account_stores(
    *,
    users: FakeUserStore,
    sessions: FakeSessionStore,
    plays: FakePlayStore,
    feedback: FakeFeedbackStore,
    recommendations: FakeRecommendationStore,
    uploads: FakeUploadStore,
    tracks: FakeTrackStore | None = None,
    queries: FakeQueryStore | None = None,
) -> AccountStores:
    """Over the fakes that a test has already."""
    return AccountStores(
        accounts=FakeAccountStore(users, feedback, recommendations),
        sessions=FakeOpenSessions(sessions),
        history=FakeHistoryStore(plays, recommendations, tracks),
        statistics=FakeStatisticsStore(plays),
        personal=FakePersonalStore(feedback, recommendations, uploads, queries),
        erasures=FakeErasureStore(users, recommendations),
    )
