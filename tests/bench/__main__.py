"""`make bench`: every figure that we claim, one JSON object a line; each with its peer in the same run where there is one.

LONG=yes adds what takes hours: the index of a million songs.
"""

from __future__ import annotations

import os
import sys

from tests.bench import (
    cold_start,
    extraction,
    front,
    index,
    map_layout,
    pages,
    pages_in_the_browser,
    play_to_recommendation,
    recommend_handler,
)


def main() -> int:
    cold_start.main()
    front.main()
    play_to_recommendation.main()
    recommend_handler.main()
    pages.measure_all()
    pages_in_the_browser.main()
    map_layout.main()
    index.main(index.LONG_SIZES if os.environ.get("LONG") else index.SIZES)
    extraction.main()
    return 0


if __name__ == "__main__":
    sys.exit(main())
