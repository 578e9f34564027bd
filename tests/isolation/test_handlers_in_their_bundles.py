"""Each handler runs from one zip that holds it and its dependencies (`EMULATOR=localstack-docker`), in a bare Python that sees boto3 and
nothing else: for the Python of this machine, and for Lambda's own where it is at hand.
"""

from __future__ import annotations

import shutil
import sys
import zipfile
from pathlib import Path

import pytest

from infrastructure.annoy_wheel import Target
from infrastructure.errors import PackageError
from infrastructure.package import AWS_PYTHON, LAMBDA_LIMIT_BYTES, LAYERS_OF_FUNCTION, ROOT, Packages, build_packages
from infrastructure.target import find_python
from tests.conftest import give_up
from tests.isolation.test_handlers_in_their_packages import find_base_python, run_folders

Bundles = tuple[Packages, Path]  # and the Python that runs them


@pytest.fixture(scope="module", params=["local", "aws"])
def bundles(request: pytest.FixtureRequest) -> Bundles:
    target: Target = request.param
    if target == "local":
        return build(target, builder=Path(sys.executable)), find_base_python()
    try:
        python = find_python(AWS_PYTHON)
    except PackageError as exc:
        pytest.skip(f"What AWS runs cannot be tried here: {exc}")
    return build(target, builder=python), python


def build(target: Target, *, builder: Path) -> Packages:
    try:
        return build_packages(target, python=builder, out=ROOT / "build", report=print, bundled=True)
    except PackageError as exc:
        give_up(f"The bundles cannot be built here: {exc}")


@pytest.mark.parametrize("function", sorted(LAYERS_OF_FUNCTION))
def test_handler_serves_an_empty_event_from_its_bundle_and_boto3_alone(
    function: str, bundles: Bundles, boto3_folder: Path, tmp_path: Path
) -> None:
    packages, python = bundles
    code = tmp_path / "code"
    with zipfile.ZipFile(packages.functions[function].path) as zipped:
        zipped.extractall(code)
    try:
        outcome = run_folders(function, [str(code), str(boto3_folder)], python=python, tmp_path=tmp_path)
        without_bytecode = [path for path in code.rglob("*.py") if not list((path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"))]
    finally:
        shutil.rmtree(code)  # 400 MB for all of them
    assert isinstance(outcome["answer"], dict)
    assert outcome["leaks"] == {}
    assert without_bytecode == []


def test_bundles_fit_into_lambda_by_themselves(bundles: Bundles) -> None:
    packages, _ = bundles
    assert packages.layers == {}
    for archive in packages.functions.values():
        with zipfile.ZipFile(archive.path) as zipped:
            unpacked_bytes = sum(entry.file_size for entry in zipped.infolist())
        assert archive.unpacked_bytes == unpacked_bytes < LAMBDA_LIMIT_BYTES
