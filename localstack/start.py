"""The door of `make run`, `make test` and `make check`: looks at the machine, makes the environments, then hands over to them.
Standard library only; parses under old Pythons, so that they can be refused with a sentence.

    python3 localstack/start.py              set up and run everything
    python3 localstack/start.py --for test   only set up, with what the tests need
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path[0] = str(ROOT)

from localstack import environment, preflight  # noqa: E402  # the path is set just above
from localstack.docker_engine import DockerUnavailableError, find_docker  # noqa: E402
from localstack.screen import Screen  # noqa: E402
from localstack.system_packages import PreflightError  # noqa: E402


def set_up(screen: Screen, *, purpose: str) -> Path:
    """Machine and environments; the path of the environment's Python."""
    in_docker = purpose == "run" and os.environ.get("EMULATOR") == "localstack-docker"
    if in_docker:
        find_docker(os.environ)
    running = purpose == "run" and not is_running_here()
    port = int(os.environ.get("PORT") or preflight.DEFAULT_PORT) if running else 0
    needs_kafka = (
        purpose == "run" and not in_docker and os.environ.get("KAFKA") == "apache" and not os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    )
    preflight.prepare_machine(screen, port=port, needs_mongod=not in_docker and not os.environ.get("MONGODB_URI"), needs_kafka=needs_kafka)
    return environment.prepare_environments(ROOT, screen, purpose=purpose)


def is_running_here() -> bool:
    """Whether a `make run` of this folder left its card: `localstack.run` then says where it is, instead of a taken port."""
    return (ROOT / ".timbre" / "run.json").is_file()


def read_purpose(arguments: list[str]) -> str:
    if not arguments:
        return "run"
    if len(arguments) == 2 and arguments[0] == "--for" and arguments[1] in environment.LOCKS:
        return arguments[1]
    raise SystemExit("usage: start.py [--for run|test|bench]")


def main(arguments: list[str]) -> int:
    fault = preflight.check_python()
    if fault is not None:
        print(fault, file=sys.stderr)
        return 1
    purpose = read_purpose(arguments)
    screen = Screen()
    try:
        python = set_up(screen, purpose=purpose)
    except (PreflightError, DockerUnavailableError, environment.InstallError) as exc:
        screen.say(str(exc))
        return 1
    except KeyboardInterrupt:
        return 130
    if not arguments:
        os.chdir(str(ROOT))
        os.execv(str(python), [str(python), "-m", "localstack.run"])  # noqa: S606  # the same process goes on: signals reach it directly
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
