"""After a page that loaded what it needs, the garbage collector has none of that to walk through in the midst of the next one."""

from __future__ import annotations

import gc

from tests.web.site import Site


def test_what_a_visit_has_loaded_is_out_of_the_collectors_sight(site: Site) -> None:
    gc.unfreeze()
    try:
        site.visitor().get("/login")
        assert gc.get_freeze_count() > 10_000
    finally:
        gc.unfreeze()
