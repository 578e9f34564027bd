"""The API's zip: what `chalice package` makes of the tree, with bytecode added, named by its content and kept until its inputs change.
For whoever deploys the API without Chalice (`make run API=lambda`) and for measuring it. The layer it wants beside it is `API_LAYERS`.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from infrastructure.build_cache import hash_files, hash_inputs, reuse_or_build
from infrastructure.errors import PackageError
from infrastructure.toolchain import compile_bytecode, read_python_version, run_tool
from infrastructure.zips import Archive, write_archive

ROOT = Path(__file__).resolve().parents[1]
API_LAYERS = ("search",)  # numpy and Annoy; everything else is in the zip
API_HANDLER = "app.app"
STAGE = "package"
# Of the stage only the name is needed: neither role nor settings are in the zip.
CHALICE_CONFIG = {
    "version": "2.0",
    "app_name": "timbre",
    "stages": {STAGE: {"manage_iam_role": False, "iam_role_arn": "arn:aws:iam::000000000000:role/none"}},
}


def build_api_package(*, python: Path, out: Path, report: Callable[[str], None], root: Path = ROOT) -> Archive:
    """`python` is the one that will run it; Chalice packages for the version that runs Chalice, so both must be of one version."""
    python_version = read_python_version(python)
    check_platform(python_version)
    folder = out / f"local-{python_version}" / "api"
    sources = list_api_sources(root)

    def build() -> Archive:
        report("packing the API")
        return _build(root, sources, python=python, out=folder)

    here = Path(__file__).resolve().parent
    builders = hash_files(here, [here / "api_package.py", here / "toolchain.py", here / "zips.py"])
    key = hash_inputs([python_version, version("chalice"), builders, hash_files(root, sources)])
    return reuse_or_build("api", key=key, out=folder, build=build)


def check_platform(python_version: str) -> None:
    """PackageError where `chalice package` would make a zip that cannot run here: its wheels are Lambda's."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise PackageError(
            "The API can be run as a Lambda on Linux with x86-64 only: `chalice package` fetches wheels for Lambda's platform."
        )
    own = ".".join(platform.python_version_tuple()[:2])
    if python_version != own:
        raise PackageError(f"Chalice runs on Python {own} and would package the API for it, but Python {python_version} is to run it.")


def list_api_sources(root: Path) -> list[Path]:
    library = [path for path in (root / "chalicelib").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return [root / "app.py", root / "requirements.txt", *sorted(library)]


def _build(root: Path, sources: list[Path], *, python: Path, out: Path) -> Archive:
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="api-", dir=out) as scratch:
        project, code = Path(scratch) / "project", Path(scratch) / "code"
        copy_project(root, sources, project)
        with zipfile.ZipFile(package_project(project)) as package:
            package.extractall(code)
        compile_bytecode(code, python=python)
        return write_archive(code, name="api", out=out)


def copy_project(root: Path, sources: list[Path], project: Path) -> None:
    """Without the bytecode that lies about in the tree: Chalice would pack it, and Lambda not trust its times."""
    for path in sources:
        target = project / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    (project / ".chalice").mkdir()
    (project / ".chalice" / "config.json").write_text(json.dumps(CHALICE_CONFIG))


def package_project(project: Path) -> Path:
    """Chalice's own zip, with what bytecode lies in the project."""
    command = [sys.executable, "-B", "-c", "import sys; from chalice.cli import main; sys.exit(main())", "package", "--stage", STAGE, "out"]
    environment = {"AWS_DEFAULT_REGION": "us-east-1", "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    output = run_tool(command, what="chalice package", env={**environment, "PYTHONDONTWRITEBYTECODE": "1"}, cwd=project)
    if "Could not install" in output:  # it says so, leaves the packages out, and ends well
        raise PackageError(f"chalice package left dependencies out:\n{output.strip()}")
    return project / "out" / "deployment.zip"
