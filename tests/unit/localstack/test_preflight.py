"""Names of packages by distribution, and one clear line for each thing that is missing."""

from __future__ import annotations

import socket
from contextlib import closing
from pathlib import Path

import pytest

from localstack.preflight import Lack, describe, find_lacks, is_port_free
from localstack.system_packages import has_64_bit_time_names, list_packages, read_os_release


@pytest.mark.parametrize(
    ("release", "library"),
    [
        ({"ID": "debian", "VERSION_ID": "12"}, "libcurl4"),
        ({"ID": "debian", "VERSION_ID": "13"}, "libcurl4t64"),
        ({"ID": "ubuntu", "VERSION_ID": "22.04"}, "libcurl4"),
        ({"ID": "ubuntu", "VERSION_ID": "24.04"}, "libcurl4t64"),
        ({"ID": "linuxmint", "ID_LIKE": "ubuntu debian", "VERSION_ID": "22"}, "libcurl4"),
        ({"ID": "debian"}, "libcurl4"),
    ],
)
def test_libraries_have_the_names_of_their_distribution(release: dict[str, str], library: str) -> None:
    assert library in list_packages(release=release)
    assert has_64_bit_time_names(release) is library.endswith("t64")


def test_os_release_is_read_with_and_without_quotes(tmp_path: Path) -> None:
    path = tmp_path / "os-release"
    path.write_text('ID=debian\nVERSION_ID="12"\n# comment\n')
    assert read_os_release(path) == {"ID": "debian", "VERSION_ID": "12"}
    assert read_os_release(tmp_path / "none") == {}


def test_a_taken_port_is_one_line_that_says_what_to_do() -> None:
    with closing(socket.socket()) as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        assert not is_port_free(port)
        sentences = [lack.sentence for lack in find_lacks(port=port, needs_mongod=False)]
    assert any(f"Port {port} is taken" in sentence and f"make run PORT={port + 1}" in sentence for sentence in sentences)


def test_apache_kafka_without_java_and_maven_is_two_lines_that_name_the_packages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    without = find_lacks(port=0, needs_mongod=False)
    lacks = [lack for lack in find_lacks(port=0, needs_mongod=False, needs_kafka=True) if lack not in without]
    assert [lack.packages for lack in lacks] == [("default-jdk-headless",), ("maven",)]
    assert all("KAFKA=apache needs" in lack.sentence for lack in lacks)


def test_missing_packages_end_in_one_line_to_paste() -> None:
    text = describe([Lack("No compiler.", ("g++",)), Lack("No curl.", ("libcurl4",)), Lack("No room.")])
    assert text.splitlines()[:3] == ["  ✗ No compiler.", "  ✗ No curl.", "  ✗ No room."]
    assert text.splitlines()[-1].strip() == "sudo apt-get update && sudo apt-get install -y g++ libcurl4"
