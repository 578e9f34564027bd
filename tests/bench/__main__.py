"""`make bench`: every figure that we claim, one JSON object a line; each with its peer in the same run where there is one."""

from __future__ import annotations

import sys

from tests.bench import cold_start, extraction, front, map_layout, pages, pages_in_the_browser, play_to_recommendation


def main() -> int:
    cold_start.main()
    front.main()
    play_to_recommendation.main()
    pages.measure_all()
    pages_in_the_browser.main()
    map_layout.main()
    extraction.main()  # last: it keeps this process on one core
    return 0


if __name__ == "__main__":
    sys.exit(main())
