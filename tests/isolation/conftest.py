"""The real zips and layers, built once a session into build/ (cached there), and a folder with nothing but boto3 as Lambda has it."""

from __future__ import annotations

import sys
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest

from infrastructure.errors import PackageError
from infrastructure.package import Packages, build_packages
from tests.conftest import give_up

ROOT = Path(__file__).resolve().parents[2]
LAMBDA_BRINGS = ("boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "six", "urllib3")


@pytest.fixture(scope="session")
def packages() -> Packages:
    try:
        return build_packages("local", python=Path(sys.executable), out=ROOT / "build", report=print)
    except PackageError as exc:
        give_up(f"The packages cannot be built here: {exc}")


@pytest.fixture(scope="session")
def unpacked(packages: Packages, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """functions/<name>/… and layers/<name>/…, as Lambda lays them out."""
    folder = tmp_path_factory.mktemp("unpacked")
    for kind, archives in (("functions", packages.functions), ("layers", packages.layers)):
        for name, archive in archives.items():
            with zipfile.ZipFile(archive.path) as zipped:
                zipped.extractall(folder / kind / name)
    return folder


@pytest.fixture(scope="session")
def boto3_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Links to boto3 and what it needs, out of the environment of the tests, and to nothing else of it."""
    folder = tmp_path_factory.mktemp("boto3")
    for name in LAMBDA_BRINGS:
        found = distribution(name)
        for top in {path.parts[0] for path in found.files or () if path.parts[0] not in ("..", "__pycache__")}:
            (folder / top).symlink_to(Path(str(found.locate_file(top))))
    return folder
