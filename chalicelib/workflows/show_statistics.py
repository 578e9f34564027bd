"""What a listener played in numbers: per day or week, by the hour, and the artists, genres and songs on top. Reads counts, never plays:
at most 366 days and 100 songs, however much there is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import msgspec

from chalicelib.account_model import DayCount, Period, SongCount
from chalicelib.model import TrackCard
from chalicelib.workflows.account_ports import StatisticsStore
from chalicelib.workflows.ports import TrackStore

DAYS, WEEKS = 28, 52
SONGS_READ = 100  # artists and genres are told by the most played songs
TOP = 10
MAX_OFFSET = timedelta(hours=14)
_QUARTER = timedelta(minutes=15)


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """A day, or a week by its Monday."""

    start: date
    plays: int


class Named(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    plays: int


class TopSong(msgspec.Struct, frozen=True, kw_only=True):
    track: TrackCard
    plays: int


class Statistics(msgspec.Struct, frozen=True, kw_only=True):
    period: Period
    plays: int  # in the period
    bars: tuple[Bar, ...]  # one a day, or one a week, none left out, the oldest first
    hours: tuple[int, ...]  # 24
    artists: tuple[Named, ...]
    genres: tuple[Named, ...]
    songs: tuple[TopSong, ...]
    song_count: int  # how many songs the tops were told by


def show_statistics(
    user_id: str, period: Period, *, statistics: StatisticsStore, tracks: TrackStore, now: datetime, offset: timedelta = timedelta(0)
) -> Statistics:
    """`offset`: of the listener's clock from UTC; days and hours are theirs."""
    today = (now.astimezone(UTC) + offset).date()
    first = today - timedelta(days=DAYS - 1) if period == "weeks" else _monday(today) - timedelta(weeks=WEEKS - 1)
    days = statistics.days(user_id, since=first - timedelta(days=1))
    by_day, hours = _count_locally(days, offset, first=first)
    songs = _list_songs(user_id, period, first, statistics)[:SONGS_READ]
    found = tracks.find_cards([each.track_id for each in songs])
    present = [(found[each.track_id], each.plays) for each in songs if each.track_id in found]
    return Statistics(
        period=period,
        plays=sum(by_day.values()) if period == "weeks" else statistics.count_plays(user_id),
        bars=_make_days(by_day, first) if period == "weeks" else _make_weeks(by_day, first),
        hours=tuple(hours[hour] for hour in range(24)),
        artists=_name_top(((track.artist, plays) for track, plays in present)),
        genres=_name_top(((track.genre, plays) for track, plays in present)),
        songs=tuple(TopSong(track=track, plays=plays) for track, plays in present[:TOP]),
        song_count=len(songs),
    )


def _list_songs(user_id: str, period: Period, first: date, statistics: StatisticsStore) -> list[SongCount]:
    return statistics.songs_since(user_id, since=first) if period == "weeks" else statistics.top_songs(user_id, limit=SONGS_READ)


def _count_locally(days: list[DayCount], offset: timedelta, *, first: date) -> tuple[Counter[date], Counter[int]]:
    """From UTC's days and hours to the listener's."""
    by_day: Counter[date] = Counter()
    by_hour: Counter[int] = Counter()
    for each in days:
        for quarter, plays in _split_into_quarters(each).items():
            local = datetime(each.day.year, each.day.month, each.day.day, tzinfo=UTC) + quarter * _QUARTER + offset
            if local.date() >= first:
                by_day[local.date()] += plays
                by_hour[local.hour] += plays
    return by_day, by_hour


def _split_into_quarters(day: DayCount) -> Counter[int]:
    """What an older version counted by the hour alone is taken to have been at its beginning."""
    quarters = Counter(day.quarters)
    for hour, plays in day.hours.items():
        known = sum(day.quarters.get(4 * hour + quarter, 0) for quarter in range(4))
        quarters[4 * hour] += max(0, plays - known)
    return quarters


def _make_days(by_day: Counter[date], first: date) -> tuple[Bar, ...]:
    days = (first + timedelta(days=number) for number in range(DAYS))
    return tuple(Bar(start=day, plays=by_day[day]) for day in days)


def _make_weeks(by_day: Counter[date], first: date) -> tuple[Bar, ...]:
    by_week: Counter[date] = Counter()
    for day, plays in by_day.items():
        by_week[_monday(day)] += plays
    weeks = (first + timedelta(weeks=number) for number in range(WEEKS))
    return tuple(Bar(start=week, plays=by_week[week]) for week in weeks)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _name_top(named: Iterable[tuple[str | None, int]]) -> tuple[Named, ...]:
    counts: Counter[str] = Counter()
    for name, plays in named:
        if name:
            counts[name] += plays
    return tuple(Named(name=name, plays=plays) for name, plays in counts.most_common(TOP))
