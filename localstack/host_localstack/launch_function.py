"""The first module of a function's process: puts the function's code and layers before what Lambda brings, then becomes `awslambdaric`.

    python -I launch_function.py <handler> <path> <path> …

Ends the whole process group when LocalStack is gone: a function that nobody waits for must not go on working.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import time

WATCH_S = 0.5


def watch_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(WATCH_S)
    os.killpg(0, signal.SIGKILL)


def main() -> None:
    handler, *paths = sys.argv[1:]
    threading.Thread(target=watch_parent, args=(os.getppid(),), daemon=True).start()
    sys.path[:0] = paths
    sys.argv = ["awslambdaric", handler]
    runpy.run_module("awslambdaric", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
