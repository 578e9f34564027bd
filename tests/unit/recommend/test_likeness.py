"""In what two songs are alike, in numbers and in words."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.feature_model import FEATURE_COUNT, FEATURE_GROUPS, FeatureGroup
from chalicelib.model import Reason
from chalicelib.reason_model import PartLikeness
from chalicelib.recommend.likeness import FEATURE_PARTS, MFCC_PARTS, compare_parts
from chalicelib.recommend.reason_words import say_briefly, say_parts, say_reason

REASON = Reason(track_id="t", display_title="Night Train", artist="Bea", distance=0.2, percentile=99.2)


def compare(other: np.ndarray, song: np.ndarray) -> dict[str, PartLikeness]:
    (parts,) = compare_parts(other[np.newaxis], song[np.newaxis], FEATURE_PARTS if len(song) == FEATURE_COUNT else MFCC_PARTS)
    assert [each.closeness for each in parts] == sorted((each.closeness for each in parts), reverse=True)
    return {each.part: each for each in parts}


def make_row(**changes: float) -> np.ndarray:
    """`c171=2.0`: column 171."""
    row = np.zeros(FEATURE_COUNT)
    for name, value in changes.items():
        row[int(name[1:])] = value
    return row


def part(name: str, closeness: float, direction: str | None = None) -> PartLikeness:
    return PartLikeness(part=name, closeness=closeness, direction=direction)


def test_a_song_is_as_close_as_can_be_to_itself_in_every_part():
    row = np.random.default_rng(3).normal(size=FEATURE_COUNT)
    parts = compare(row, row)
    assert set(parts) == {"timbre", "texture", "rhythm", "dynamics", "harmony"}
    assert all(each.closeness == 100.0 and each.direction is None for each in parts.values())


def test_every_column_of_the_features_belongs_to_one_part():
    spans = sorted(span for each in FEATURE_PARTS for span in each.spans)
    assert spans == sorted((group.start, group.stop) for group in FEATURE_GROUPS)


def test_two_songs_that_have_nothing_to_do_with_each_other_are_halfway_on_the_average():
    dice = np.random.default_rng(5)
    pairs = compare_parts(dice.normal(size=(400, FEATURE_COUNT)), dice.normal(size=(400, FEATURE_COUNT)), FEATURE_PARTS)
    for name in ("timbre", "texture", "rhythm", "dynamics", "harmony"):
        mean = np.mean([each.closeness for parts in pairs for each in parts if each.part == name])
        assert 35 < mean < 65, name


@settings(deadline=None)
@given(st.sampled_from(FEATURE_GROUPS), st.floats(0.8, 1.2), st.floats(1.3, 1.6))
def test_what_differs_more_is_less_close_and_nothing_else_is(group: FeatureGroup, little: float, times: float):
    changed = {f"c{column}": 1.0 for column in range(group.start, group.stop)}
    near, far = (compare(make_row(), make_row(**dict.fromkeys(changed, by))) for by in (little, little * times))
    assert [name for name in near if far[name].closeness < near[name].closeness] == [
        next(each.name for each in FEATURE_PARTS if (group.start, group.stop) in each.spans)
    ]


@pytest.mark.parametrize(
    ("changes", "name", "direction"),
    [
        ({"c1": 2.0}, "timbre", "darker"),
        ({"c1": -2.0}, "timbre", "brighter"),
        ({"c1": -0.5}, "timbre", None),
        ({"c180": 2.0, "c171": -2.0}, "rhythm", "faster"),
        ({"c180": -2.0, "c171": 2.0}, "rhythm", "slower"),
        ({f"c{column}": 3.0 for column in range(171, 181)}, "rhythm", None),  # stronger at every rate is neither
        ({"c181": 1.5}, "dynamics", "livelier"),
        ({"c0": 2.0}, "timbre", None),
    ],
)
def test_a_direction_is_told_only_where_the_numbers_have_one(changes: dict[str, float], name: str, direction: str | None):
    assert compare(make_row(), make_row(**changes))[name].direction == direction


def test_mfccs_alone_tell_loudness_and_brightness():
    louder = np.zeros(20)
    louder[0] = 2.0
    assert compare(np.zeros(20), louder)["loudness"].direction == "louder"
    assert compare(louder, np.zeros(20))["loudness"].direction == "quieter"


@pytest.mark.parametrize(
    ("nearest", "farthest", "words"),
    [
        (part("timbre", 97), part("rhythm", 20, "slower"), "very close in timbre, slower in rhythm"),
        (part("timbre", 82), part("harmony", 20), "close in timbre, other harmony"),
        (part("texture", 61), part("loudness", 50, "louder"), "near in texture, louder"),
        (part("texture", 61), part("harmony", 50), "near in texture"),
        (part("texture", 40), part("harmony", 39), "other harmony"),
        (part("texture", 99), part("harmony", 96), "very close in every part of the sound"),
        (part("texture", 99), part("harmony", 81, "slower"), "close in every part of the sound"),
        (part("texture", 50), part("harmony", 45), ""),
        (None, None, ""),
    ],
)
def test_parts_in_words(nearest: PartLikeness | None, farthest: PartLikeness | None, words: str):
    assert say_parts(nearest, farthest, percentile=80.0) == words


def test_of_two_songs_that_are_farther_apart_than_most_nothing_is_very_close():
    assert (
        say_parts(part("texture", 99), part("rhythm", 20, "slower"), percentile=14.0) == "farther off, closest in texture, slower in rhythm"
    )
    assert say_parts(part("texture", 99), part("harmony", 96), percentile=14.0) == "farther off, closest in texture"
    assert say_parts(part("texture", 50), part("harmony", 45), percentile=14.0) == "farther off"
    assert say_reason(replace(REASON, percentile=14.0, nearest=part("timbre", 97), farthest=part("rhythm", 96))).endswith(
        ": farther off, closest in timbre"
    )


def test_what_is_no_farther_from_an_avoided_song_than_most_is_not_called_unlike_it():
    avoided = replace(REASON, act="avoided")
    assert say_reason(replace(avoided, percentile=14.0)).endswith("sounds unlike it")
    assert say_reason(replace(avoided, percentile=89.0)).endswith("not much like it")


def test_a_reason_names_the_song_and_what_the_listener_did_with_it():
    told = replace(REASON, nearest=part("timbre", 97), farthest=part("rhythm", 20, "slower"))
    assert say_reason(told) == "Because you played “Night Train” by Bea: very close in timbre, slower in rhythm"
    assert say_reason(replace(told, act="liked", artist=None)).startswith("Because you like “Night Train”: very close")
    assert say_reason(replace(told, act="chosen")).startswith("Near to “Night Train” by Bea: ")


@pytest.mark.parametrize(
    ("percentile", "words"),
    [(99.0, "very much like it"), (96.0, "a lot like it"), (80.0, "sounds like it"), (50.0, "has"), (3.0, "farther off")],
)
def test_without_parts_the_nearer_the_stronger_the_words(percentile: float, words: str):
    assert words in say_reason(replace(REASON, percentile=percentile))


@pytest.mark.parametrize(
    ("likeness", "lines"),
    [
        ("very close in timbre, slower in rhythm", ("Very close in timbre, slower in rhythm", "like “Blue”")),
        ("close in every part of the sound", ("Close in every part", "like “Blue”")),
        ("sounds very much like it", ("Sounds very much", "like “Blue”")),
        ("has something of it", ("Has something", "of “Blue”")),
        ("farther off, closest in timbre, slower in rhythm", ("Farther off, closest in timbre", "beside “Blue”")),
        ("other harmony", ("Other harmony", "beside “Blue”")),
    ],
)
def test_on_a_card_the_likeness_comes_before_the_song(likeness: str, lines: tuple[str, str]):
    assert say_briefly(likeness, "Blue") == lines
