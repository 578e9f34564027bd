"""`python -m localstack.demo_music FOLDER [--count N] [--seed S]`: composes the demo library and shows how far it is."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from localstack.demo_music.compose import compose_library


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m localstack.demo_music", description="Compose the demo library as MP3s.")
    parser.add_argument("folder", type=Path, help="where the MP3s go; what is there already stays")
    parser.add_argument("--count", type=int, default=60, help="how many pieces (default 60)")
    parser.add_argument("--seed", type=int, default=2026, help="another seed, other music")
    options = parser.parse_args(arguments)
    if options.count < 1:
        parser.error(f"--count must be at least 1, got {options.count}")
    if options.seed < 0:
        parser.error(f"--seed must not be negative, got {options.seed}")
    columns = (TextColumn("Composing demo music"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns) as progress:
        task = progress.add_task("compose", total=options.count)
        paths = compose_library(
            options.folder, seed=options.seed, count=options.count, report=lambda done, _: progress.update(task, completed=done)
        )
    print(f"{len(paths)} pieces in {options.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
