"""Builds what Lambda runs: one zip per function and one per layer, for this machine's emulator (`local`) or for AWS (`aws`); or bundled,
each function with its layers in one zip, for an emulator that mounts none. Names are content hashes; what has not changed is not built
again. Uploading is left to `deploy.py`.
"""

from __future__ import annotations

import platform
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from infrastructure.annoy_wheel import Target
from infrastructure.build_cache import hash_files, hash_inputs, reuse_or_build
from infrastructure.errors import PackageError
from infrastructure.layers import LAYER_NAMES, build_layer, hash_layer_inputs
from infrastructure.toolchain import compile_bytecode, read_python_version
from infrastructure.zips import Archive, merge_archives, write_archive

ROOT = Path(__file__).resolve().parents[1]
LAYERS_OF_FUNCTION: Mapping[str, tuple[str, ...]] = {
    "extract_features": ("base", "audio"),
    "build_index": ("base", "build"),
    "recommend": ("base", "search"),
    "relay_plays": ("base",),
    "record_dead_letter": ("base",),
}
LEFT_TO_THE_API = ("web", "cli")
AWS_PYTHON = "3.12"  # today's wheels want glibc 2.28 or newer: Lambda's 3.11 has 2.26
LAMBDA_LIMIT_BYTES = 262_144_000  # function and layers, unzipped
LAYER_LIMITS_BYTES = {"audio": 80_000_000}  # of our own: what a cold start fetches


@dataclass(frozen=True, slots=True)
class Packages:
    target: Target
    runtime: str  # python3.11
    functions: Mapping[str, Archive]
    layers: Mapping[str, Archive]  # none where the functions are bundled

    def unpacked_bytes(self, function: str) -> int:
        layers = sum(self.layers[name].unpacked_bytes for name in LAYERS_OF_FUNCTION[function]) if self.layers else 0
        return self.functions[function].unpacked_bytes + layers


@dataclass(frozen=True, slots=True)
class Workshop:
    """For whom and with what everything is built."""

    target: Target
    python: Path
    version: str
    out: Path
    report: Callable[[str], None]


def build_packages(target: Target, *, python: Path, out: Path, report: Callable[[str], None], bundled: bool = False) -> Packages:
    """Everything the template needs, below `out`. `python` is the one that will run it: the emulator's own, or a 3.12 for AWS."""
    version = read_python_version(python)
    if target == "aws":
        _refuse_other_builders(python, version)
    folder = out / f"{target}-{version}"
    workshop = Workshop(target, python, version, folder, report)
    layers = {name: _provide_layer(name, workshop) for name in LAYER_NAMES}
    check_layer_sizes(layers, report)
    functions = {name: _provide_function(name, workshop) for name in LAYERS_OF_FUNCTION}
    if bundled:
        functions = {name: _provide_bundle(name, functions[name], layers, workshop) for name in functions}
    packages = Packages(target, f"python{version}", functions, {} if bundled else layers)
    check_sizes(packages, report)
    return packages


def _refuse_other_builders(python: Path, version: str) -> None:
    """What is fetched has wheels for every platform; Annoy is compiled here, and bytecode by the version that reads it."""
    if version != AWS_PYTHON:
        raise PackageError(f"packages for AWS are compiled by Python {AWS_PYTHON}, but {python} is {version}")
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise PackageError("Packages for Lambda's own Python are built on Linux with x86-64 only: Annoy is compiled for it here.")


def check_layer_sizes(layers: Mapping[str, Archive], report: Callable[[str], None]) -> None:
    for name, limit in LAYER_LIMITS_BYTES.items():
        size = layers[name].unpacked_bytes
        if size > limit:
            raise PackageError(f"layer {name} is {size / 1e6:.1f} MB unzipped, more than its limit of {limit / 1e6:.0f} MB")
        report(f"layer {name}: {size / 1e6:.1f} of {limit / 1e6:.0f} MB")


def check_sizes(packages: Packages, report: Callable[[str], None]) -> None:
    for name in packages.functions:
        size = packages.unpacked_bytes(name)
        if size > LAMBDA_LIMIT_BYTES:
            raise PackageError(f"{name} with its layers is {size / 1e6:.0f} MB, more than Lambda's {LAMBDA_LIMIT_BYTES / 1e6:.0f} MB")
        report(f"{name}: {size / 1e6:.0f} of {LAMBDA_LIMIT_BYTES / 1e6:.0f} MB")


def _provide_layer(name: str, workshop: Workshop) -> Archive:
    out = workshop.out / "layers"

    def build() -> Archive:
        workshop.report(f"building layer {name}")
        return build_layer(name, target=workshop.target, python=workshop.python, python_version=workshop.version, out=out)

    key = hash_layer_inputs(name, target=workshop.target, python_version=workshop.version)
    return reuse_or_build(name, key=key, out=out, build=build)


def _provide_function(name: str, workshop: Workshop) -> Archive:
    out = workshop.out / "functions"
    sources = list_sources(name)

    def build() -> Archive:
        workshop.report(f"packing function {name}")
        return _build_function(name, sources, python=workshop.python, out=out)

    key = hash_inputs([workshop.version, _hash_builders(), *(part for where, path in sources for part in (where, path.read_bytes()))])
    return reuse_or_build(name, key=key, out=out, build=build)


def _provide_bundle(name: str, function: Archive, layers: Mapping[str, Archive], workshop: Workshop) -> Archive:
    """Function and layers in one zip, what Lambda would find in /opt/python beside the handler."""
    out = workshop.out / "bundles"
    parts = {function.path: ""} | {layers[layer].path: "python/" for layer in LAYERS_OF_FUNCTION[name]}

    def build() -> Archive:
        workshop.report(f"bundling function {name}")
        return merge_archives(parts, name=name, out=out)

    key = hash_inputs([_hash_builders(), *(path.name for path in parts)])
    return reuse_or_build(name, key=key, out=out, build=build)


def list_sources(function: str) -> list[tuple[str, Path]]:
    """(path in the zip, file): the handler's folder at the root, and all of chalicelib that no browser or terminal needs."""
    handler = ROOT / "functions" / function
    library = ROOT / "chalicelib"
    if not (handler / "handler.py").is_file():
        raise PackageError(f"functions/{function}/handler.py is missing")
    own = [(path.relative_to(handler), path) for path in handler.rglob("*")]
    shared = [(path.relative_to(ROOT), path) for path in library.rglob("*") if path.relative_to(library).parts[0] not in LEFT_TO_THE_API]
    return sorted((where.as_posix(), path) for where, path in own + shared if _is_shipped(path))


def _is_shipped(path: Path) -> bool:
    return path.is_file() and "__pycache__" not in path.parts and path.name != "requirements.txt" and not path.name.startswith(".")


def _hash_builders() -> str:
    here = Path(__file__).resolve().parent
    return hash_files(here, [here / "package.py", here / "toolchain.py", here / "zips.py"])


def _build_function(name: str, sources: list[tuple[str, Path]], *, python: Path, out: Path) -> Archive:
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"function-{name}-", dir=out) as scratch:
        root = Path(scratch) / "code"
        for where, path in sources:
            (root / where).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, root / where)
        compile_bytecode(root, python=python)
        return write_archive(root, name=name, out=out)
