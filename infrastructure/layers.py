"""Builds the layers: third-party packages from hashed locks, trimmed to what runs, with bytecode. What is in `base` is left out of the
others, since a function has `base` and one of them. Knows no function; `package.py` says who takes which layer.
"""

from __future__ import annotations

import platform
import re
import shutil
import tempfile
import zipfile
from pathlib import Path

from infrastructure.annoy_wheel import LAYERS, Target, build_annoy_wheel
from infrastructure.build_cache import hash_files, hash_inputs
from infrastructure.toolchain import compile_bytecode, find_uv, run_tool
from infrastructure.zips import Archive, write_archive

LAYER_NAMES = ("base", "audio", "search", "build")
AWS_PLATFORM = "x86_64-manylinux_2_34"
PIN = re.compile(r"^([A-Za-z0-9._-]+)==")

# `strip` breaks OpenBLAS: no library is touched.
DROPPED_FOLDERS = ("tests", "test", "include", "__pycache__", "bin")
DROPPED_SUFFIXES = (".pyi", ".pxd", ".pyx", ".h", ".c", ".cpp", ".a", ".tp", ".f90", ".build")
KEPT_METADATA = ("METADATA", "licenses", "LICENSE", "LICENSE.txt", "LICENCE", "COPYING", "entry_points.txt")
DROPPED_TREES = (
    *("sklearn/datasets/data", "sklearn/datasets/images", "sklearn/datasets/descr", "scipy/datasets"),
    *("cffi", "pycparser"),  # soundfile was compiled with them and runs on _cffi_backend alone
)
NEEDED_BY_SCIPY = ("numpy/f2py", "numpy/testing", "numpy/distutils")  # and by scikit-learn
# Of Pillow what reads and writes JPEG, PNG and GIF stays, with the libraries that its core is linked to (libtiff, libxcb and others).
DROPPED_OF_PILLOW = (
    *(f"PIL/_{module}.*" for module in ("avif", "webp", "imagingft", "imagingcms", "imagingtk", "imagingmath", "imagingmorph")),
    *(f"pillow.libs/lib{name}*" for name in ("avif", "webp", "sharpyuv", "freetype", "harfbuzz", "brotli", "lcms2", "png16")),
)


def hash_layer_inputs(name: str, *, target: Target, python_version: str) -> str:
    """What a layer is made of: its lock, that of `base`, and the code that builds it."""
    here = Path(__file__).resolve().parent
    builders = hash_files(here, (here / f"{module}.py" for module in ("layers", "annoy_wheel", "toolchain", "zips")))
    locks = [_lock(name).read_bytes(), _lock("base").read_bytes(), (LAYERS / "search" / "build-requirements.txt").read_bytes()]
    return hash_inputs([name, target, python_version, platform.system(), platform.machine(), builders, *locks])


def build_layer(name: str, *, target: Target, python: Path, python_version: str, out: Path) -> Archive:
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"layer-{name}-", dir=out) as scratch:
        root = Path(scratch) / "layer"
        packages = root / "python"
        packages.mkdir(parents=True)
        requirements = Path(scratch) / "requirements.txt"
        pins = split_lock(_lock(name).read_text())
        in_base = set() if name == "base" else set(split_lock(_lock("base").read_text()))
        requirements.write_text("\n".join(text for package, text in pins.items() if package not in in_base | {"annoy"}) + "\n")
        _install(requirements, packages, target=target, python=python, python_version=python_version)
        if "annoy" in pins:
            _unpack_wheel(build_annoy_wheel(python, out.parent / "wheels", target=target), packages)
        trim_packages(packages)
        compile_bytecode(root, python=python)
        return write_archive(root, name=name, out=out)


def split_lock(lock: str) -> dict[str, str]:
    """Package → its lines (several, where versions differ by Python)."""
    pins: dict[str, str] = {}
    package = ""
    for line in lock.splitlines():
        found = PIN.match(line)
        if found:
            package = found.group(1).lower()
        if package and not line.startswith("#"):
            pins[package] = f"{pins[package]}\n{line}" if package in pins else line
    return pins


def trim_packages(packages: Path) -> None:
    """Removes what no function imports: tests, headers, stubs, scripts, sample data, the installer's records."""
    for tree in (*DROPPED_TREES, *(() if (packages / "scipy").is_dir() else NEEDED_BY_SCIPY)):
        shutil.rmtree(packages / tree, ignore_errors=True)
    for pattern in DROPPED_OF_PILLOW:
        for library in packages.glob(pattern):
            library.unlink()
    for path in sorted(packages.rglob("*")):
        if not path.exists():
            continue
        if path.is_dir() and path.name in DROPPED_FOLDERS:
            shutil.rmtree(path)
        elif path.is_file() and _is_droppable(path):
            path.unlink()


def _is_droppable(path: Path) -> bool:
    if path.parent.name.endswith(".dist-info"):
        return path.name not in KEPT_METADATA
    return path.suffix in DROPPED_SUFFIXES or path.name == ".lock"


def _install(requirements: Path, packages: Path, *, target: Target, python: Path, python_version: str) -> None:
    command: list[str | Path] = [find_uv(), "pip", "install", "-q", "--python", python, "--target", packages, "--link-mode", "copy"]
    command += ["--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", requirements]
    if target == "aws":
        command += ["--python-platform", AWS_PLATFORM, "--python-version", python_version]
    run_tool(command, what=f"installing layer {packages.parent.parent.name}")


def _unpack_wheel(wheel: Path, packages: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)


def _lock(name: str) -> Path:
    return LAYERS / name / "requirements.txt"
