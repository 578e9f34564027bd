"""`make bench`: every figure that we claim, one JSON object a line; each with its peer in the same run where there is one.

Each part has a fresh process. One that fails has a line of its own, those behind it are run all the same, and the exit status is 1 at the
end; how far it is stands on stderr. LONG=yes adds what takes hours: the index of a million songs, and an upload beside them.

python -m tests.bench [PART …]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence

PARTS = (
    "cold_start",
    "front",
    "play_to_recommendation",
    "recommend_handler",
    "pages",
    "pages_in_the_browser",
    "map_layout",
    "upload_cost",
    "same_sound",
    "index",
    "extraction",
)
LONG = {"index": ("10000", "100000", "1000000"), "upload_cost": ("1000", "10000", "100000", "1000000")}
STOPPING_S = 60.0  # a part that is interrupted stops its servers
Commands = Mapping[str, Sequence[str]]


def list_parts(*, is_long: bool) -> Commands:
    """Part → what Python is called with."""
    return {name: ("-m", f"tests.bench.{name}", *(LONG.get(name, ()) if is_long else ())) for name in PARTS}


def run_parts(commands: Commands) -> list[str]:
    """Those that failed."""
    failed = []
    for number, (name, command) in enumerate(commands.items(), start=1):
        tell(f"{number} of {len(commands)}: {name} …")
        began = time.monotonic()
        status = run_part(command)
        took_s = time.monotonic() - began
        if status:
            failed.append(name)
            print(json.dumps({"bench": name, "failed": describe_status(status), "after_s": round(took_s)}), flush=True)
        tell(f"{number} of {len(commands)}: {name}: {describe_status(status)}, {took_s:.0f} s")
    return failed


def run_part(command: Sequence[str]) -> int:
    with subprocess.Popen([sys.executable, *command]) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            process.wait(STOPPING_S)  # it was told as well
            raise


def describe_status(status: int) -> str:
    """Negative: by a signal, as `subprocess` has it."""
    if not status:
        return "done"
    return f"ended by signal {-status}" if status < 0 else f"exit status {status}"


def tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main(wanted: Sequence[str]) -> int:
    parts = list_parts(is_long=bool(os.environ.get("LONG")))
    unknown = [name for name in wanted if name not in parts]
    if unknown:
        tell(f"no such part: {', '.join(unknown)}; there are {', '.join(parts)}")
        return 2
    failed = run_parts({name: parts[name] for name in wanted} if wanted else parts)
    if failed:
        tell(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
