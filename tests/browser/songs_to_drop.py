"""Sounds that no library has: for tests that upload. And how a browser test drops, pastes or drags what a script made."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from playwright.sync_api import Page

RATE = 22_050

_TRANSFER = """
(files) => {
  const transfer = new DataTransfer();
  for (const [name, { data, type }] of Object.entries(files)) {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    transfer.items.add(new File([bytes], name, { type, lastModified: 1_700_000_000_000 }));
  }
  return transfer;
}
"""


def compose_song(path: Path, *, seconds: float = 8, seed: int | None = None) -> Path:
    """Another sound each time, so that it is no duplicate of an earlier run's on the same machine."""
    dice = np.random.default_rng(seed)
    time = np.arange(int(RATE * seconds)) / RATE
    tone = dice.uniform(110, 880)
    sound = 0.3 * np.sin(2 * np.pi * tone * time) + 0.1 * np.sin(2 * np.pi * tone * dice.uniform(1.2, 3) * time)
    soundfile.write(path, (sound + 0.02 * dice.standard_normal(len(time))).astype("float32"), RATE)
    return path


def compose_large_song(path: Path, *, megabytes: int = 20) -> Path:
    """Noise, uncompressed."""
    dice = np.random.default_rng()
    samples = dice.integers(-3000, 3000, size=(megabytes * 1_000_000 // 4, 2), dtype=np.int16)
    soundfile.write(path, samples, 44_100, subtype="PCM_16")
    return path


def make_transfer(page: Page, files: Mapping[str, bytes], *, mime: str = "audio/mpeg") -> Any:
    """A DataTransfer in the page, for `dispatch_event(…, {"dataTransfer": …})`."""
    encoded = {name: {"data": b64encode(data).decode(), "type": mime} for name, data in files.items()}
    return page.evaluate_handle(_TRANSFER, encoded)


def drop_files(page: Page, files: Mapping[str, bytes]) -> None:
    transfer = make_transfer(page, files)
    for event in ("dragenter", "dragover", "drop"):
        page.dispatch_event("main", event, {"dataTransfer": transfer})


def drag_from_the_system(page: Page, *paths: Path) -> None:
    """Files and folders of the disk over the page and let go: the browser makes the entries itself."""
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "x": 300, "y": 300, "data": data})
