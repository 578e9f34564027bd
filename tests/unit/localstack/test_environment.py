"""What decides whether something is installed, and what pip was told."""

from __future__ import annotations

import io
from pathlib import Path

from localstack.environment import hash_files, installed_stamps, is_usable, read_pip_settings, read_stamps, write_command, write_stamps
from localstack.screen import Screen

CONFIG = r"""
global.index-url='https://mirror.example/simple'
install.find-links='\n/one\n/two'
:env:.cert='/etc/ca.pem'
:env:.default-timeout='180'
"""


def test_what_pip_was_told_is_read_from_its_own_listing() -> None:
    assert read_pip_settings(CONFIG) == {"index-url": "https://mirror.example/simple", "find-links": "/one /two", "cert": "/etc/ca.pem"}


def make_root(root: Path) -> Path:
    (root / "localstack").mkdir()
    for name in ("requirements-run.txt", "requirements-test.txt", "localstack/build-constraints.txt"):
        (root / name).write_text(name)
    return root


def test_the_tests_lock_satisfies_make_run_too_and_a_changed_lock_does_not(tmp_path: Path) -> None:
    root = make_root(tmp_path)
    stamps = installed_stamps(root, "requirements-test.txt")
    assert set(stamps) == {"requirements-run.txt", "requirements-test.txt"}
    (root / "requirements-run.txt").write_text("changed")
    assert stamps["requirements-run.txt"] != hash_files(root, ["requirements-run.txt", "localstack/build-constraints.txt"])


def test_a_damaged_stamp_means_that_nothing_is_installed(tmp_path: Path) -> None:
    write_stamps(tmp_path, {"a": "b"})
    assert read_stamps(tmp_path) == {"a": "b"}
    (tmp_path / "timbre-locks.json").write_text("{half")
    assert read_stamps(tmp_path) == {}


def test_an_environment_of_another_python_is_made_anew(tmp_path: Path) -> None:
    assert not is_usable(tmp_path)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").touch()
    (tmp_path / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.8.18\n")
    assert not is_usable(tmp_path)


def test_the_timbre_command_is_executable_and_written_once(tmp_path: Path) -> None:
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    write_command(tmp_path, python)
    command = python.with_name("timbre")
    assert command.stat().st_mode & 0o111
    before = command.stat().st_mtime_ns
    write_command(tmp_path, python)
    assert command.stat().st_mtime_ns == before


def test_a_step_without_a_terminal_is_one_plain_line() -> None:
    out = io.StringIO()
    with Screen(out).step("Doing it") as step:
        step.note("3 of 3")
    assert out.getvalue().startswith("  ✓ Doing it — 3 of 3")
    assert "\033" not in out.getvalue()
