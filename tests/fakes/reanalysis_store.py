"""Re-analysis in memory. The requests stand with the fake tracks, which take them away when a track is renewed or removed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from chalicelib.reanalysis_model import Reanalysis, ReanalysisRequest
from chalicelib.storage.times import truncate_time
from tests.fakes.switchable import Switchable, answering
from tests.fakes.track_store import FakeRequest, FakeTrackStore


class FakeReanalysisStore(Switchable):
    store = "re-analyses"

    def __init__(self, tracks: FakeTrackStore) -> None:
        super().__init__()
        self.kept: Reanalysis | None = None
        self._requests = tracks.requests

    @answering
    def progress(self) -> Reanalysis | None:
        return self.kept

    @answering
    def save_progress(self, progress: Reanalysis) -> None:
        finished_at = None if progress.finished_at is None else truncate_time(progress.finished_at)
        self.kept = replace(progress, started_at=truncate_time(progress.started_at), finished_at=finished_at)

    @answering
    def advance(self, version: int, walk: int, *, place: str, asked: int) -> None:
        kept = self.kept
        if kept is not None and (kept.version, kept.walk) == (version, walk):
            news = kept.has_news or asked > 0
            self.kept = replace(kept, place=max(kept.place, place), asked=kept.asked + asked, has_news=news)

    @answering
    def note_done(self, version: int) -> None:
        if self.kept is not None and self.kept.version == version:
            self.kept = replace(self.kept, done=self.kept.done + 1, has_news=True)

    @answering
    def request(self, track_id: str, version: int, *, due_at: datetime) -> bool:
        before = self._requests.get(track_id)
        if before is not None and before.version >= version:
            return False
        self._requests[track_id] = FakeRequest(version, truncate_time(due_at))
        return True

    @answering
    def request_again(self, track_id: str, version: int, *, due_at: datetime) -> None:
        request = self._requests.get(track_id)
        if request is not None and request.version == version and request.reason is None:
            request.attempts, request.due_at = request.attempts + 1, truncate_time(due_at)

    @answering
    def known(self, track_ids: Sequence[str], version: int) -> set[str]:
        return {track_id for track_id in track_ids if track_id in self._requests and self._requests[track_id].version >= version}

    @answering
    def overdue(self, version: int, *, now: datetime, limit: int) -> list[ReanalysisRequest]:
        late = [(one.due_at, track_id) for track_id, one in self._waiting(version).items() if one.due_at <= truncate_time(now)]
        return [
            ReanalysisRequest(track_id, version, self._requests[track_id].attempts, due_at) for due_at, track_id in sorted(late)[:limit]
        ]

    @answering
    def give_up(self, track_id: str, version: int, *, reason: str) -> bool:
        request = self._requests.get(track_id)
        if request is None or request.version != version:
            return False
        request.reason = reason
        return True

    @answering
    def forget(self, track_id: str) -> None:
        self._requests.pop(track_id, None)

    @answering
    def count_waiting(self, version: int, *, limit: int) -> int:
        return min(len(self._waiting(version)), max(limit, 0))

    @answering
    def count_failed(self, version: int) -> int:
        return sum(one.version == version and one.reason is not None for one in self._requests.values())

    def _waiting(self, version: int) -> dict[str, FakeRequest]:
        return {track_id: one for track_id, one in self._requests.items() if one.version == version and one.reason is None}
