"""Zips, locks and the cache of what was built."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from infrastructure.annoy_wheel import read_pin
from infrastructure.build_cache import hash_inputs, reuse_or_build
from infrastructure.errors import PackageError
from infrastructure.layers import LAYER_NAMES, split_lock, trim_packages
from infrastructure.package import (
    LAMBDA_LIMIT_BYTES,
    LAYERS_OF_FUNCTION,
    Packages,
    build_packages,
    check_layer_sizes,
    check_sizes,
    list_sources,
)
from infrastructure.toolchain import compile_bytecode, run_tool
from infrastructure.zips import Archive, merge_archives, write_archive

ROOT = Path(__file__).resolve().parents[3]


def write_tree(folder: Path, *, reverse: bool = False) -> Path:
    files = {"a.py": "A = {'x', 'y', 'z'}\n", "sub/b.py": "def f(): return 'b'\n", "lib.so.1": "binary"}
    for name, text in sorted(files.items(), reverse=reverse):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_same_files_give_the_same_bytes_wherever_and_whenever_they_were_written(tmp_path: Path) -> None:
    """Order of writing, times, modes and place count for nothing; bytecode is compiled in both."""
    first, second = write_tree(tmp_path / "one"), write_tree(tmp_path / "deeper" / "two", reverse=True)
    (second / "a.py").chmod(0o600)
    os.utime(second / "sub" / "b.py", (10**9, 10**9))
    for folder in (first, second):
        compile_bytecode(folder, python=Path(sys.executable))
    archives = [write_archive(folder, name="x", out=tmp_path / f"out-{folder.name}") for folder in (first, second)]
    assert archives[0].path.read_bytes() == archives[1].path.read_bytes()
    assert archives[0].path.name == archives[1].path.name


def test_other_content_gives_another_name(tmp_path: Path) -> None:
    folder = write_tree(tmp_path / "one")
    before = write_archive(folder, name="x", out=tmp_path / "out")
    (folder / "a.py").write_text("A = 2\n")
    after = write_archive(folder, name="x", out=tmp_path / "out")
    assert before.path != after.path


def test_libraries_are_executable_and_the_unpacked_size_is_counted(tmp_path: Path) -> None:
    folder = write_tree(tmp_path / "one")
    archive = write_archive(folder, name="x", out=tmp_path / "out")
    with zipfile.ZipFile(archive.path) as zipped:
        modes = {entry.filename: entry.external_attr >> 16 & 0o777 for entry in zipped.infolist()}
        assert archive.unpacked_bytes == sum(entry.file_size for entry in zipped.infolist())
    assert modes == {"a.py": 0o644, "lib.so.1": 0o755, "sub/b.py": 0o644}


def test_what_was_built_is_not_built_again_until_an_input_changes_or_the_file_is_damaged(tmp_path: Path) -> None:
    folder, built = write_tree(tmp_path / "one"), []

    def build() -> Archive:
        built.append(1)
        return write_archive(folder, name="x", out=tmp_path / "out")

    first = reuse_or_build("x", key="k1", out=tmp_path / "out", build=build)
    assert reuse_or_build("x", key="k1", out=tmp_path / "out", build=build) == first
    assert len(built) == 1
    reuse_or_build("x", key="k2", out=tmp_path / "out", build=build)
    assert len(built) == 2
    first.path.write_bytes(b"cut")
    assert reuse_or_build("x", key="k2", out=tmp_path / "out", build=build).path.stat().st_size > 3
    assert len(built) == 3
    (tmp_path / "out" / "x.json").write_text("{half a rec")
    reuse_or_build("x", key="k2", out=tmp_path / "out", build=build)
    assert len(built) == 4


USE_PACKAGE = """
import sys
from pathlib import Path
from infrastructure.build_cache import reuse_or_build
from infrastructure.zips import write_archive
folder, out = Path(sys.argv[1]), Path(sys.argv[2])
print(reuse_or_build("x", key="k1", out=out, build=lambda: write_archive(folder, name="x", out=out)).path, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def other_process(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Has built package x, and goes on."""
    command = [sys.executable, "-c", USE_PACKAGE, str(write_tree(tmp_path / "one")), str(tmp_path / "out")]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process, Path(process.stdout.readline().strip())
        process.kill()


def rebuild(tmp_path: Path, key: str) -> Path:
    folder, out = tmp_path / "one", tmp_path / "out"
    (folder / "a.py").write_text(f"A = {key!r}\n")
    return reuse_or_build("x", key=key, out=out, build=lambda: write_archive(folder, name="x", out=out)).path


def test_package_stays_while_another_process_has_it_and_goes_with_the_next_build_after_that_was_killed(
    tmp_path: Path, other_process: tuple[subprocess.Popen[str], Path]
) -> None:
    process, theirs = other_process
    assert rebuild(tmp_path, "k2").exists()
    assert theirs.exists()
    process.kill()
    process.wait()
    assert rebuild(tmp_path, "k3").exists()
    assert not theirs.exists()


def test_packages_that_this_process_was_given_stay_too(tmp_path: Path) -> None:
    write_tree(tmp_path / "one")
    first, second = rebuild(tmp_path, "k1"), rebuild(tmp_path, "k2")
    assert first.exists()
    assert second.exists()


def test_package_that_is_being_removed_is_built_again(tmp_path: Path) -> None:
    """`build` stands for one whose file another process took away before it could be held."""
    folder, out, built = write_tree(tmp_path / "one"), tmp_path / "out", []

    def build() -> Archive:
        archive = write_archive(folder, name="x", out=out)
        if not built:
            archive.path.unlink()
        built.append(archive)
        return archive

    assert reuse_or_build("x", key="k1", out=out, build=build).path.exists()
    assert len(built) == 2


def test_key_tells_inputs_apart_that_only_join_alike() -> None:
    assert hash_inputs(["ab", "c"]) != hash_inputs(["a", "bc"])


def test_lock_is_split_into_packages_with_every_version_and_hash() -> None:
    lock = "a==1 ; python_full_version < '3.12' \\\n    --hash=sha256:00\na==2 \\\n    --hash=sha256:11\nb-c==3 \\\n    --hash=sha256:22\n"
    pins = split_lock(lock)
    assert list(pins) == ["a", "b-c"]
    assert pins["a"].count("--hash") == 2


@pytest.mark.parametrize("name", LAYER_NAMES)
def test_layer_lock_takes_the_tested_versions_pins_hashes_and_names_no_index(name: str) -> None:
    text = (ROOT / "layers" / name / "requirements.txt").read_text()
    tested = set(re.findall(r"^[a-z0-9._-]+==[^ ]+", (ROOT / "requirements-test.txt").read_text(), re.MULTILINE))
    pinned = set(re.findall(r"^[a-z0-9._-]+==[^ ]+", text, re.MULTILINE))
    assert pinned
    assert pinned <= tested
    assert "://" not in text
    assert all("--hash=sha256:" in pin for pin in split_lock(text).values())


def test_pin_of_a_package_that_a_lock_does_not_have_is_refused() -> None:
    with pytest.raises(PackageError, match="nothing-of-the-kind"):
        read_pin(ROOT / "layers" / "search" / "requirements.txt", "nothing-of-the-kind")


def test_trimming_keeps_what_is_imported_and_the_licences(tmp_path: Path) -> None:
    kept = [
        "PIL/Image.py",
        "PIL/_imaging.cpython-311.so",
        "pillow.libs/libjpeg-1.so.62",
        "x-1.dist-info/METADATA",
        "x-1.dist-info/licenses/LICENSE",
        "x.libs/y.so",
    ]
    dropped = ["numpy/tests/test_a.py", "numpy/_core/include/a.h", "bin/tool", "x-1.dist-info/RECORD", "x/stub.pyi", "x/__pycache__/a.pyc"]
    dropped += ["numpy/f2py/__init__.py", "PIL/_avif.cpython-311.so", "pillow.libs/libavif-1.so.16", "cffi/api.py"]
    for name in kept + dropped:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    trim_packages(tmp_path)
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()) == sorted(kept)


def test_what_scipy_wants_of_numpy_stays_where_scipy_is(tmp_path: Path) -> None:
    for name in ("numpy/f2py/__init__.py", "numpy/testing/__init__.py", "scipy/__init__.py"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    trim_packages(tmp_path)
    assert (tmp_path / "numpy/f2py/__init__.py").exists()
    assert (tmp_path / "numpy/testing/__init__.py").exists()


def test_a_layer_above_its_limit_fails_the_build(tmp_path: Path) -> None:
    told: list[str] = []
    check_layer_sizes({"audio": Archive(tmp_path, 80_000_000)}, told.append)
    assert told == ["layer audio: 80.0 of 80 MB"]
    with pytest.raises(PackageError, match=r"layer audio is 80\.1 MB unzipped, more than its limit of 80 MB"):
        check_layer_sizes({"audio": Archive(tmp_path, 80_100_000)}, told.append)


def pack(folder: Path, files: dict[str, str], *, out: Path, name: str = "x") -> Archive:
    for place, text in files.items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text(text)
    return write_archive(folder, name=name, out=out)


def test_a_bundle_holds_the_function_and_its_layers_at_one_root_and_is_the_same_each_time(tmp_path: Path) -> None:
    code = pack(tmp_path / "code", {"handler.py": "H = 1", "chalicelib/a.py": "A = 1"}, out=tmp_path)
    layer = pack(tmp_path / "layer", {"python/numpy/core.so": "binary", "python/a_first.py": "F = 1"}, out=tmp_path, name="layer")
    merged = [merge_archives({code.path: "", layer.path: "python/"}, name="both", out=tmp_path / place) for place in ("one", "two")]
    assert merged[0].path.read_bytes() == merged[1].path.read_bytes()
    with zipfile.ZipFile(merged[0].path) as zipped:
        entries = zipped.infolist()
    assert [entry.filename for entry in entries] == ["a_first.py", "chalicelib/a.py", "handler.py", "numpy/core.so"]
    assert [entry.external_attr >> 16 & 0o777 for entry in entries] == [0o644, 0o644, 0o644, 0o755]
    assert merged[0].unpacked_bytes == code.unpacked_bytes + layer.unpacked_bytes


def test_a_bundle_in_which_one_file_would_hide_another_is_refused_by_name(tmp_path: Path) -> None:
    code = pack(tmp_path / "code", {"handler.py": "H = 1"}, out=tmp_path)
    layer = pack(tmp_path / "layer", {"python/handler.py": "F = 1"}, out=tmp_path, name="layer")
    with pytest.raises(PackageError, match=r"handler\.py is in layer-"):
        merge_archives({code.path: "", layer.path: "python/"}, name="both", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_bundle_larger_than_lambda_takes_is_refused_too(tmp_path: Path) -> None:
    packages = Packages("aws", "python3.12", {"build_index": Archive(tmp_path, LAMBDA_LIMIT_BYTES + 1)}, {})
    with pytest.raises(PackageError, match="build_index"):
        check_sizes(packages, lambda _: None)


@pytest.mark.parametrize("function", sorted(LAYERS_OF_FUNCTION))
def test_function_holds_its_handler_and_no_pages(function: str) -> None:
    sources = [where for where, _ in list_sources(function)]
    assert {"handler.py", "chalicelib/bootstrap.py"} <= set(sources)
    assert not [where for where in sources if where.startswith(("chalicelib/web", "chalicelib/cli")) or "__pycache__" in where]


def test_package_larger_than_lambda_takes_is_refused_with_its_size(tmp_path: Path) -> None:
    layers = {name: Archive(tmp_path, LAMBDA_LIMIT_BYTES // 2) for name in LAYER_NAMES}
    packages = Packages("local", "python3.11", {"build_index": Archive(tmp_path, 2)}, layers)
    with pytest.raises(PackageError, match="build_index with its layers is 262 MB"):
        check_sizes(packages, lambda _: None)


def test_packages_for_aws_want_the_python_that_lambda_runs(tmp_path: Path) -> None:
    if sys.version_info[:2] == (3, 12):
        pytest.skip("This is the Python that packages for AWS are built with.")
    with pytest.raises(PackageError, match=r"Python 3\.12"):
        build_packages("aws", python=Path(sys.executable), out=tmp_path, report=lambda _: None)


def test_failed_tool_is_told_with_its_last_lines() -> None:
    with pytest.raises(PackageError, match="making noise failed:\nthe reason"):
        run_tool([sys.executable, "-c", "import sys; sys.exit('the reason')"], what="making noise")
