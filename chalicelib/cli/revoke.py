"""`timbre revoke`: the other half of `timbre grant`."""

from __future__ import annotations

import argparse

from chalicelib.cli import grant


def run(arguments: argparse.Namespace) -> int:
    return grant.run(arguments)
