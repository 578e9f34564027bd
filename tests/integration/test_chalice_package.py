"""`chalice package` for real, in a copy of the tracked tree, as an operator's first step before a deployment."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from importlib.util import source_hash
from pathlib import Path

import pytest

from infrastructure.api_bytecode import provide_bytecode

ROOT = Path(__file__).parents[2]
PROJECT = ("app.py", "chalicelib", ".chalice", "requirements.txt")

pytestmark = [pytest.mark.integration, pytest.mark.timeout(420)]


def test_chalice_packages_the_api_with_what_it_imports(tmp_path: Path) -> None:
    for name in PROJECT:
        source = ROOT / name
        ignore = shutil.ignore_patterns("__pycache__", "deployments", "deployed", "venv")
        shutil.copytree(source, tmp_path / name, ignore=ignore) if source.is_dir() else shutil.copy(source, tmp_path / name)
    provide_bytecode(tmp_path, target="local", python=Path(sys.executable), out=ROOT / "build", report=print)
    command = [sys.executable, "-c", "import sys; from chalice.cli import main; sys.exit(main())", "package", "--stage", "dev", "out"]
    environment = {**os.environ, "AWS_DEFAULT_REGION": "us-east-1", "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Could not install" not in done.stdout + done.stderr

    template = json.loads((tmp_path / "out" / "sam.json").read_text())
    kinds = [resource["Type"] for resource in template["Resources"].values()]
    assert "AWS::Serverless::Function" in kinds
    assert "AWS::Serverless::Api" in kinds
    with zipfile.ZipFile(tmp_path / "out" / "deployment.zip") as package:
        names = set(package.namelist())
        modules = [name for name in sorted(names) if name.endswith(".py") and name != "app.py" and ".data/" not in name]
        missing = [name for name in modules if not has_its_bytecode(package, name)]
    assert len(names) == len(package.infolist()), "no file is there twice"
    assert len(modules) > 200
    assert missing == []
    for wanted in (
        "app.py",
        "chalicelib/web/application.py",
        "chalicelib/web/templates/home.html",
        "pymongo/__init__.py",
        "msgspec/__init__.py",
    ):
        assert wanted in names, f"{wanted} is not in the zip"


def has_its_bytecode(package: zipfile.ZipFile, name: str) -> bool:
    """Made of this very source, and to be trusted only with it."""
    path = Path(name)
    try:
        pyc = package.read((path.parent / "__pycache__" / f"{path.stem}.{sys.implementation.cache_tag}.pyc").as_posix())
    except KeyError:
        return False
    checked = int.from_bytes(pyc[4:8], "little") == 0b11
    return checked and pyc[8:16] == source_hash(package.read(name))
