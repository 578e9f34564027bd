"""Recommendations judged by what listeners played next: the last song that was new to one is hidden with all that came after, each way
makes its list as of that moment, and the hidden song is right. Reads stored plays; stores nothing.

What is compared is given: the product's own engine, and simpler ways beside it. They know of the hidden time only how often songs were
played, which the hidden plays are taken off again.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np
import numpy.typing as npt

from chalicelib.errors import StoreUnavailableError
from chalicelib.model import Opinion, Play, Track
from chalicelib.recommend.evaluation import AT, JudgedList, Score, measure_spread, measure_surprise, score_lists
from chalicelib.recommend.taste import group_by_track
from chalicelib.workflows import ports
from chalicelib.workflows.evaluation_steps import Advance, pass_over

PLAYS_READ = 400  # of a listener, the newest
FEWEST_KNOWN = 3  # songs that a listener must have played before the hidden one


@dataclass(frozen=True, slots=True)
class Trial:
    """One listener as of the moment before the hidden song."""

    user_id: str
    past: tuple[Play, ...]  # newest first
    opinions: Mapping[str, Opinion]  # of songs in the past
    hidden: Play
    later: tuple[Play, ...]  # the hidden one and what came after

    @property
    def now(self) -> datetime:
        return self.hidden.occurred_at


class Way(Protocol):
    def __call__(self, trial: Trial, /) -> Sequence[str]:
        """At most AT track ids, best first."""


class FindUnits(Protocol):
    def __call__(self, track_ids: Sequence[str], /) -> npt.NDArray[np.float64]:
        """Unit vectors (n, d) of those of the tracks that have one, in one space for all ways."""


def evaluate_plays(
    trials: Sequence[Trial],
    ways: Mapping[str, Way],
    *,
    catalogue_size: int,
    play_counts: Mapping[str, int],
    units_of: FindUnits,
    advance: Advance = pass_over,
) -> dict[str, Score]:
    """Scores by way, of at least one trial. `play_counts`: of any songs; those not in it were played as good as never."""
    scores: dict[str, Score] = {}
    for name, way in ways.items():
        lists = []
        for trial in trials:
            lists.append(_judge(trial, list(way(trial))[:AT], units_of))
            advance(name, 1, len(trials))
        scores[name] = score_lists(lists, catalogue_size=catalogue_size, surprise=_measure_surprise(lists, play_counts, catalogue_size))
    return scores


def find_trials(
    user_ids: Iterable[str],
    *,
    plays: ports.PlayStore,
    feedback: ports.FeedbackStore,
    tracks: ports.TrackStore,
    advance: Advance = pass_over,
) -> tuple[list[Trial], int]:
    """(trials, how many listeners could not be tried)."""
    trials, passed_over, asked = list[Trial](), 0, list(user_ids)
    for user_id in asked:
        trial = _hide_last(user_id, plays.recent(user_id, limit=PLAYS_READ), feedback)
        if trial is None or tracks.find(trial.hidden.track_id) is None:
            passed_over += 1
        else:
            trials.append(trial)
        advance("read", 1, len(asked))
    return trials, passed_over


def _hide_last(user_id: str, played: Sequence[Play], feedback: ports.FeedbackStore) -> Trial | None:
    """The newest play of a song that was neither played before nor skipped. A start that was skipped or completed later is one play."""
    by_track = group_by_track(played)
    for place, play in enumerate(played):
        mine = by_track[play.track_id]
        past = tuple(each for each in played[place + 1 :] if each.occurred_at < play.occurred_at)
        if play is not mine[-1] or any(each.kind == "skip" for each in mine):
            continue
        known = group_by_track(past)
        if len(known) < FEWEST_KNOWN:
            return None
        opinions = {track_id: opinion for track_id, opinion in feedback.for_user(user_id).items() if track_id in known}
        return Trial(user_id, past, opinions, play, tuple(played[: place + 1]))
    return None


def _judge(trial: Trial, track_ids: Sequence[str], units_of: FindUnits) -> JudgedList:
    return JudgedList(
        songs=tuple(track_ids),
        is_right=tuple(track_id == trial.hidden.track_id for track_id in track_ids),
        findable=1,
        group=trial.user_id,
        diversity=measure_spread(units_of(track_ids)) if track_ids else None,
    )


def _measure_surprise(lists: Sequence[JudgedList], play_counts: Mapping[str, int], catalogue_size: int) -> dict[Hashable, float]:
    recommended = {song: 0 for each in lists for song in each.songs}
    return measure_surprise(recommended | dict(play_counts), catalogue_size)


class PastPlays:
    """A trial's plays, as a store of them: what the engine asks for is all there is."""

    def __init__(self, trial: Trial) -> None:
        self._trial = trial

    def recent(self, user_id: str, *, limit: int) -> list[Play]:
        if user_id != self._trial.user_id:
            raise StoreUnavailableError("The past of another listener")
        return list(self._trial.past[:limit])


class PastFeedback:
    def __init__(self, trial: Trial) -> None:
        self._trial = trial

    def for_user(self, _user_id: str, *, now: datetime | None = None) -> dict[str, Opinion]:  # noqa: ARG002  # the store's signature
        return dict(self._trial.opinions)


class PopularWay:
    """What is played most by everybody, but for what the listener knows."""

    def __init__(self, popular: Sequence[Track]) -> None:
        """Most played first; more of them than a listener is likely to know."""
        self._popular = popular

    def __call__(self, trial: Trial) -> list[str]:
        known = set(group_by_track(trial.past))
        hidden = group_by_track(each for each in trial.later if each.kind == "start")
        ranked = sorted(self._popular, key=lambda track: -(track.play_count - len(hidden.get(track.track_id, ()))))
        return [track.track_id for track in ranked if track.track_id not in known][:AT]
