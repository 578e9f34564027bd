"""Starts LocalStack without Docker, confined: `python -I start.py`, by the Python of LocalStack's own environment, with nothing else on
its path.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
import sys
from pathlib import Path

PACKAGE = "host_localstack"


def load_own_package(folder: Path) -> None:
    """This folder as a package of its own: on a path, its parent would stand in the way of LocalStack's package."""
    spec = importlib.util.spec_from_file_location(PACKAGE, folder / "__init__.py", submodule_search_locations=[str(folder)])
    if spec is None or spec.loader is None:
        raise ImportError(f"{folder} is no package")
    module = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = module
    spec.loader.exec_module(module)


def empty_folders(folders: list[Path]) -> None:
    """What an earlier life left: LocalStack knows nothing of it any more."""
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)


def main() -> None:
    empty_folders([Path(os.environ[name]) for name in ("TMPDIR", "FILESYSTEM_ROOT", "TIMBRE_FUNCTION_FOLDER")])
    load_own_package(Path(__file__).resolve().parent)
    importlib.import_module(f"{PACKAGE}.loopback").confine_sockets()  # first of all: nothing may have bound before
    importlib.import_module(f"{PACKAGE}.executor").register_executor()
    from localstack.runtime.main import main as run_localstack  # type: ignore[import-not-found]  # LocalStack's package, not ours

    run_localstack()


if __name__ == "__main__":
    main()
