"""The pages of what was played: the history, from which plays can be taken out, and its numbers as pictures."""

from __future__ import annotations

from datetime import date

import msgspec

from chalicelib.account_model import Period
from chalicelib.errors import NotFoundError
from chalicelib.web import own_account as own
from chalicelib.web import shapes_me
from chalicelib.web.answers import Answer, redirect
from chalicelib.web.charts import Column, make_columns, make_rows
from chalicelib.web.clock import read_offset_min
from chalicelib.web.listening import list_played
from chalicelib.web.parsing import read_cursor, read_form_as
from chalicelib.web.presenters import group_listenings, present_played, present_track
from chalicelib.web.rendering import render
from chalicelib.web.routing import Routes
from chalicelib.web.visit import Visit
from chalicelib.workflows.show_statistics import Bar, Named

routes = Routes(__name__)
_LIST_SIZE = 30
_TICK_EVERY = {"weeks": 7, "all": 13}  # columns of equal width stand under the bars
EventIds = shapes_me.EventId  # several, by commas


class EventsForm(msgspec.Struct, frozen=True):
    event_ids: str = ""

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(each for each in self.event_ids.split(",") if each)[:10]


@routes.page("/history")
def show_history(visit: Visit) -> Answer:
    page = list_played(visit, limit=_LIST_SIZE, cursor=read_cursor(visit))
    rows = [
        (present_played(played, visit.urls), played.play.occurred_at, ",".join(event_ids)) for played, event_ids in group_listenings(page)
    ]
    return render(
        visit,
        "history.html",
        embeds_music=True,
        rows=rows,
        next_cursor=page.next_cursor,
        removed=visit.query("removed"),
        word=visit.query("word"),
    )


@routes.page("/history/remove", "POST")
def submit_removal(visit: Visit) -> Answer:
    """Without a script: back to the history, which offers to undo it."""
    try:
        gone = own.remove_plays(visit, read_form_as(visit, EventsForm).ids)
    except NotFoundError:
        return redirect(visit.urls.page("/history", word="gone"))
    return redirect(visit.urls.page("/history", removed=",".join(gone)))


@routes.page("/history/restore", "POST")
def submit_restoration(visit: Visit) -> Answer:
    try:
        own.restore_plays(visit, read_form_as(visit, EventsForm).ids)
    except NotFoundError:
        return redirect(visit.urls.page("/history", word="late"))
    return redirect(visit.urls.page("/history", word="back"))


@routes.page("/history/statistics")
def show_statistics(visit: Visit) -> Answer:
    period: Period = "all" if visit.query("period") == "all" else "weeks"
    offset_min = read_offset_min(visit)
    found = own.read_statistics(visit, period, offset_min)
    return render(
        visit,
        "statistics.html",
        embeds_music=True,
        statistics=found,
        days=_draw_bars(found.bars, period),
        hours=make_columns(
            [(f"{hour:02}:00 to {hour:02}:59", f"{hour:02}" if hour % 6 == 0 else "", plays) for hour, plays in enumerate(found.hours)]
        ),
        artists=make_rows([(each.name, _search(visit, each, "artist"), each.plays) for each in found.artists]),
        genres=make_rows([(each.name, _search(visit, each, "genre"), each.plays) for each in found.genres]),
        songs=[(present_track(each.track, visit.urls), each.plays) for each in found.songs],
        clock="by your clock" if offset_min else "in UTC",
    )


def _draw_bars(bars: tuple[Bar, ...], period: Period) -> tuple[Column, ...]:
    every = _TICK_EVERY[period]
    before = "Week of " if period == "all" else ""
    return make_columns(
        [
            (f"{before}{_say_day(bar.start)}", _say_day(bar.start, short=True) if number % every == 0 else "", bar.plays)
            for number, bar in enumerate(bars)
        ]
    )


def _say_day(day: date, *, short: bool = False) -> str:
    return f"{day.day} {day:%b}" if short else f"{day:%A}, {day.day} {day:%B} {day.year}"


def _search(visit: Visit, each: Named, facet: str) -> str:
    return visit.urls.page("/search", **{facet: each.name})
