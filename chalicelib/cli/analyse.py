"""`timbre analyse`: tags, MFCC and features of local files and folders, by all cores; needs no server.

One JSON object a line with `--json`, in the order of the files, each as soon as those before it are there. A file that cannot be analysed
has a line with `error` and `message`, and makes the exit status 1; it never stops those behind it.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from chalicelib.audio.analysis import Engine, analyse_file
from chalicelib.cli.audio_files import explain_no_file, find_songs
from chalicelib.cli.output import print_json_line, print_table, progress_bar, say
from chalicelib.cli.workers import OrderedMap, WorkerCrashedError
from chalicelib.errors import AudioError
from chalicelib.model import Analysis

Line = dict[str, object]
MAX_DURATION_S = 24 * 3600.0  # the library has a limit of its own


def analyse_one(path: Path, engine: Engine) -> Line:
    """The line of one file; of a file that is none of ours, `error` and `message`."""
    begin = time.perf_counter()
    unusable = explain_no_file(path)
    if unusable is not None:
        return make_error_line(path, "unreadable", unusable)
    try:
        analysis = analyse_file(path, file_name=path.name, engine=engine, max_duration_s=MAX_DURATION_S)
    except AudioError as error:
        return make_error_line(path, error.code, error.message)
    except ImportError as error:
        return make_error_line(path, "no_engine", f"The engine {engine} is not installed: {error}.")
    except OSError as error:
        return make_error_line(path, "unreadable", f"{error.strerror or error}.")
    except Exception as error:  # noqa: BLE001  # one file that we did not foresee must not stop the others
        return make_error_line(path, "failed", f"{type(error).__name__}: {error}.")
    return make_line(path, analysis, seconds=time.perf_counter() - begin)


def make_error_line(path: Path, code: str, message: str) -> Line:
    return {"file": str(path), "error": code, "message": message}


def make_line(path: Path, analysis: Analysis, *, seconds: float) -> Line:
    tags = analysis.tags
    return {
        "file": str(path),
        "title": tags.title,
        "artist": tags.artist,
        "album": tags.album,
        "genre": tags.genre,
        "duration_s": round(analysis.duration_s, 3),
        "track_id": analysis.track_id,
        "mfcc": shorten(analysis.mfcc, digits=9),  # all that a float32 holds
        "features": shorten(analysis.features),
        "passages": [shorten(passage) for passage in analysis.passages],
        "preview_start_s": analysis.preview_start_s and round(analysis.preview_start_s, 3),
        "warnings": analysis.warnings,
        "seconds": round(seconds, 4),
    }


def shorten(values: Iterable[float], *, digits: int = 6) -> list[float]:
    return [float(f"{value:.{digits}g}") for value in values]


def analyse_all(files: Sequence[Path], engine: Engine) -> Iterator[Line]:
    """Lines in the order of the files, with a bar on stderr for how many are done."""
    with progress_bar() as bar:
        task = bar.add_task("Analysed", total=len(files))
        for path, answer in zip(files, answer_each(files, engine, on_done=lambda: bar.advance(task)), strict=True):
            if isinstance(answer, WorkerCrashedError):
                yield make_error_line(path, "crashed", "The process that read this file died of it.")
            else:
                yield answer


def answer_each(files: Sequence[Path], engine: Engine, *, on_done: Callable[[], object]) -> Iterator[Line | WorkerCrashedError]:
    analyse = partial(analyse_one, engine=engine)
    if len(files) > 1:
        yield from OrderedMap(analyse, files, workers=os.cpu_count() or 1, on_done=on_done)
        return
    for path in files:  # a second process would cost more than it brings
        yield analyse(path)
        on_done()


def run(arguments: argparse.Namespace) -> int:
    files = list(find_songs(arguments.files))
    if not files:
        say("There is no audio file there.")
        return 1
    lines = []
    for line in analyse_all(files, arguments.engine):
        if arguments.json:
            print_json_line(line)
            line = {key: line[key] for key in ("file", "error") if key in line}  # noqa: PLW2901  # of thousands of songs nothing is kept
        lines.append(line)
    if not arguments.json:
        show_table(lines)
    return 1 if any("error" in line for line in lines) else 0


def show_table(lines: Sequence[Line]) -> None:
    columns = ("title", "artist", "duration_s", "preview_start_s", "track_id", "seconds")
    rows = [[line[column] for column in columns] for line in lines if "error" not in line]
    if rows:
        print_table("Analysed", ("title", "artist", "seconds long", "preview from", "track id", "took s"), rows)
    for line in lines:
        for remark in list_remarks(line):
            say(f"{line['file']}: {remark}")


def list_remarks(line: Line) -> list[str]:
    """Why there is no result, or what is to be said of it."""
    if "error" in line:
        return [str(line["message"])]
    warnings = line["warnings"]
    return [str(warning) for warning in warnings] if isinstance(warnings, tuple) else []
