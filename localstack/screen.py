"""What the terminal shows: steps with a tick and their seconds, a spinner with a detail while one takes time, a box at the end.
Standard library only, so that it looks the same before and after the environment exists. Plain lines where there is no terminal.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from typing import TextIO

SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
FRAME_S = 0.1
PLAIN_NOTE_EVERY_S = 10.0
GREEN, RED, DIM, BOLD, PLAIN = "\033[32m", "\033[31m", "\033[2m", "\033[1m", "\033[0m"


class Step:
    """One step that is under way. `note` may be called from any thread."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.detail = ""
        self.started = time.monotonic()

    def note(self, detail: str) -> None:
        self.detail = detail.strip()

    def seconds(self) -> float:
        return time.monotonic() - self.started


class Screen:
    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        reconfigure = getattr(self._out, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
        self.is_terminal = self._out.isatty() and os.environ.get("TERM") != "dumb"

    def say(self, line: str = "") -> None:
        self._out.write(line + "\n")
        self._out.flush()

    def warn(self, line: str) -> None:
        self.say(f"  {self._colour('!', RED)} {line}")

    @contextlib.contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Shows the step until its block ends: a tick, or a cross where it raised."""
        step = Step(title)
        over = threading.Event()
        shower = threading.Thread(target=self._show, args=(step, over), daemon=True)
        shower.start()
        mark, colour = "✗", RED
        try:
            yield step
            mark, colour = "✓", GREEN
        finally:
            over.set()
            shower.join()
            self._clear_line()
            detail = f" — {step.detail}" if step.detail and mark == "✓" else ""
            seconds = self._colour(f"{step.seconds():.1f} s", DIM)
            self.say(f"  {self._colour(mark, colour)} {step.title}{self._colour(detail, DIM)}  {seconds}")

    def box(self, lines: list[str]) -> None:
        width = max(len(line) for line in lines)
        self.say()
        self.say("  ╭" + "─" * (width + 4) + "╮")
        for line in lines:
            shown = self._colour(line, BOLD) if line == lines[0] else line
            self.say(f"  │  {shown}{' ' * (width - len(line))}  │")
        self.say("  ╰" + "─" * (width + 4) + "╯")

    def _show(self, step: Step, over: threading.Event) -> None:
        if self.is_terminal:
            self._spin(step, over)
            return
        shown = ""
        while not over.wait(PLAIN_NOTE_EVERY_S):
            if step.detail != shown:
                shown = step.detail
                self.say(f"  … {step.title} — {shown} ({step.seconds():.0f} s)")

    def _spin(self, step: Step, over: threading.Event) -> None:
        for frame in itertools.cycle(SPINNER):
            if over.wait(FRAME_S):
                return
            columns = shutil.get_terminal_size().columns
            text = f"  {frame} {step.title}  {step.seconds():.0f} s"
            room = columns - len(text) - 4
            detail = f" — {step.detail[: max(0, room)]}" if step.detail and room > 8 else ""
            self._clear_line()
            self._out.write(text + self._colour(detail, DIM))
            self._out.flush()

    def _clear_line(self) -> None:
        if self.is_terminal:
            self._out.write("\r\033[2K")

    def _colour(self, text: str, colour: str) -> str:
        return colour + text + PLAIN if self.is_terminal and text else text
