"""What a person is told when `make run` cannot go on: expected failures in their own words, anything else with where it happened."""

from __future__ import annotations

import traceback

from chalicelib.errors import TimbreError
from infrastructure.errors import DeployError, PackageError
from localstack.demo_listener import DemoListenerError
from localstack.mongod import MongodError
from localstack.music import MusicFolderError
from localstack.ports import PortTakenError
from localstack.run_file import AlreadyRunningError
from localstack.supervisor import ChildDiedError

EXPECTED = (
    AlreadyRunningError,
    ChildDiedError,
    DemoListenerError,
    DeployError,
    MongodError,
    MusicFolderError,
    PackageError,
    PortTakenError,
    TimbreError,
)


def describe_failure(error: BaseException) -> str:
    if isinstance(error, EXPECTED):
        return f"  ✗ {error}"
    frames = "".join(traceback.format_exception(error)[-6:])
    return f"  ✗ {type(error).__name__}: {error}\n{frames}"
