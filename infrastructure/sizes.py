"""How large everything is that Lambda runs, unzipped and with its layers, beside Lambda's limit.

python -m infrastructure.sizes     builds what is not built yet, for this machine
"""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from infrastructure.api_package import API_LAYERS, build_api_package
from infrastructure.errors import PackageError
from infrastructure.package import LAMBDA_LIMIT_BYTES, ROOT, build_packages
from infrastructure.running_api import fetch_code
from infrastructure.zips import Archive


def check_api_size(unpacked_bytes: int, layers: Mapping[str, Archive], report: Callable[[str], None]) -> None:
    """As `check_sizes` does with the functions."""
    size = unpacked_bytes + sum(layers[name].unpacked_bytes for name in API_LAYERS if name in layers)
    if size > LAMBDA_LIMIT_BYTES:
        raise PackageError(f"the API with its layer is {size / 1e6:.0f} MB, more than Lambda's {LAMBDA_LIMIT_BYTES / 1e6:.0f} MB")
    report(f"api: {size / 1e6:.0f} of {LAMBDA_LIMIT_BYTES / 1e6:.0f} MB")


def measure_function(functions: Any, name: str) -> int:  # boto3's clients have no static type without stubs
    """Unpacked bytes of the code in force, whoever deployed it."""
    code = fetch_code(functions.get_function(FunctionName=name)["Code"]["Location"])
    with zipfile.ZipFile(io.BytesIO(code)) as archive:
        return sum(entry.file_size for entry in archive.infolist())


def main() -> int:
    python, out = Path(sys.executable), ROOT / "build"
    try:
        packages = build_packages("local", python=python, out=out, report=print)
        api = build_api_package(python=python, out=out, report=print)
        check_api_size(api.unpacked_bytes, packages.layers, print)
    except PackageError as exc:
        print(exc, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
