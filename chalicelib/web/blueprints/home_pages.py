"""The home page, and the picks that someone new may ask others for."""

from __future__ import annotations

from chalicelib.web import shapes_home
from chalicelib.web.answers import Answer
from chalicelib.web.blueprints.way_api import present_way
from chalicelib.web.listening import make_home, make_picks
from chalicelib.web.parsing import read_query_as
from chalicelib.web.presenters import present_offer, present_offered, present_track
from chalicelib.web.rendering import render
from chalicelib.web.routing import Routes
from chalicelib.web.urls import Urls
from chalicelib.web.visit import Visit
from chalicelib.workflows.show_home import Home, HomeRow

routes = Routes(__name__)
_SEEN_MOST = 30


@routes.page("/")
def show_home(visit: Visit) -> Answer:
    seen = read_query_as(visit, shapes_home.PicksQuery).seen_ids
    home, last = make_home(visit, seen=seen)
    page = present_home(home, visit.urls, seen=seen)
    way = present_way(last) if last else None
    is_demo = visit.listener.username == visit.settings.demo_username
    return render(visit, "home.html", embeds_music=True, home=page, is_demo=is_demo, way=way)


@routes.api("/picks")
def show_picks(visit: Visit, query: shapes_home.PicksQuery) -> shapes_home.Picks:
    """Three songs far apart in sound, for someone new to choose from: other ones than `seen`, as long as there are others."""
    picks = make_picks(visit, seen=query.seen_ids)
    return shapes_home.Picks(items=tuple(present_track(track, visit.urls) for track in picks))


def present_home(home: Home, urls: Urls, *, seen: tuple[str, ...]) -> shapes_home.HomePage:
    shown = (*seen, *(track.track_id for track in home.picks))
    left = home.continuation
    return shapes_home.HomePage(
        offer=present_offer(home.offer, urls),
        rows=tuple(_present_row(row, urls) for row in home.rows),
        picks=tuple(present_track(track, urls) for track in home.picks),
        seen=",".join(shown[-_SEEN_MOST:]),
        newest=tuple(present_track(track, urls) for track in home.newest),
        continuation=shapes_home.ContinueCard(track=present_track(left.track, urls), position_s=left.position_s) if left else None,
        opinions=dict(home.opinions),
    )


def _present_row(row: HomeRow, urls: Urls) -> shapes_home.HomeRow:
    return shapes_home.HomeRow(
        lead="Because you like" if row.is_liked else "Because you played",
        because=present_track(row.because, urls) if row.because else None,
        title=row.because.display_title if row.because else row.reason.display_title,
        items=tuple(present_offered(item, urls) for item in row.items),
    )
