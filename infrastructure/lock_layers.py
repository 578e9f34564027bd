"""Writes the locks of the layers and of the emulator: `python -m infrastructure.lock_layers`. Universal (every platform and Python that we
support), with hashes, without index addresses; the layers take the versions that the tests run with.
"""

from __future__ import annotations

from pathlib import Path

from infrastructure.toolchain import find_uv, run_tool

ROOT = Path(__file__).resolve().parents[1]
TESTED_VERSIONS = ROOT / "requirements-test.txt"
LAYER_LOCKS = ("base/requirements", "audio/requirements", "search/requirements", "search/build-requirements", "build/requirements")
EMULATOR_LOCK = ROOT / "localstack" / "emulator" / "requirements"


def write_lock(stem: Path, *, constraints: Path | None) -> None:
    command: list[str | Path] = [find_uv(), "pip", "compile", "-q", "--universal", "--generate-hashes", "--python-version", "3.11"]
    command += ["--no-emit-index-url", "--no-emit-find-links", "--no-header", "--no-annotate"]
    if constraints is not None:
        command += ["-c", constraints]
    name = stem.name
    run_tool([*command, stem.with_name(f"{name}.in"), "-o", stem.with_name(f"{name}.txt")], what=f"locking {stem.parent.name}/{name}")


def main() -> None:
    for name in LAYER_LOCKS:
        write_lock(ROOT / "layers" / name, constraints=TESTED_VERSIONS)
    write_lock(EMULATOR_LOCK, constraints=None)  # an environment of its own: moto and MiniStack want two versions of graphql-core


if __name__ == "__main__":
    main()
