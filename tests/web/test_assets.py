"""Static files: what a module imports carries a version, and a change below changes every version above."""

from __future__ import annotations

from pathlib import Path

import pytest

from chalicelib.errors import NotFoundError
from chalicelib.web import assets


def _write(folder: Path, **modules: str) -> Path:
    for name, content in modules.items():
        (folder / f"{name}.js").write_text(content)
    return folder


def test_an_imported_module_carries_its_version(tmp_path: Path) -> None:
    folder = _write(tmp_path, player='import { a } from "./queue.js";', queue="export const a = 1;")
    queue = assets._make_asset("queue.js", folder, ())
    assert assets._make_asset("player.js", folder, ()).content == f'import {{ a }} from "./queue.js?v={queue.version}";'


def test_a_change_far_below_changes_the_version_above(tmp_path: Path) -> None:
    folder = _write(tmp_path, player='import "./queue.js";', queue='import "./net.js";', net="1;")
    before = assets._make_asset("player.js", folder, ())
    _write(folder, net="2;")
    after = assets._make_asset("player.js", folder, ())
    assert before.version != after.version
    assert after.imports == ("queue.js", "net.js")


def test_a_ring_of_imports_is_told(tmp_path: Path) -> None:
    folder = _write(tmp_path, a='import "./b.js";', b='import "./a.js";')
    with pytest.raises(ValueError, match="imports itself"):
        assets._make_asset("a.js", folder, ())


def test_every_file_of_the_site_can_be_served() -> None:
    assert all(assets.find_asset(name).content for name in assets._list_names())


@pytest.mark.parametrize("name", ["nothing.js", "../assets.py", "", "site.css/"])
def test_only_what_is_in_the_folder_is_found(name: str) -> None:
    with pytest.raises(NotFoundError):
        assets.find_asset(name)
