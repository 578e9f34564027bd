"""`timbre evaluate --online`: what listeners made of each arm's lists."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from chalicelib import bootstrap
from chalicelib.cli.output import print_json_line, print_table, say
from chalicelib.recommend.arms import read_experiment
from chalicelib.workflows.evaluate_online import Rate, evaluate_online


def run(arguments: argparse.Namespace) -> int:
    report = evaluate_online(read_experiment(bootstrap.settings()), experiments=bootstrap.experiments(), now=datetime.now(UTC))
    if arguments.json:
        print_json_line(report)
        return 0
    rows = [
        (
            each.arm,
            f"{each.share:.0%}",
            each.listeners,
            each.plays,
            each.completions,
            say_rate(each.completion_rate),
            each.skips,
            say_rate(each.skip_rate),
        )
        for each in report.arms
    ]
    columns = ("arm", "share", "listeners", "plays", "completed", "rate (95 %)", "skipped", "rate (95 %)")
    print_table(f"Experiment {report.experiment}, plays of what was recommended since {report.since:%Y-%m-%d}", columns, rows)
    if report.is_cut:
        say("There were more plays than are looked at: the newest count.")
    return 0


def say_rate(rate: Rate | None) -> str | None:
    return None if rate is None else f"{rate.value:.1%} ({rate.low:.1%} to {rate.high:.1%})"
