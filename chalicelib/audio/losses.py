"""How much of a song may be missing, and what is said of it: a click or two costs a sentence in the receipt, not the song.

Nothing is made up for what is lost: all that is measured is measured over what can be decoded.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from chalicelib.audio import messages

NOTICED_S = 0.25  # encoders' delays, a lost frame or two: no more is looked over without a word
MOST_LOST_SHARE, MOST_LOST_S = 0.02, 30.0  # beyond either a song is no longer the song
_PLACES_APART_S = 2.0
_AT_THE_END_S = 1.0


def most_loss_s(duration_s: float) -> float:
    """Of a song that should be so long."""
    return max(NOTICED_S, min(MOST_LOST_SHARE * duration_s, MOST_LOST_S))


@dataclass(slots=True)
class Damage:
    """What is found missing of one file, as it is opened and then decoded."""

    lost_s: float = 0.0
    is_least: bool = False  # bytes were cut out, and nothing says how many
    is_place_told: bool = True  # else the decoder passes over what it cannot decode without a word
    muted_s: float = 0.0  # what was decoded, but to nonsense
    places: list[float] = field(default_factory=list)  # seconds from the beginning

    def note(self, at_s: float) -> None:
        if not self.places or at_s > self.places[-1] + _PLACES_APART_S:
            self.places.append(at_s)

    def note_muted(self, at_s: float, muted_s: float) -> None:
        self.note(at_s)
        self.muted_s += muted_s

    def describe(self, *, held_s: float, undecoded_s: float) -> str:
        """`undecoded_s` comes on top of what was noted."""
        lost_s = self.lost_s + self.muted_s + undecoded_s
        if not self.is_place_told:
            return messages.make_lost_somewhere_warning(lost_s)
        if not self.places or self.places[0] > held_s - _AT_THE_END_S:
            return messages.make_lost_end_warning(lost_s)
        return messages.make_lost_places_warning(lost_s, self.places, is_least=self.is_least)
