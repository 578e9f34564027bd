"""Whom a stage is deployed to, AWS or an emulator of it, and the Python that packages for it. Chalice deploys for the version that it
runs on itself, so that is settled here for all.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from infrastructure.annoy_wheel import Target
from infrastructure.build_cache import hash_inputs
from infrastructure.errors import DeployError, PackageError
from infrastructure.package import AWS_PYTHON
from infrastructure.toolchain import find_uv, read_python_version, run_tool

ROOT = Path(__file__).resolve().parents[1]
CHALICE_LOCKS = (ROOT / "requirements.txt", ROOT / "infrastructure" / "chalice" / "requirements.txt")
Place = Literal["aws", "localstack", "ministack"]


@dataclass(frozen=True, slots=True)
class Destination:
    place: Place
    endpoint_url: str  # empty on AWS
    in_container: bool = False

    @property
    def target(self) -> Target:
        """In a container LocalStack runs functions in Lambda's images, else with the Python of this machine."""
        return "aws" if self.place == "aws" or self.in_container else "local"


def find_destination(environ: Mapping[str, str]) -> Destination:
    """DeployError where what AWS_ENDPOINT_URL names is not there or cannot take the whole of Timbre."""
    endpoint_url = environ.get("AWS_ENDPOINT_URL", "").rstrip("/")
    if not endpoint_url:
        return Destination("aws", "")
    if _ask(endpoint_url, "/_ministack/health") is not None:
        raise DeployError(
            "MiniStack does not take `chalice deploy` (its import of a REST API keeps no route): use `make run`, or name a LocalStack."
        )
    if _ask(endpoint_url, "/_localstack/health") is None:
        raise DeployError(f"AWS_ENDPOINT_URL={endpoint_url} is no LocalStack: it does not answer /_localstack/health.")
    info = _ask(endpoint_url, "/_localstack/info") or {}
    in_container = bool(info.get("is_docker"))
    if in_container and info.get("edition") == "community":
        raise DeployError(
            "LocalStack's free image mounts no layers, which the API needs: run `make run EMULATOR=localstack-docker`, or use an account."
        )
    return Destination("localstack", endpoint_url, in_container)


def _ask(endpoint_url: str, path: str) -> dict[str, Any] | None:
    """What it says in JSON of its own, if it does: LocalStack takes unknown paths for buckets."""
    parts = urlsplit(endpoint_url)
    make = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = make(parts.hostname or "", parts.port, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        said = json.loads(answer.read())
        return said if answer.status == 200 and isinstance(said, dict) else None
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()


def provide_python(target: Target, *, home: Path, report: Callable[[str], None]) -> Path:
    """The Python that runs Chalice and compiles what it packages: this one, or a 3.12 with an environment of its own for AWS."""
    own = Path(sys.executable)
    if target == "local" or read_python_version(own) == AWS_PYTHON:
        return own
    python = find_python(AWS_PYTHON)
    folder = home / f"chalice-{AWS_PYTHON}-{hash_inputs([lock.read_bytes() for lock in CHALICE_LOCKS])[:12]}"
    if not (folder / "complete").is_file():
        report(
            f"making an environment with Python {AWS_PYTHON} for Chalice: Lambda's Python is not this machine's {read_python_version(own)}"
        )
        shutil.rmtree(folder, ignore_errors=True)
        run_tool([find_uv(), "venv", "-q", "--python", python, folder], what=f"making {folder.name}")
        locks = [part for lock in CHALICE_LOCKS for part in ("-r", lock)]
        install = [find_uv(), "pip", "install", "-q", "--python", folder / "bin" / "python", "--require-hashes", *locks]
        run_tool(install, what="installing Chalice")
        (folder / "complete").touch()
    return folder / "bin" / "python"


def find_python(version: str) -> Path:
    """On the path, or among pyenv's (whose shims on the path work only for the version that is chosen)."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    found = shutil.which(f"python{version}")
    candidates = [Path(found)] if found else []
    candidates += sorted(pyenv.glob(f"{version}.*/bin/python{version}"))
    for candidate in candidates:
        try:
            if read_python_version(candidate) == version:
                return candidate
        except PackageError:
            continue
    raise PackageError(f"Lambda runs Python {version}, and this machine has none: install python{version} (with its headers).")
