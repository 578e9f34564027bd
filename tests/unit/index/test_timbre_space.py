"""The timbre space: fitted to a catalogue without labels, frozen, written and read to the last bit, kept while the catalogue is."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.preprocessing import StandardScaler

from chalicelib.errors import ArtefactError
from chalicelib.feature_model import FEATURE_COUNT, FEATURE_GROUPS
from chalicelib.index.timbre_fitting import DIMENSION, GROUP_WEIGHTS, PassageSample, balance_groups, fit_timbre_space, weigh_features
from chalicelib.index.timbre_space import TimbreSpace, decode_timbre_space
from tests.unit.index.timbre_library import Songs, make_songs, share_of_style

SONGS = make_songs()
ROOT = Path(__file__).parents[3]


def fit(songs: Songs, in_force: TimbreSpace | None = None, *, version: int = 1, refit: bool = False) -> TimbreSpace:
    return fit_timbre_space(scale(songs), songs.passages, version=version, in_force=in_force, refit=refit)[0]


def scale(songs: Songs) -> StandardScaler:
    """In batches, as the build reads them."""
    scaler = StandardScaler()
    for start in range(0, len(songs.features), 64):
        scaler.partial_fit(songs.features[start : start + 64].astype(np.float64))
    return scaler


def take(songs: Songs, numbers: np.ndarray) -> Songs:
    """Of these songs the features and passages, in this order."""
    rows = [np.flatnonzero(songs.passages.song == number) for number in numbers]
    song = np.repeat(np.arange(len(numbers)), [len(of_song) for of_song in rows])
    artists = [songs.passages.artist[number] for number in numbers]
    return Songs(songs.features[numbers], PassageSample(songs.passages.rows[np.concatenate(rows)], song, artists), songs.style[numbers])


def test_every_group_has_a_weight_and_counts_by_it_however_large_it_is():
    weights = weigh_features(FEATURE_COUNT)
    for group in FEATURE_GROUPS:
        assert np.sum(weights[group.start : group.stop] ** 2) == pytest.approx(GROUP_WEIGHTS[group.name] ** 2)


def test_what_is_learned_from_passages_brings_songs_of_a_style_nearer_than_the_features_as_they_are():
    for seed in (1, 2):
        songs = make_songs(seed=seed)
        plain = share_of_style(balance_groups(scale(songs), version=1).transform(songs.features), songs.style)
        assert share_of_style(fit(songs).transform(songs.features), songs.style) > plain + 0.05


def test_a_space_fitted_on_some_songs_serves_others():
    everyone = make_songs(400, seed=4)
    learned = fit(take(everyone, np.arange(200)))
    others = take(everyone, np.arange(200, 400))
    plain = share_of_style(balance_groups(scale(others), version=1).transform(others.features), others.style)
    assert share_of_style(learned.transform(others.features), others.style) > plain + 0.05


def test_artists_that_are_known_make_it_no_worse():
    anonymous = make_songs(has_artists=False)
    known = share_of_style(fit(SONGS).transform(SONGS.features), SONGS.style)
    assert known >= share_of_style(fit(anonymous).transform(anonymous.features), anonymous.style) - 0.02


def test_vectors_are_float32_of_32_numbers_one_or_many_at_a_time():
    space = fit(SONGS)
    many = space.transform(SONGS.features)
    assert (space.dimension, many.dtype, many.shape) == (DIMENSION, np.float32, (200, DIMENSION))
    assert np.allclose(space.transform(SONGS.features[7]), many[7], rtol=1e-5, atol=1e-6)


@dataclass(frozen=True)
class PlainScales:
    mean_: np.ndarray
    scale_: np.ndarray


def test_the_same_songs_give_the_same_bytes_in_another_process():
    program = """
