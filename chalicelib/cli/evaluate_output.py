"""How figures with intervals are shown: tables for people, JSON for programs, a bar for each step."""

from __future__ import annotations

from collections.abc import Mapping

from rich.progress import Progress, TaskID

from chalicelib.cli.output import print_json_line, print_table
from chalicelib.recommend.evaluation import Measured, Score
from chalicelib.workflows.evaluate_labels import LabelReport

MEASURES = {  # in a Score: in JSON, in a table
    "precision": ("precision_at_10", "precision\n@10"),
    "hit_rate": ("hit_rate_at_10", "hit rate\n@10"),
    "ndcg": ("ndcg_at_10", "NDCG\n@10"),
    "recall": ("recall_at_10", "recall\n@10"),
    "coverage": ("coverage", "coverage"),
    "diversity": ("diversity", "diversity"),
    "novelty": ("novelty", "novelty"),
}


class Steps:
    """One bar a step, made when it begins."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._tasks: dict[str, TaskID] = {}

    def advance(self, step: str, count: int, total: int | None = None, /) -> None:
        if step not in self._tasks:
            self._end_the_others()
            self._tasks[step] = self._bar.add_task(step.replace("_", " "), total=total)
        self._bar.advance(self._tasks[step], count)

    def _end_the_others(self) -> None:
        """A step whose length nobody knew was as long as it got."""
        for task in self._bar.tasks:
            if task.total is None:
                self._bar.update(task.id, total=task.completed)


def flatten_score(score: Score) -> dict[str, object]:
    """Each measure by its name, its interval beside it; `interval` is the precision's."""
    flat: dict[str, object] = {"queries": score.queries}
    for name, (in_json, _) in MEASURES.items():
        measured: Measured | None = getattr(score, name)
        if measured is not None:
            flat[in_json] = measured.value
            flat["interval" if name == "precision" else f"{in_json}_interval"] = measured.interval
    return flat


def print_scores_as_json(part: str, scores: Mapping[str, Score]) -> None:
    for method, score in scores.items():
        print_json_line({"part": part, "method": method, **flatten_score(score)})


def print_scores(title: str, scores: Mapping[str, Score]) -> None:
    """Only measures that some method has. Narrow enough for a terminal of 80 columns."""
    shown = [name for name in MEASURES if any(getattr(score, name) is not None for score in scores.values())]
    rows = [(method.replace("_", " "), *(describe_measured(getattr(score, name)) for name in shown)) for method, score in scores.items()]
    if rows:
        queries = next(iter(scores.values())).queries
        print_table(f"{title} ({queries} queries; 95 % intervals)", ("method", *(MEASURES[name][1] for name in shown)), rows)


def describe_measured(measured: Measured | None) -> str | None:
    if measured is None:
        return None
    low, high = measured.interval
    return f"{measured.value:.3f}\n{low:.2f}–{high:.2f}"


def compare_spaces(report: LabelReport) -> dict[str, object]:
    gain = report.compare("timbre", "mfcc")
    return {} if gain is None else {"timbre_minus_mfcc": {"precision_at_10": gain.value, "interval": gain.interval}}
