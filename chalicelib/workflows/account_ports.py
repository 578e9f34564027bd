"""What history, settings, statistics, export and erasure ask of the world besides `ports.py`: protocols, under the same rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import BinaryIO, Protocol

from chalicelib.account_model import DayCount, Erasure, Feedback, SongCount
from chalicelib.model import Play, Role, Session, User


class AccountStore(Protocol):
    """The users, as they change themselves or operators change them. NotFoundError (`user_not_found`) for one who is not there."""

    def set_password(self, user_id: str, password_hash: str) -> None: ...

    def grant(self, user_id: str, role: Role) -> User:
        """Again is the same."""

    def revoke(self, user_id: str, role: Role) -> User:
        """Again is the same."""

    def pause_history(self, user_id: str, *, since: datetime) -> User:
        """Of one who has paused already the first time stays."""

    def resume_history(self, user_id: str, *, at: datetime) -> User:
        """The pause that ends is remembered among the latest. Of one who does not pause nothing changes."""

    def reset_taste(self, user_id: str, *, at: datetime, opinions: int) -> bool:
        """In one transaction: plays before then count no more, at most so many opinions are taken back, nothing of the list holds any
        more and another is wanted. False where there may be more opinions: then it is to be asked again."""

    def remove(self, user_id: str) -> None:
        """The name is free from then on. One who is not there is no error."""


class OpenSessions(Protocol):
    """All sessions of one user."""

    def list_for_user(self, user_id: str, *, now: datetime, limit: int) -> list[Session]:
        """Those that have not expired, the newest first."""

    def touch(self, token_sha256: str, *, now: datetime, if_before: datetime) -> None:
        """Notes that it was used, unless that was noted at or after `if_before`."""

    def remove_all(self, user_id: str, *, keep: str | None = None) -> int:
        """But the one of the token hash `keep`. How many."""


class HistoryStore(Protocol):
    """Taking plays out of a history, and back. What is out counts nowhere: not for taste, statistics, play counts."""

    def remove(self, user_id: str, event_ids: Sequence[str], *, now: datetime) -> tuple[str, ...]:
        """In one transaction, with what their listener's list holds because of them alone, and the wish for another list (see
        `renewal_ports`). Those that are out now, in the order given: others' and unknown ones are left out, again is the same."""

    def restore(self, user_id: str, event_ids: Sequence[str], *, removed_after: datetime, now: datetime) -> tuple[str, ...]:
        """Those that are back (or were never out), with all that they counted for; another list is wanted."""

    def forget_removed(self, *, before: datetime, limit: int) -> int:
        """Empties what was taken out before then: it cannot be restored. How many; their ids stay until nothing can bring them again."""

    def stream(self, user_id: str) -> Iterator[Play]:
        """All, the oldest first."""

    def erase(self, user_id: str, *, limit: int) -> int:
        """At most so many of the user's plays, for good, and out of the songs' play counts. How many; 0 when there are none left."""


class StatisticsStore(Protocol):
    """How often a listener played songs: counted as each play takes effect, so that no question reads the plays. A playback counts once,
    whether its player tells of its start, of its end alone, or of both (in any order)."""

    def days(self, user_id: str, *, since: date) -> list[DayCount]:
        """Days with plays, the oldest first."""

    def songs_since(self, user_id: str, *, since: date) -> list[SongCount]:
        """Every song started since, the most played first. For some weeks, not for ever."""

    def top_songs(self, user_id: str, *, limit: int) -> list[SongCount]:
        """Of all time, the most played first."""

    def count_plays(self, user_id: str) -> int:
        """Of all time."""

    def count_older(self, *, limit: int) -> int:
        """Plays that took effect before there were counts, at most so many: they are counted now. How many; 0 when none is left."""

    def erase(self, user_id: str, *, limit: int) -> int:
        """At most so many of the user's counters. How many; 0 when there are none left."""


class PersonalStore(Protocol):
    """What else is kept of one user, for export and erasure."""

    def stream_feedback(self, user_id: str) -> Iterator[Feedback]: ...

    def erase_feedback(self, user_id: str, *, limit: int) -> int:
        """How many; 0 when there is none left."""

    def erase_recommendations(self, user_id: str) -> None: ...

    def erase_queries(self, user_id: str) -> None:
        """Questions by sound, answered or not: of an hour, and no more than the limit of an hour."""

    def list_upload_keys(self, user_id: str, *, limit: int) -> list[tuple[str, str]]:
        """(upload id, key in the bucket) of some receipts that carry the user's name still."""

    def forget_uploader(self, upload_ids: Sequence[str]) -> None:
        """The receipts stay, as of nobody."""


class ErasureStore(Protocol):
    def begin(self, erasure: Erasure) -> Erasure:
        """The stored one: this, or the one that was there. One that is asked for again may take the uploads too, never fewer."""

    def due(self, *, now: datetime, limit: int) -> list[Erasure]:
        """Those whose time has come, the longest waiting first."""

    def put_off(self, user_id: str, *, until: datetime | None, passes: int) -> None: ...


class ExportBucket(Protocol):
    """One object for each user, which goes by itself after a day."""

    def put(self, user_id: str, content: BinaryIO) -> None: ...

    def presign(self, user_id: str, *, filename: str, expires_s: int) -> str:
        """A link that is saved under that name."""

    def remove(self, user_id: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountStores:
    """All of the above that are MongoDB's."""

    accounts: AccountStore
    sessions: OpenSessions
    history: HistoryStore
    statistics: StatisticsStore
    personal: PersonalStore
    erasures: ErasureStore
