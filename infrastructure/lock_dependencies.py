"""Writes every lock: `make lock`. Universal (every platform and Python that we support), with hashes, without index addresses; all but
the emulator take the versions that the tests run with.
"""

from __future__ import annotations

from pathlib import Path

from infrastructure.toolchain import find_uv, run_tool

ROOT = Path(__file__).resolve().parents[1]
TESTED_VERSIONS = ROOT / "requirements-test.txt"
LAYER_LOCKS = ("base/requirements", "audio/requirements", "search/requirements", "search/build-requirements", "build/requirements")
CHALICE_LOCK = ROOT / "infrastructure" / "chalice" / "requirements"
LINTERS_LOCK = ROOT / "infrastructure" / "linters" / "requirements"  # checkov pins what the tests want newer
EMULATOR_LOCK = ROOT / "localstack" / "emulator" / "requirements"
HOST_LOCALSTACK = ROOT / "localstack" / "host_localstack"
LOCALSTACK_DAYS = "2026-02-20"  # newer releases of what LocalStack leaves unpinned break it


# lock at the root → what of pyproject.toml it holds; the first is what all others keep to
ROOT_LOCKS: dict[str, tuple[str, ...]] = {
    "requirements-test": ("--group", "test"),
    "requirements-run": ("--group", "run"),
    "requirements-bench": ("--group", "bench"),
    "requirements": (),
}


def compile_lock(source: Path, lock: Path, *extra: str | Path) -> None:
    command: list[str | Path] = [find_uv(), "pip", "compile", "-q", "--universal", "--generate-hashes", "--python-version", "3.11"]
    command += ["--no-emit-index-url", "--no-emit-find-links", "--no-header", "--no-annotate"]
    run_tool([*command, *extra, source, "-o", lock], what=f"locking {lock.relative_to(ROOT)}")


def main() -> None:
    for name, chosen in ROOT_LOCKS.items():
        lock = ROOT / f"{name}.txt"
        kept = () if lock == TESTED_VERSIONS else ("-c", TESTED_VERSIONS)
        compile_lock(ROOT / "pyproject.toml", lock, *chosen, *kept)
    for name in LAYER_LOCKS:
        compile_lock(ROOT / "layers" / f"{name}.in", ROOT / "layers" / f"{name}.txt", "-c", TESTED_VERSIONS)
    compile_lock(CHALICE_LOCK.with_suffix(".in"), CHALICE_LOCK.with_suffix(".txt"), "-c", TESTED_VERSIONS)
    compile_lock(LINTERS_LOCK.with_suffix(".in"), LINTERS_LOCK.with_suffix(".txt"))
    # An environment of its own: moto and MiniStack want two versions of graphql-core.
    compile_lock(EMULATOR_LOCK.with_suffix(".in"), EMULATOR_LOCK.with_suffix(".txt"))
    server, functions = (HOST_LOCALSTACK / f"{name}-requirements" for name in ("server", "function"))
    compile_lock(server.with_suffix(".in"), server.with_suffix(".txt"), "--exclude-newer", LOCALSTACK_DAYS)
    compile_lock(functions.with_suffix(".in"), functions.with_suffix(".txt"))


if __name__ == "__main__":
    main()
