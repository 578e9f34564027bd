"""Laws that hold for any signal, any way to cut it and any damage."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soxr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.audio.analysis import analyse_file, measure_streaming
from chalicelib.audio.clipped_mean import ClippedMean
from chalicelib.audio.decoding import DecodedSound, resample_blocks
from chalicelib.audio.frames import FloatArray, FrameMaker
from chalicelib.audio.mfcc import MfccMeans
from chalicelib.audio.opening import open_audio
from chalicelib.errors import AudioError
from chalicelib.model import Analysis
from tests.unit.audio.made_audio import MAX_DURATION_S, make_music, write_mp3

CODES = {"not_audio", "empty", "silent", "truncated", "too_long", "corrupt"}


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_mp3(tmp_path_factory.mktemp("laws") / "song.mp3", 4.0)


@settings(deadline=None, max_examples=15)
@given(block_samples=st.integers(min_value=200, max_value=200_000))
def test_block_size_does_not_change_a_bit_of_the_answer(song: Path, block_samples: int) -> None:
    def measure(size: int) -> tuple[bytes, float, float]:
        with open_audio(song, max_duration_s=MAX_DURATION_S) as opened:
            measured = measure_streaming(DecodedSound(opened, max_duration_s=MAX_DURATION_S, block_samples=size))
        return measured.mfcc.tobytes(), measured.duration_s, measured.preview_start_s

    assert measure(block_samples) == measure(1 << 30 >> 8)


@settings(deadline=None, max_examples=20)
@given(cuts=st.lists(st.integers(min_value=0, max_value=60_000), max_size=12), length=st.integers(min_value=1, max_value=60_000))
def test_streamed_means_equal_one_shot(cuts: list[int], length: int) -> None:
    signal = make_music(60_000 / 22_050 + 0.01, sample_rate=22_050, channels=1)[:length, 0]
    edges = sorted({0, length, *(cut for cut in cuts if cut < length)})
    pieces = [signal[begin:end] for begin, end in pairwise(edges)]
    assert np.array_equal(average_mfcc([signal]), average_mfcc(pieces))


def average_mfcc(pieces: list[FloatArray]) -> FloatArray:
    frames, means = FrameMaker(), MfccMeans()
    for piece in pieces:
        for block in frames.add(piece):
            means.add(block.levels)
    for block in frames.finish():
        means.add(block.levels)
    return means.finish()


@settings(deadline=None, max_examples=20)
@given(sample_rate=st.sampled_from([8_000, 11_025, 22_050, 44_100, 48_000, 96_000]), length=st.integers(min_value=1, max_value=30_000))
def test_resampling_in_blocks_equals_one_shot(sample_rate: int, length: int) -> None:
    signal = make_music(30_000 / sample_rate + 0.01, sample_rate=sample_rate, channels=1)[:length, 0]
    blocks = [signal[at : at + 4096] for at in range(0, length, 4096)]
    streamed = np.concatenate(list(resample_blocks(blocks, sample_rate)))
    one_shot = signal if sample_rate == 22_050 else soxr.resample(signal, sample_rate, 22_050, quality="HQ")
    assert len(streamed) == math.ceil(length * (22_050 / sample_rate))
    common = min(len(streamed), len(one_shot))
    assert np.abs(streamed[:common] - one_shot[:common]).max(initial=0.0) < 1e-6


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(min_value=0, max_value=10_000),
    spread_db=st.floats(min_value=0.0, max_value=60.0),
    rise_db=st.floats(min_value=-60.0, max_value=60.0),
    frames=st.integers(min_value=1, max_value=400),
)
def test_clipping_at_the_end_equals_clipping_with_all_in_memory(seed: int, spread_db: float, rise_db: float, frames: int) -> None:
    rng = np.random.default_rng(seed)
    slope = np.linspace(0, rise_db, frames)[:, None]
    levels = np.clip(rng.normal(-40 + slope, spread_db + 1e-3, (frames, 16)), -100, 60).astype(np.float32)
    mean = ClippedMean(16)
    for begin in range(0, frames, 64):
        mean.add(levels[begin : begin + 64])
    expected = np.maximum(levels, levels.max() - 80).mean(axis=0, dtype=np.float64)
    # The one approximate step: a share of the levels, 1/64 dB wide. A 1000th of a dB here is a 100th of a MFCC at the very most.
    assert np.abs(mean.finish() - expected).max() < 1 / 64 / 4 + 1e-5
    assert np.abs(mean.finish() - expected).mean() < 1e-3


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_damaged_file_ends_in_an_analysis_or_a_named_error(song: Path, tmp_path: Path, data: st.DataObject) -> None:
    original = bytearray(song.read_bytes())
    for _ in range(data.draw(st.integers(min_value=1, max_value=6))):
        at = data.draw(st.integers(min_value=0, max_value=len(original) - 1))
        patch = data.draw(st.binary(min_size=1, max_size=64))
        if data.draw(st.booleans()):
            original[at : at + len(patch)] = patch
        else:
            del original[at : at + data.draw(st.integers(min_value=1, max_value=2000))]
    damaged = tmp_path / "damaged"
    damaged.write_bytes(original)
    outcome = analyse_or_refuse(damaged)
    assert outcome in CODES if isinstance(outcome, str) else np.isfinite(outcome.mfcc).all()


def analyse_or_refuse(path: Path) -> Analysis | str:
    try:
        return analyse_file(path, file_name=path.name, max_duration_s=MAX_DURATION_S)
    except AudioError as error:
        return error.code
