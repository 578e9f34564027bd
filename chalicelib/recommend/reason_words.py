"""Reasons in words, the same on pages, in the API and on the command line. Says what the numbers bear out and no more. No numpy: pages that
only read a stored list do without.
"""

from __future__ import annotations

from chalicelib.reason_model import PartLikeness, Reason

_ACTS = {"played": "Because you played", "liked": "Because you like", "chosen": "Near to", "avoided": "Away from"}
_SOUNDS = (
    (99.0, "sounds very much like it"),
    (95.0, "sounds a lot like it"),
    (80.0, "sounds like it"),
    (50.0, "has something of it"),
    (0.0, "farther off"),
)
_GRADES = ((95.0, "very close"), (80.0, "close"), (60.0, "near"))
_EVERYWHERE = 80.0  # closeness of the farthest part
_APART = 40.0  # under this a part is another
_UNLIKE = 50.0  # percentile: under this two songs are farther apart than most, in however many parts they are close
_LEANING = 60.0  # under this a direction is worth telling
_ALONE = {"louder", "quieter"}  # they say what part they are of
_ALONE_IN_PART = {("brighter", "brightness"), ("darker", "brightness")}


def say_reason(reason: Reason) -> str:
    """“Because you played “Night Train” by Bea: very close in timbre, slower in rhythm”."""
    by = f" by {reason.artist}" if reason.artist else ""
    return f"{_ACTS[reason.act]} “{reason.display_title}”{by}: {say_nearness(reason)}"


def say_nearness(reason: Reason) -> str:
    """In which part it is near and in which far; where nothing is known of parts, or nothing stands out, how near as a whole."""
    if reason.act == "avoided":
        unlike = "sounds unlike it" if reason.percentile < _UNLIKE else "not much like it"
        return (_say_difference(reason.farthest) if reason.farthest else "") or unlike
    return say_likeness(reason.nearest, reason.farthest, percentile=reason.percentile)


def say_likeness(nearest: PartLikeness | None, farthest: PartLikeness | None, *, percentile: float) -> str:
    return say_parts(nearest, farthest, percentile=percentile) or _choose(_SOUNDS, percentile)


def say_briefly(likeness: str, title: str) -> tuple[str, str]:
    """`say_nearness` in two lines for a card, what is alike before the song: “Very close in timbre”, “like “Night Train””."""
    whole, _, is_of_whole = likeness.rpartition(" it")
    if whole and not is_of_whole:  # “sounds a lot like it”
        start, _, preposition = whole.rpartition(" ")
        return start.capitalize(), f"{preposition} “{title}”"
    is_alike = likeness.startswith(tuple(words for _, words in _GRADES))
    alike = ", ".join(likeness.removesuffix(" of the sound").split(", ")[:2])
    return alike[:1].upper() + alike[1:], f"{'like' if is_alike else 'beside'} “{title}”"


def say_parts(nearest: PartLikeness | None, farthest: PartLikeness | None, *, percentile: float) -> str:
    """Nothing where no part is near and none far. `percentile`: how many pairs of songs are farther apart as a whole."""
    if nearest is None or farthest is None:
        return ""
    if percentile < _UNLIKE:
        closest = f"closest in {nearest.part}" if _choose(_GRADES, nearest.closeness) else ""
        return ", ".join(filter(None, ["farther off", closest, _say_difference(farthest)]))
    if farthest.closeness >= _EVERYWHERE:
        return f"{_choose(_GRADES, farthest.closeness)} in every part of the sound"
    grade = _choose(_GRADES, nearest.closeness)
    near = f"{grade} in {nearest.part}" if grade else ""
    return ", ".join(filter(None, [near, _say_difference(farthest)]))


def _say_difference(part: PartLikeness) -> str:
    if part.direction and part.closeness < _LEANING:
        is_enough = part.direction in _ALONE or (part.direction, part.part) in _ALONE_IN_PART
        return part.direction if is_enough else f"{part.direction} in {part.part}"
    return f"other {part.part}" if part.closeness < _APART else ""


def _choose(scale: tuple[tuple[float, str], ...], value: float) -> str:
    return next((words for least, words in scale if value >= least), "")
