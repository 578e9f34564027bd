"""How the command line prints: JSON lines for programs, quiet tables and bars for people (on stderr, so that pipes stay clean)."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table


class OutputClosedError(Exception):
    """Standard output takes no more: its reader went (`| head`), or the disk is full."""

    def __init__(self, reason: OSError) -> None:
        super().__init__(str(reason))
        self.is_broken_pipe = isinstance(reason, BrokenPipeError)
        self.words = reason.strerror or str(reason)


def print_json_line(value: object) -> None:
    line = encode_line(value)
    try:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    except OSError as error:
        raise OutputClosedError(error) from error


def encode_line(value: object) -> str:
    """JSON; what is no UTF-8 in the name of a file becomes a question mark."""
    try:
        return msgspec.json.encode(value).decode()
    except UnicodeEncodeError:
        return make_printable(json.dumps(msgspec.to_builtins(value), ensure_ascii=False))


def make_printable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, whole: str = "") -> None:
    """`whole`: the column that is never broken into lines, because it is copied from."""
    table = Table(title=title, title_justify="left", box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column == whole)  # an id must not lose its end
    for row in rows:
        table.add_row(*("–" if cell is None else make_printable(str(cell)) for cell in row))
    Console().print(table, markup=False)


def say(sentence: str) -> None:
    sys.stderr.write(sentence + "\n")


def progress_bar() -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
