"""Bytecode for plain `chalice deploy`: what goes where, that the same gives the same, and that old bytecode is never what runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from infrastructure.api_bytecode import VENDOR, compile_checked, find_chalice, spread
from infrastructure.zips import Archive, write_archive

HERE = Path(sys.executable)
TAG = sys.implementation.cache_tag


def write_project(folder: Path, *, text: str = "ANSWER = 1\n") -> Path:
    (folder / "chalicelib" / "web").mkdir(parents=True, exist_ok=True)
    (folder / "chalicelib" / "__init__.py").touch()
    (folder / "chalicelib" / "web" / "pages.py").write_text(text)
    return folder


def run(folder: Path, code: str) -> str:
    """By a fresh Python that writes no bytecode, as on Lambda, where it cannot."""
    done = subprocess.run([HERE, "-B", "-S", "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def pack_bytecode(folder: Path, modules: dict[str, str]) -> Archive:
    """As `_build` does: compiled, then without the sources."""
    code = folder / "code"
    for name, text in modules.items():
        (code / name).parent.mkdir(parents=True, exist_ok=True)
        (code / name).write_text(text)
    compile_checked(code, code, python=HERE)
    for name in modules:
        (code / name).unlink()
    return write_archive(code, name="bytecode", out=folder / "out")


def test_the_bytecode_is_the_same_wherever_and_whenever_it_was_compiled(tmp_path: Path) -> None:
    first, second = write_project(tmp_path / "one"), write_project(tmp_path / "two" / "deeper")
    made = []
    for project in (first, second):
        compile_checked(project, project / "chalicelib", python=HERE)
        compile_checked(project, project / "chalicelib", python=HERE)
        made.append((project / "chalicelib" / "web" / "__pycache__" / f"pages.{TAG}.pyc").read_bytes())
    assert made[0] == made[1]
    assert str(tmp_path).encode() not in made[0]


def test_the_bytecode_is_what_python_runs(tmp_path: Path) -> None:
    project = write_project(tmp_path)
    compile_checked(project, project / "chalicelib", python=HERE)
    command = [HERE, "-B", "-S", "-v", "-c", "import chalicelib.web.pages"]
    told = subprocess.run(command, cwd=project, capture_output=True, text=True, check=True).stderr
    assert any(f"pages.{TAG}.pyc" in line and "code object from" in line for line in told.splitlines())


def test_an_edited_module_is_run_as_it_is_now_though_its_old_bytecode_lies_beside_it(tmp_path: Path) -> None:
    """Even one of the same size and the same time, which ordinary bytecode cannot tell from what it was made of."""
    project = write_project(tmp_path)
    page = project / "chalicelib" / "web" / "pages.py"
    compile_checked(project, project / "chalicelib", python=HERE)
    times = page.stat()
    page.write_text("ANSWER = 2\n")
    os.utime(page, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert run(project, "import chalicelib.web.pages as p; print(p.ANSWER)") == "2"


def test_bytecode_of_another_wheel_than_the_one_that_is_shipped_is_passed_over(tmp_path: Path) -> None:
    spread(pack_bytecode(tmp_path, {"song/__init__.py": "NAME = 'of the wheel that was compiled'\n"}), tmp_path / "zip")
    (tmp_path / "zip" / "song" / "__init__.py").write_text("NAME = 'of the wheel that is shipped'\n")
    assert run(tmp_path / "zip", "import song; print(song.NAME)") == "of the wheel that is shipped"


def test_vendor_gets_the_bytecode_and_loses_what_an_earlier_one_left_and_nothing_else(tmp_path: Path) -> None:
    vendor = tmp_path / VENDOR
    (vendor / "theirs").mkdir(parents=True)
    (vendor / "theirs" / "module.py").touch()
    spread(pack_bytecode(tmp_path / "old", {"gone.py": "A = 1\n", "song.py": "A = 1\n"}), vendor)
    archive = pack_bytecode(tmp_path / "new", {"song.py": "A = 2\n"})
    spread(archive, vendor)
    kept = sorted(path.relative_to(vendor).as_posix() for path in vendor.rglob("*") if path.is_file())
    assert kept == [f"__pycache__/song.{TAG}.pyc", "theirs/module.py"]
    written_at = (vendor / "__pycache__" / f"song.{TAG}.pyc").stat().st_mtime_ns
    spread(archive, vendor)
    assert (vendor / "__pycache__" / f"song.{TAG}.pyc").stat().st_mtime_ns == written_at


def test_chalice_is_found_where_the_python_that_runs_it_has_it() -> None:
    assert {"app.py", "__init__.py"} <= {path.name for path in find_chalice(HERE).iterdir()}
