"""Holds one container as a child process, so that the supervisor starts, watches, restarts and stops it as it does any other part: brings
it up, ends when it ends, and takes it down with it.

    python -m localstack.container kafka --docker /usr/bin/docker --project timbre-1a2b3c4d
"""

from __future__ import annotations

import argparse
import os
import signal
import sys

from localstack.docker_engine import ContainerError, Docker


class StopRequested(BaseException):
    """A TERM: like KeyboardInterrupt it ends whatever the main thread is at, and is no error."""


def request_stop(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise StopRequested


def hold(docker: Docker, service: str) -> int:
    """The exit code of the container, which is never meant to end by itself; 0 when it was told to."""
    try:
        docker.up([service], say)
        status = docker.wait(service)
        for line in docker.read_logs([service]):
            say(line)
    except ContainerError as exc:
        say(str(exc))
        return 1
    except StopRequested:
        docker.stop([service])
        return 0
    say(f"the container of {service} ended with {status}")
    return status or 1


def say(line: str) -> None:
    print(line.rstrip(), flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("service")
    parser.add_argument("--docker", required=True)
    parser.add_argument("--project", required=True)
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, request_stop)
    return hold(Docker(given.docker, given.project, os.environ), given.service)


if __name__ == "__main__":
    sys.exit(main())
