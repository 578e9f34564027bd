"""`make bench`: every figure that we claim, one JSON object a line; each with its peer in the same run where there is one."""

from __future__ import annotations

import sys

from tests.bench import extraction, play_to_recommendation


def main() -> int:
    extraction.main()
    play_to_recommendation.main()
    return 0


if __name__ == "__main__":
    sys.exit(main())
