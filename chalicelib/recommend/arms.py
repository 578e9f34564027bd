"""Ways of recommending that are compared with each other on real listeners: which there are, who gets which, what was offered. Pure.

A listener's arm is a matter of their id and the experiment's name alone: the same on every device and in every process, and drawn anew by
another name. What an arm has offered lately is kept in six bytes a song, so that a play can be told to come of it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Literal, Protocol, get_args

import msgspec

from chalicelib.errors import ConfigError

Taste = Literal["plays", "mean"]

OFFERED_KEPT = 300  # songs: some five lists
_PREFIX_BYTES = 6
_PART = re.compile(r"(?:(?P<name>[a-z][a-z0-9_-]{0,31})=)?(?P<taste>[a-z]+):(?P<share>[0-9]{1,6})")


class Arm(msgspec.Struct, frozen=True):
    name: str
    taste: Taste
    share: int


class Experiment(msgspec.Struct, frozen=True):
    name: str
    arms: tuple[Arm, ...]  # one at least


class ArmSettings(Protocol):
    """Of `Settings`."""

    @property
    def arms(self) -> str: ...

    @property
    def experiment(self) -> str: ...

    @property
    def taste(self) -> Taste: ...


def read_experiment(settings: ArmSettings) -> Experiment:
    """`plays:90,mean:10`, or with names of their own `control=plays:90,challenger=mean:10`; shares need not add up to 100. Without arms
    everybody has the one that TASTE names. ConfigError says what is wrong."""
    if not settings.arms:
        return Experiment(settings.experiment, (Arm(settings.taste, settings.taste, 1),))
    arms = tuple(_read_arm(part.strip()) for part in settings.arms.split(","))
    if len({arm.name for arm in arms}) < len(arms) or not sum(arm.share for arm in arms):
        raise ConfigError(f"ARMS={settings.arms!r} is wrong: each arm needs a name of its own, and one at least a share.")
    return Experiment(settings.experiment, arms)


def _read_arm(text: str) -> Arm:
    found = _PART.fullmatch(text)
    if found is None or found["taste"] not in get_args(Taste):
        raise ConfigError(f"ARMS: {text!r} is no arm; write it as plays:90 or name=plays:90, of {' and '.join(get_args(Taste))}.")
    taste = msgspec.convert(found["taste"], Taste)
    return Arm(found["name"] or taste, taste, int(found["share"]))


def choose_arm(user_id: str, experiment: Experiment) -> Arm:
    """The same one whenever it is asked for; over many users as often as its share says."""
    digest = hashlib.blake2b(f"{experiment.name}\n{user_id}".encode(), digest_size=8).digest()
    point = int.from_bytes(digest) / 2**64 * sum(arm.share for arm in experiment.arms)
    for arm in experiment.arms:
        point -= arm.share
        if point < 0:
            return arm
    return next(arm for arm in reversed(experiment.arms) if arm.share)  # rounding


def remember_offered(track_ids: Iterable[str], before: bytes = b"") -> bytes:
    """The songs of a list, in front of what was offered before, newest first; the oldest go."""
    prefixes = [_shorten(track_id) for track_id in track_ids]
    prefixes += [before[start : start + _PREFIX_BYTES] for start in range(0, len(before), _PREFIX_BYTES)]
    return b"".join(list(dict.fromkeys(prefixes))[:OFFERED_KEPT])


def was_offered(track_id: str, offered: bytes) -> bool:
    """Two songs of a million share their six bytes once in hundreds of catalogues."""
    wanted = _shorten(track_id)
    return any(offered[start : start + _PREFIX_BYTES] == wanted for start in range(0, len(offered), _PREFIX_BYTES))


def _shorten(track_id: str) -> bytes:
    return hashlib.blake2b(track_id.encode(), digest_size=_PREFIX_BYTES).digest()
