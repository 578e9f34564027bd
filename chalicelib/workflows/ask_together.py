"""Lists are made in steps that ask for what they need: several of them side by side, what they ask at the same step is read at once.

A list in the making is a generator (`Steps`): it yields an ask and is sent the answer. It neither reads nor searches itself, so that one
list alone and a hundred together are the same code. Whatever fails a list ends that one alone.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from chalicelib.errors import StoreUnavailableError
from chalicelib.index.catalogue import Catalogue
from chalicelib.index.scaler import Vectors
from chalicelib.index.scan import Positions, Ranked
from chalicelib.workflows import ports

T = TypeVar("T")
Steps = Generator[Any, Any, T]  # Any: each ask has an answer of its own kind


@dataclass(frozen=True, slots=True)
class TracksOf:
    """→ dict[str, Track] of the active ones."""

    track_ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class NamesOf:
    """→ dict[str, TrackName] of the active ones."""

    track_ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class FeaturesOf:
    """→ dict[str, bytes] of those that have any."""

    track_ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class NearestTo:
    """→ Nearby of each of the vectors, without the excluded places."""

    catalogue: Catalogue
    vectors: Vectors  # (m, d)
    k: int
    excluded: Positions


@dataclass(frozen=True, slots=True)
class Nearby:
    ranked: list[Ranked]
    seconds: float  # its share of the search


Answer = Callable[[Sequence[Any]], list[Any]]


class Reader:
    """Answers the asks of one kind at once; in their order."""

    def __init__(self, tracks: ports.TrackStore, monotonic: Callable[[], float] = time.perf_counter) -> None:
        self._monotonic = monotonic
        self._answers: dict[type, Answer] = {
            TracksOf: lambda asks: _read_union(asks, tracks.find_many),
            NamesOf: lambda asks: _read_union(asks, tracks.find_names),
            FeaturesOf: lambda asks: _read_union(asks, tracks.features_of),
            NearestTo: self._search,
        }

    def add(self, kind: type, answer: Answer) -> None:
        self._answers[kind] = answer

    def answer(self, asks: Sequence[Any]) -> list[Any]:
        """All of one kind."""
        return self._answers[type(asks[0])](asks)

    def _search(self, asks: Sequence[NearestTo]) -> list[Nearby]:
        begin = self._monotonic()
        by_catalogue: defaultdict[int, list[NearestTo]] = defaultdict(list)
        for ask in asks:
            by_catalogue[id(ask.catalogue)].append(ask)
        for alike in by_catalogue.values():
            alike[0].catalogue.look_around(np.concatenate([ask.vectors for ask in alike if len(ask.vectors)] or [alike[0].vectors]))
        share = (self._monotonic() - begin) / max(1, sum(len(ask.vectors) for ask in asks))
        return [self._search_one(ask, share * len(ask.vectors)) for ask in asks]

    def _search_one(self, ask: NearestTo, share_s: float) -> Nearby:
        begin = self._monotonic()
        ranked = ask.catalogue.rank_around(ask.vectors, ask.k, excluded=ask.excluded)
        return Nearby(ranked, share_s + self._monotonic() - begin)


def run_alone(steps: Steps[T], reader: Reader) -> T:
    """Raises what it raises."""
    (made,) = run_together({"": steps}, reader).values()
    if isinstance(made, Exception):
        raise made
    return made


def run_together(runs: Mapping[str, Steps[T]], reader: Reader) -> dict[str, T | Exception]:
    """What each has made, or what it failed of."""
    made: dict[str, T | Exception] = {}
    asking = dict(_go_on(((key, steps, None) for key, steps in runs.items()), made))
    while asking:
        answers = _answer(asking, reader)
        asking = dict(_go_on(((key, runs[key], answers[key]) for key in asking), made))
    return {key: made[key] for key in runs}


def _go_on(runs: Iterable[tuple[str, Steps[T], Any]], made: dict[str, T | Exception]) -> Iterator[tuple[str, Any]]:
    """Those that ask for more."""
    for key, steps, answer in runs:
        try:
            yield key, steps.throw(answer) if isinstance(answer, Exception) else steps.send(answer)
        except StopIteration as end:
            made[key] = end.value
        except Exception as exc:  # noqa: BLE001  # the list's boundary: whoever asked for it is told
            made[key] = exc


def _answer(asking: Mapping[str, Any], reader: Reader) -> dict[str, Any]:
    """By kinds. What cannot be answered together is asked one by one, so that only those fail that must."""
    kinds: defaultdict[type, dict[str, Any]] = defaultdict(dict)
    for key, ask in asking.items():
        kinds[type(ask)][key] = ask
    answers: dict[str, Any] = {}
    for alike in kinds.values():
        answers.update(_answer_alike(alike, reader))
    return answers


def _answer_alike(asks: Mapping[str, Any], reader: Reader) -> dict[str, Any]:
    try:
        return dict(zip(asks, reader.answer(list(asks.values())), strict=True))
    except StoreUnavailableError as exc:
        return dict.fromkeys(asks, exc)
    except Exception as exc:  # noqa: BLE001  # as above
        if len(asks) == 1:
            return dict.fromkeys(asks, exc)
        return {key: answer for one in asks.items() for key, answer in _answer_alike(dict([one]), reader).items()}


def _read_union(
    asks: Sequence[TracksOf | NamesOf | FeaturesOf], read: Callable[[Sequence[str]], Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Each gets what it asked for."""
    wanted = list(dict.fromkeys(track_id for ask in asks for track_id in ask.track_ids))
    found = read(wanted) if wanted else {}
    return [{track_id: found[track_id] for track_id in ask.track_ids if track_id in found} for ask in asks]