import hashlib
from types import SimpleNamespace
from chalicelib.index.timbre_fitting import fit_timbre_space
from tests.unit.index.timbre_library import make_songs
songs = make_songs(60)
scales = SimpleNamespace(mean_=songs.features.mean(axis=0, dtype=float), scale_=songs.features.std(axis=0, dtype=float))
print(hashlib.sha256(fit_timbre_space(scales, songs.passages, version=1, in_force=None)[0].to_json()).hexdigest())
"""
    songs = make_songs(60)
    scales = PlainScales(songs.features.mean(axis=0, dtype=float), songs.features.std(axis=0, dtype=float))
    space, _ = fit_timbre_space(scales, songs.passages, version=1, in_force=None)
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True, cwd=ROOT).stdout
    assert printed.strip() == hashlib.sha256(space.to_json()).hexdigest()


def test_the_largest_number_of_every_direction_is_positive():
    projection = fit(SONGS).projection / weigh_features(FEATURE_COUNT)[:, np.newaxis]
    loudest = np.abs(projection).argmax(axis=0)
    assert (projection[loudest, np.arange(DIMENSION)] > 0).all()


def test_the_order_of_the_songs_does_not_matter():
    shuffled = take(SONGS, np.random.default_rng(1).permutation(len(SONGS.features)))
    assert fit(shuffled).drift_from(fit(SONGS)) < 1e-6


def test_an_unchanged_catalogue_keeps_its_space_and_version():
    in_force = fit(SONGS)
    again, drift = fit_timbre_space(scale(SONGS), SONGS.passages, version=2, in_force=in_force)
    assert again is in_force
    assert drift == pytest.approx(0, abs=1e-6)


def test_a_few_more_songs_of_the_same_kind_keep_the_space_and_other_music_does_not():
    large = make_songs(1_000, artists=100, seed=5)
    in_force = fit(take(large, np.arange(995)))
    kept, drift = fit_timbre_space(scale(large), large.passages, version=2, in_force=in_force)
    assert kept is in_force
    assert drift is not None
    assert 0 < drift <= 0.02
    moved, drift = fit_timbre_space(scale(SONGS), SONGS.passages, version=2, in_force=in_force)
    assert moved.version == 2
    assert drift is not None
    assert drift > 0.02


def test_refit_makes_a_new_version_whatever_the_drift():
    assert fit(SONGS, fit(SONGS), version=2, refit=True).version == 2


def test_features_of_another_version_never_keep_the_space():
    older = fit_timbre_space(scale(SONGS), SONGS.passages, version=1, in_force=None, feature_version=1)[0]
    fresh, drift = fit_timbre_space(scale(SONGS), SONGS.passages, version=2, in_force=older, feature_version=2)
    assert (fresh.version, fresh.feature_version, drift) == (2, 2, None)


def test_turned_and_mirrored_columns_are_no_drift_and_a_stretched_one_is():
    space = fit(SONGS)
    turn, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(DIMENSION, DIMENSION)))
    assert replace(space, projection=-space.projection @ turn).drift_from(space) < 1e-9
    assert replace(space, projection=space.projection * 3).drift_from(space) < 1e-9  # angles know no size
    stretched = space.projection.copy()
    stretched[:, 0] *= 1.5
    assert replace(space, projection=stretched).drift_from(space) > 0.02


def test_drift_is_seen_in_means_and_scales_too():
    space = fit(SONGS)
    means = space.means.copy()
    means[5] += 0.1 * space.scales[5]
    assert replace(space, means=means).drift_from(space) == pytest.approx(0.1)
    scales = space.scales.copy()
    scales[5] *= 1.5
    assert replace(space, scales=scales).drift_from(space) == pytest.approx(0.5)


def test_songs_of_one_passage_each_are_fitted_by_their_principal_components():
    single = make_songs(60, passages=1)
    space = fit(single)
    assert space.dimension == DIMENSION
    assert np.isfinite(space.transform(single.features)).all()


def test_fewer_songs_than_50_are_refused():
    with pytest.raises(ArtefactError, match="at least 50 songs, got 49"):
        fit(make_songs(49))


def test_songs_that_are_all_the_same_are_refused():
    same = take(SONGS, np.zeros(60, dtype=int))
    rows = np.repeat(same.features[:1], 120, axis=0)
    with pytest.raises(ArtefactError, match="do not differ"):
        fit(Songs(same.features, PassageSample(rows, np.repeat(np.arange(60), 2), [None] * 60), same.style))


def test_duplicates_one_artist_and_constant_columns_do_no_harm():
    songs = take(SONGS, np.tile(np.arange(60), 3))
    songs.features[:, 10:14] = 3.5
    songs.passages.rows[:, 10:14] = 3.5
    space = fit(Songs(songs.features, PassageSample(songs.passages.rows, songs.passages.song, ["One"] * 180), songs.style))
    vectors = space.transform(songs.features)
    assert np.isfinite(vectors).all()
    assert np.allclose(vectors[:60], vectors[60:120], rtol=1e-6)


def test_few_songs_in_few_directions_make_a_smaller_space():
    dice = np.random.default_rng(1)
    songs = (dice.normal(size=(80, 1, 5)) + dice.normal(size=(80, 4, 5)) * 0.3) @ dice.normal(size=(5, FEATURE_COUNT))
    made = Songs(
        songs.mean(axis=1), PassageSample(songs.reshape(-1, FEATURE_COUNT), np.repeat(np.arange(80), 4), [None] * 80), np.zeros(80)
    )
    assert fit(made).dimension == 5


def test_passages_that_are_no_numbers_are_left_out():
    rows = SONGS.passages.rows.copy()
    rows[3, 100], rows[11, 5] = np.nan, np.inf
    space = fit(Songs(SONGS.features, PassageSample(rows, SONGS.passages.song, SONGS.passages.artist), SONGS.style))
    assert np.isfinite(space.projection).all()
    without = np.isfinite(rows).all(axis=1)
    sample = PassageSample(rows[without], SONGS.passages.song[without], SONGS.passages.artist)
    assert fit(Songs(SONGS.features, sample, SONGS.style)).drift_from(space) < 1e-9


def test_one_odd_number_does_not_decide_where_a_song_is():
    space = fit(SONGS)
    odd = SONGS.features[0].copy()
    odd[170] += 1e6 * space.scales[170]
    assert np.isfinite(space.transform(odd)).all()
    usual = space.transform(SONGS.features[0])
    angle = float(space.transform(odd) @ usual / np.linalg.norm(usual) / np.linalg.norm(space.transform(odd)))
    assert angle > 0.5


def test_a_sample_that_does_not_fit_together_is_refused():
    with pytest.raises(ArtefactError, match="number of its song"):
        PassageSample(SONGS.passages.rows, SONGS.passages.song[:-1], SONGS.passages.artist)
    with pytest.raises(ArtefactError, match="not in the sample"):
        PassageSample(SONGS.passages.rows, SONGS.passages.song, SONGS.passages.artist[:-1])


@settings(deadline=None)
@given(arrays(np.float64, (3, 2 + 4), elements=st.floats(-1e6, 1e6)))
def test_a_space_written_and_read_is_the_same_to_the_last_bit(numbers: np.ndarray):
    space = TimbreSpace(7, 2, numbers[:, 0], np.abs(numbers[:, 1]) + 1e-3, numbers[:, 2:])
    read = decode_timbre_space(space.to_json())
    assert read == space
    assert hash(read) == hash(space)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"scales": [1.0, 0.0]}, "positive scales"),
        ({"means": [1.0]}, "as many means as scales"),
        ({"projection": [[1.0], [1.0, 2.0]]}, "not of one length"),
        ({"projection": [[], []]}, "as many means as scales"),
        ({"projection": [[1.0], [None]]}, "cannot be read"),
        ({"means": [], "scales": [], "projection": []}, "not of one length"),
    ],
)
def test_a_damaged_space_is_refused_with_its_reason(change: dict[str, object], complaint: str):
    good = {"version": 1, "feature_version": 2, "means": [0.0, 0.0], "scales": [1.0, 1.0], "projection": [[1.0], [0.5]]}
    assert decode_timbre_space(msgspec.json.encode(good)).dimension == 1
    with pytest.raises(ArtefactError, match=complaint):
        decode_timbre_space(msgspec.json.encode(good | change))


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[]", b'{"version":1}'])
def test_what_is_no_space_is_refused(content: bytes):
    with pytest.raises(ArtefactError, match="cannot be read"):
        decode_timbre_space(content)


def test_a_vector_of_another_length_is_refused():
    with pytest.raises(ArtefactError, match="204 features expected"):
        fit(SONGS).transform(np.zeros(20))


def test_applying_a_space_loads_neither_scipy_nor_scikit_learn():
    program = "import sys, chalicelib.index.timbre_space, chalicelib.index.timbre_fitting; print({'scipy', 'sklearn'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True).stdout.strip() == "set()"
