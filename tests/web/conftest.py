from __future__ import annotations

from pathlib import Path

import pytest

from tests.web.site import Browser, Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.fixture
def ann(site: Site) -> Browser:
    return site.listener("ann")


@pytest.fixture
def bob(site: Site) -> Browser:
    return site.listener("bob")
