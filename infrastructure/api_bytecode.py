"""Bytecode for plain `chalice deploy`, which ships none, so that every new container would compile all that it imports. Ours goes where
Chalice packs by itself: chalicelib's beside its sources, that of the dependencies into `vendor/`, as `__pycache__` folders alone.
Each file bears the hash of its source (PEP 552, checked): Python passes over one that does not fit, so that an edit after this, or another
wheel than the one we compiled, costs time and never runs old code.
"""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from infrastructure.annoy_wheel import Target
from infrastructure.build_cache import hash_files, hash_inputs, reuse_or_build
from infrastructure.layers import AWS_PLATFORM
from infrastructure.toolchain import find_uv, read_python_version, run_tool
from infrastructure.zips import Archive, write_archive

VENDOR = "vendor"
ON_LAMBDA = "/var/task"  # what tracebacks say, wherever it was compiled


def provide_bytecode(project: Path, *, target: Target, python: Path, out: Path, report: Callable[[str], None]) -> None:
    """`python` is the one that runs Chalice, and so the function's version. Other files in `vendor/` are left alone."""
    compile_checked(project, project / "chalicelib", python=python)
    version = read_python_version(python)
    requirements = project / "requirements.txt"
    chalice = find_chalice(python)
    folder = out / f"{target}-{version}" / "bytecode"

    def build() -> Archive:
        report("compiling the API's dependencies")
        return _build(requirements, chalice, target=target, python=python, version=version, out=folder)

    shipped = hash_files(chalice, [chalice / "app.py", chalice / "__init__.py"])
    key = hash_inputs([target, version, requirements.read_bytes(), shipped, Path(__file__).read_bytes()])
    spread(reuse_or_build("bytecode", key=key, out=folder, build=build), project / VENDOR)


def find_chalice(python: Path) -> Path:
    command: list[str | Path] = [
        python,
        "-c",
        "import importlib.util; print(importlib.util.find_spec('chalice').submodule_search_locations[0])",
    ]
    return Path(run_tool(command, what=f"looking for Chalice with {python}").strip())


def compile_checked(root: Path, folder: Path, *, python: Path) -> None:
    mode: list[str | Path] = ["--invalidation-mode", "checked-hash", "-s", root, "-p", ON_LAMBDA]
    command: list[str | Path] = [python, "-m", "compileall", "-q", "-f", "-j", "1", *mode, folder]
    run_tool(command, what=f"compiling {folder}", env={"PYTHONHASHSEED": "0"})


def spread(archive: Archive, vendor: Path) -> None:
    """Exactly the bytecode of the archive; what is there already is not written again."""
    with zipfile.ZipFile(archive.path) as packed:
        wanted = {vendor / name: packed.read(name) for name in packed.namelist()}
    for path in vendor.rglob("__pycache__/*.pyc"):
        if path not in wanted:
            path.unlink()
    for path, data in wanted.items():
        if not path.is_file() or path.read_bytes() != data:
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_suffix(".part")
            draft.write_bytes(data)
            draft.replace(path)


def _build(requirements: Path, chalice: Path, *, target: Target, python: Path, version: str, out: Path) -> Archive:
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bytecode-", dir=out) as scratch:
        code = Path(scratch) / "code"
        command: list[str | Path] = [find_uv(), "pip", "install", "-q", "--python", python, "--target", code, "--link-mode", "copy"]
        command += ["--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", requirements]
        if target == "aws":
            command += ["--python-platform", AWS_PLATFORM, "--python-version", version]
        run_tool(command, what="fetching the API's dependencies")
        (code / "chalice").mkdir()
        for name in ("app.py", "__init__.py"):  # the part of it that Chalice packs
            shutil.copyfile(chalice / name, code / "chalice" / name)
        for stale in code.rglob("*.pyc"):
            stale.unlink()
        compile_checked(code, code, python=python)
        for path in list(code.rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                path.unlink()
        return write_archive(code, name="bytecode", out=out)
