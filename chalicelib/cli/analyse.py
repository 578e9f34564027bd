"""`timbre analyse`: tags and MFCC of local files, one after the other done by all cores; needs no server."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from chalicelib.audio.analysis import analyse_file
from chalicelib.cli.output import print_json_line, print_table, progress_bar, say
from chalicelib.errors import AudioError

Line = dict[str, object]
MAX_DURATION_S = 3 * 3600.0


def analyse_one(path: Path, engine: str) -> Line:
    """The line of one file; of a file that is none of ours, `error` and `message`."""
    begin = time.perf_counter()
    try:
        analysis = analyse_file(path, file_name=path.name, engine=engine, max_duration_s=MAX_DURATION_S)  # type: ignore[arg-type]  # argparse knows the choices
    except AudioError as error:
        return {"file": str(path), "error": error.code, "message": error.message}
    except OSError as error:
        return {"file": str(path), "error": "unreadable", "message": f"{error.strerror or error}."}
    return {
        "file": str(path),
        "title": analysis.tags.title,
        "artist": analysis.tags.artist,
        "duration_s": round(analysis.duration_s, 3),
        "track_id": analysis.track_id,
        "mfcc": analysis.mfcc,
        "warnings": analysis.warnings,
        "seconds": round(time.perf_counter() - begin, 4),
    }


def analyse_all(files: Sequence[Path], engine: str, *, as_json: bool) -> list[Line]:
    """Lines in the order of the files; with `as_json` each is printed as soon as it is there."""
    lines: list[Line] = []
    workers = min(len(files), os.cpu_count() or 1)
    with progress_bar() as bar, ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        task = bar.add_task("Analysed", total=len(files))
        for line in pool.map(partial(analyse_one, engine=engine), files):
            lines.append(line)
            bar.advance(task)
            if as_json:
                print_json_line(line)
    return lines


def run(arguments: argparse.Namespace) -> int:
    lines = analyse_all(arguments.files, arguments.engine, as_json=arguments.json)
    failed = [line for line in lines if "error" in line]
    if not arguments.json:
        good = [line for line in lines if "error" not in line]
        rows = [(line["title"], line["artist"], line["duration_s"], line["track_id"], line["seconds"]) for line in good]
        print_table("Analysed", ("title", "artist", "seconds long", "track id", "took s"), rows)
        for line in failed:
            say(f"{line['file']}: {line['message']}")
    return 1 if failed else 0
