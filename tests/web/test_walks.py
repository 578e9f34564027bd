"""Every route is walked: by the test of the query plans, and by the benchmark of pages and API."""

from __future__ import annotations

from chalicelib.web.application import list_routes
from tests.bench.pages import APART
from tests.walks.reading import READING
from tests.walks.writing import WRITING


def test_every_route_has_a_walk_and_every_walk_a_route() -> None:
    """Whoever adds a route says here what is asked of it, and has it measured and its queries explained by that."""
    assert {(route.method, route.path) for route in list_routes()} == {*READING, *WRITING}


def test_what_is_measured_apart_is_a_route() -> None:
    assert set(APART) <= {*READING, *WRITING}
