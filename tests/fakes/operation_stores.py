"""Index builds, leases, dead letters and backfills in memory."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from chalicelib.errors import LeaseHeldError, NotFoundError
from chalicelib.model import Backfill, DeadLetter, IndexBuild
from chalicelib.storage.storable_text import make_storable
from chalicelib.storage.times import truncate_time
from tests.fakes.switchable import Switchable, answering


class FakeIndexBuildStore(Switchable):
    store = "index_builds"

    def __init__(self) -> None:
        super().__init__()
        self.builds: dict[str, IndexBuild] = {}

    @answering
    def add(self, build: IndexBuild) -> None:
        known = self.builds.get(build.build_id)
        kept = {name: getattr(known, name) for name in ("is_current", "is_pinned", "held_at", "collected_at")} if known is not None else {}
        made = replace(
            build, is_current=False, is_pinned=False, held_at=None, collected_at=None, created_at=truncate_time(build.created_at)
        )
        self.builds[build.build_id] = replace(made, **kept)
        if build.is_current:
            self._make_current(build.build_id)

    @answering
    def find(self, build_id: str) -> IndexBuild | None:
        return self.builds.get(build_id)

    @answering
    def set_current(self, build_id: str, *, is_pinned: bool = False) -> None:
        if build_id not in self.builds:
            raise NotFoundError(f"There is no index build {build_id}.", code="build_not_found")
        self._make_current(build_id, is_pinned=is_pinned)

    @answering
    def hold(self, build_id: str, *, now: datetime) -> bool:
        known = self.builds.get(build_id)
        if known is None or known.collected_at is not None:
            return False
        self.builds[build_id] = replace(known, held_at=truncate_time(now))
        return True

    @answering
    def begin_collection(self, build_id: str, *, held_before: datetime, now: datetime) -> bool:
        known = self.builds.get(build_id)
        if known is None or known.is_current or (known.held_at is not None and known.held_at >= truncate_time(held_before)):
            return False
        self.builds[build_id] = replace(known, collected_at=truncate_time(now))
        return True

    @answering
    def current(self) -> IndexBuild | None:
        return next((build for build in self.builds.values() if build.is_current), None)

    @answering
    def list_newest(self, *, limit: int) -> list[IndexBuild]:
        return sorted(self.builds.values(), key=lambda build: (build.created_at, build.build_id), reverse=True)[:limit]

    def _make_current(self, build_id: str, *, is_pinned: bool = False) -> None:
        self.builds = {
            key: replace(build, is_current=key == build_id, is_pinned=is_pinned and key == build_id) for key, build in self.builds.items()
        }


class FakeLeaseStore(Switchable):
    store = "leases"

    def __init__(self) -> None:
        super().__init__()
        self.leases: dict[str, tuple[str, datetime]] = {}

    @answering
    def acquire(self, name: str, *, holder: str, ttl_s: float, now: datetime) -> None:
        held_by, expires_at = self.leases.get(name, (holder, now))
        if held_by != holder and expires_at > truncate_time(now):
            raise LeaseHeldError(f"The lease {name} is held by {held_by}.")
        self.leases[name] = (holder, truncate_time(now + timedelta(seconds=ttl_s)))

    @answering
    def release(self, name: str, *, holder: str) -> None:
        if name in self.leases and self.leases[name][0] == holder:
            del self.leases[name]


class FakeDeadLetterStore(Switchable):
    store = "dead_letters"

    def __init__(self) -> None:
        super().__init__()
        self.letters: dict[str, DeadLetter] = {}

    @answering
    def add(self, letter: DeadLetter) -> None:
        known = self.letters.get(letter.letter_id)
        tried, reason = max(letter.attempts, 1), make_storable(letter.reason)
        first = replace(letter, payload=make_storable(letter.payload), attempts=0, created_at=truncate_time(letter.created_at))
        stored = first if known is None else known
        self.letters[letter.letter_id] = replace(stored, attempts=stored.attempts + tried, reason=reason)

    @answering
    def list_newest(self, *, source: str | None = None, limit: int) -> list[DeadLetter]:
        chosen = [letter for letter in self.letters.values() if source is None or letter.source == source]
        return sorted(chosen, key=lambda letter: (letter.created_at, letter.letter_id), reverse=True)[:limit]

    @answering
    def remove(self, letter_id: str) -> None:
        self.letters.pop(letter_id, None)

    @answering
    def count(self) -> int:
        return len(self.letters)


class FakeBackfillStore(Switchable):
    store = "backfills"

    def __init__(self) -> None:
        super().__init__()
        self.backfills: dict[str, Backfill] = {}

    @answering
    def find(self, source: str) -> Backfill | None:
        return self.backfills.get(source)

    @answering
    def save(self, backfill: Backfill) -> None:
        self.backfills[backfill.source] = replace(
            backfill, started_at=truncate_time(backfill.started_at), updated_at=truncate_time(backfill.updated_at)
        )
