"""What the garbage collector is spared."""

from __future__ import annotations

from chalicelib.web.long_lived import LongLived


def test_what_was_loaded_is_set_aside_once() -> None:
    loaded, times = [100], []
    long_lived = LongLived(lambda: times.append(loaded[0]), lambda: loaded[0])
    for modules in (100, 100, 140, 140, 140, 141):
        loaded[0] = modules
        long_lived.spare()
    assert times == [100, 140, 141]
