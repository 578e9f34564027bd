"""`timbre evaluate --features`: songs in a file judged by label, whatever else stands in it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from chalicelib.feature_model import FEATURE_COUNT
from chalicelib.workflows.evaluate_features import FeaturesEvaluation, evaluate_features
from tests.unit.index.timbre_library import Songs, make_songs

SONGS = make_songs(150, artists=30, seed=3)

Line = dict[str, Any]


def write_lines(songs: Songs, count: int | None = None) -> list[Line]:
    """As `timbre analyse --json` prints them, with a label."""
    rows = songs.passages.rows.reshape(len(songs.features), -1, FEATURE_COUNT)
    return [
        {
            "file": f"{place}.mp3",
            "track_id": f"{place:024x}",
            "artist": songs.passages.artist[place],
            "mfcc": songs.features[place, :20].tolist(),
            "features": songs.features[place].tolist(),
            "passages": rows[place].tolist(),
            "label": f"style {songs.style[place]}",
            "warnings": [],
            "seconds": 0.1,
        }
        for place in range(len(songs.features))
    ][:count]


LINES = write_lines(SONGS)


def evaluate(lines: Sequence[Line | bytes]) -> FeaturesEvaluation:
    return evaluate_features(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in lines)


def precision(made: FeaturesEvaluation, method: str) -> float:
    assert made.report is not None
    return made.report.scores[method].precision.value


def test_the_learned_space_wins_over_mfcc_and_both_over_chance():
    made = evaluate(LINES)
    assert (made.songs, made.learned_from, made.notes) == (150, 150, ())
    assert precision(made, "timbre") > precision(made, "mfcc") > precision(made, "random")
    assert made.report is not None
    gain = made.report.compare("timbre", "mfcc")
    assert gain is not None
    assert gain.interval[0] > 0
    assert precision(made, "timbre_annoy") == pytest.approx(precision(made, "timbre"), abs=0.01)


def test_labels_are_not_looked_at_when_the_space_is_fitted():
    """With labels dealt at random no space is better than chance."""
    dealt = np.random.default_rng(1).permutation([line["label"] for line in LINES]).tolist()
    made = evaluate([line | {"label": label} for line, label in zip(LINES, dealt, strict=True)])
    assert abs(precision(made, "timbre") - precision(made, "random")) < 0.06


def test_neighbours_by_the_same_artist_are_passed_over():
    """Two artists share a label, each other has one of its own: only the songs of those two have somebody else's to find."""
    two = {line["artist"] for line in LINES[:2]}
    made = evaluate([line | {"label": "shared" if line["artist"] in two else line["artist"]} for line in LINES])
    assert made.report is not None
    assert len(two) == 2
    assert len(made.report.queries) == sum(line["artist"] in two for line in LINES)
    shouted = evaluate(
        [line | {"label": "shared" if line["artist"] in two else line["artist"], "artist": f" {line['artist'].upper()} "} for line in LINES]
    )
    assert shouted.report is not None
    assert len(shouted.report.queries) == len(made.report.queries)


def test_songs_of_unknown_and_various_artists_may_find_each_other():
    made = evaluate([line | {"artist": "Various Artists"} for line in LINES])
    assert made.report is not None
    assert len(made.report.queries) == 150


def test_what_cannot_be_used_is_counted_and_the_rest_is_judged():
    odd = [
        b"\xef\xbb\xbf\n",
        b"   \r\n",
        b"no json\n",
        b"\xff\xfe\n",
        b"[1,2]\n",
        b'{"mfcc": [NaN]}\n',
        {"file": "bad.mp3", "error": "unreadable", "message": "This file is no music."},
        {"file": "old.mp3", "mfcc": [1.0, 2.0]},
        {"mfcc": ["1"] * 20, "features": [0] * FEATURE_COUNT},
        LINES[0] | {"label": "again"},
        LINES[1] | {"track_id": "without features", "features": None},
        LINES[2] | {"track_id": "too few features", "features": [1.0]},
        {key: value for key, value in LINES[3].items() if key not in ("label", "track_id")},
    ]
    made = evaluate([*LINES, *odd])
    assert made.songs == 151
    assert set(made.notes) == {
        "3 lines that are not JSON, or hold NaN.",
        "1 lines that are no JSON objects.",
        "1 files that could not be analysed.",
        "2 lines without 20 MFCC means.",
        "1 songs that were there before, under the same track_id.",
        "2 songs without 204 features, left out.",
        "1 songs without a label, neither asked nor found.",
    }
    assert precision(made, "timbre") == pytest.approx(precision(evaluate(LINES), "timbre"), abs=0.02)


def test_a_missing_artist_or_passage_and_a_label_of_one_song_do_no_harm():
    changed = [dict(line) for line in LINES]
    del changed[0]["artist"], changed[1]["passages"]
    changed[2] |= {"artist": 7, "passages": "none"}
    changed[3] |= {"passages": [[1.0], *changed[3]["passages"][:1]]}
    changed[4]["label"] = "the only one"
    changed[5]["label"] = 1999
    made = evaluate(changed)
    assert made.songs == 150
    assert "2 songs without passages." in made.notes
    assert made.report is not None
    assert 4 not in made.report.queries
    assert 5 not in made.report.queries


def test_fewer_songs_than_50_are_compared_by_their_features_as_they_are():
    made = evaluate(LINES[:40])
    assert made.learned_from is None
    assert any("at least 50 songs, got 40" in note for note in made.notes)
    assert precision(made, "timbre") > 0


def test_songs_without_any_passages_are_projected_on_their_principal_components():
    made = evaluate([{key: value for key, value in line.items() if key != "passages"} for line in LINES])
    assert made.learned_from == 150
    assert precision(made, "timbre") > precision(made, "random")


def test_lines_of_an_older_analysis_are_judged_by_mfcc_alone():
    made = evaluate([{key: line[key] for key in ("mfcc", "label", "artist")} for line in LINES])
    assert made.report is not None
    assert "timbre" not in made.report.scores
    assert "No line has 204 features: there is no timbre space." in made.notes


@pytest.mark.parametrize("lines", [[], [b"\n"], [LINES[0]], [line | {"label": None} for line in LINES[:60]]])
def test_a_file_that_gives_nothing_to_judge_says_so(lines: list[Line | bytes]):
    made = evaluate(lines)
    assert made.report is None
    assert made.notes[-1] == "No song has another artist's song of its label to find: there is nothing to judge by."


def test_the_same_file_gives_the_same_figures():
    first, second = evaluate(LINES[:60]), evaluate(LINES[:60])
    assert first.report is not None
    assert second.report is not None
    assert first.report.scores == second.report.scores


@pytest.mark.parametrize("number", [1e300, 10**400], ids=["more than a float32 holds", "more than a float holds"])
@pytest.mark.parametrize("field", ["mfcc", "features"])
def test_a_number_beyond_all_bounds_costs_its_song_alone(field: str, number: float):
    broken: Line = {**LINES[60], field: [number, *LINES[60][field][1:]]}
    made = evaluate([*LINES[:60], broken])
    assert made.songs == 60
    assert len(made.notes) == 1


def test_where_labels_are_artists_songs_of_the_artist_count_and_none_were_learned_from():
    made = evaluate([{**line, "label": line["artist"]} for line in LINES])
    assert precision(made, "timbre") > precision(made, "random")
    assert any("one artist's" in note for note in made.notes)
    nobodys = evaluate([{**line, "label": line["artist"], "artist": None} for line in LINES])
    assert precision(made, "timbre") == precision(nobodys, "timbre")
