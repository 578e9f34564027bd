"""The 20 means of every kind of MP3 are librosa's: all rates of MPEG-1, 2 and 2.5, one and two channels, all bit rates, headers or none.

Where librosa itself hears a part only (its decoder guesses the length of a file without a Xing header), it is given all samples.
With AUDIO_FOLDER set, the MP3s in that folder are tried too.
"""

from __future__ import annotations

import io
import os
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import soundfile
from mutagen.id3 import ID3, TIT2

from chalicelib.audio.analysis import analyse_file
from tests.unit.audio.made_audio import MAX_DURATION_S, Signal, make_music, split_frames
from tests.unit.audio.oracle import TOLERANCE, ask_librosa, ask_librosa_of, measure

RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
MODES = ("CONSTANT", "AVERAGE", "VARIABLE")
DECODER_DELAY = 529
LAME_BYTES = 36  # of the Xing frame, behind its table: what says how much to trim
REAL_FILES = sorted(Path(os.environ["AUDIO_FOLDER"]).rglob("*.mp3")) if os.environ.get("AUDIO_FOLDER") else []


def compress(signal: Signal, rate: int, *, mode: str = "CONSTANT", level: float = 0.5) -> bytes:
    encoded = io.BytesIO()
    soundfile.write(encoded, signal, rate, format="MP3", bitrate_mode=mode, compression_level=level)
    return encoded.getvalue()


def strip_xing(mp3: bytes) -> bytes:
    first, *frames = split_frames(mp3)
    assert find_mark(first) > 0
    return b"".join(frames)


def forget_trimming(mp3: bytes) -> bytes:
    """The same count of frames and bytes, but nothing of what the encoder put before and behind the song."""
    first, *frames = split_frames(mp3)
    at = find_mark(first) + 8 + 4 + 4 + 100 + 4  # mark and flags, frames, bytes, table, quality
    return b"".join((first[:at] + bytes(LAME_BYTES) + first[at + LAME_BYTES :], *frames))


def find_mark(frame: bytes) -> int:
    return max(frame.find(b"Xing"), frame.find(b"Info"))


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(("rate", "channels"), list(product(RATES, (1, 2))))
@pytest.mark.parametrize("mode", MODES)
def test_every_rate_channel_count_and_bit_rate_mode(tmp_path: Path, rate: int, channels: int, mode: str) -> None:
    path = write(tmp_path / "a.mp3", compress(make_music(2.0, sample_rate=rate, channels=channels), rate, mode=mode))
    assert np.abs(measure(path) - ask_librosa(path)).max() < TOLERANCE


@pytest.mark.parametrize(("rate", "channels"), [(8_000, 1), (11_025, 2), (22_050, 2), (24_000, 1), (32_000, 2), (44_100, 2), (48_000, 1)])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("loud_part", [0, 1])
def test_without_a_xing_header(tmp_path: Path, rate: int, channels: int, mode: str, loud_part: int) -> None:
    """One half quiet, one loud: at a variable bit rate the length that is guessed from the first frames is too long, or too short."""
    music = make_music(2.5, sample_rate=rate, channels=channels)
    halves = [music * np.float32(0.003), music]
    mp3 = compress(np.concatenate([halves[1 - loud_part], halves[loud_part]]), rate, mode=mode)
    bare, headed = write(tmp_path / "bare.mp3", strip_xing(mp3)), write(tmp_path / "headed.mp3", forget_trimming(mp3))
    assert np.abs(measure(bare) - ask_librosa_of(read_whole(bare, headed), rate)).max() < TOLERANCE


def read_whole(bare: Path, headed: Path) -> Signal:
    """Behind a Xing header the decoder gives all but the first 529 samples, without one it gives these, and what it takes for all."""
    beginning, rest = (soundfile.read(path, dtype="float32", always_2d=True)[0] for path in (bare, headed))
    assert np.abs(beginning[DECODER_DELAY:][: len(rest)] - rest[: len(beginning) - DECODER_DELAY]).max() < 1e-6
    return np.concatenate([beginning[:DECODER_DELAY], rest])


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("duration_s", [0.2, 1.0, 1.111, 2.5, 7.3, 30.0])
def test_every_length_with_what_the_encoder_added_trimmed_off(tmp_path: Path, rate: int, duration_s: float) -> None:
    music = make_music(duration_s, sample_rate=rate)
    path = write(tmp_path / "a.mp3", compress(music, rate))
    assert analyse_file(path, file_name="a", max_duration_s=MAX_DURATION_S).duration_s == pytest.approx(len(music) / rate, abs=1e-9)
    assert np.abs(measure(path) - ask_librosa(path)).max() < TOLERANCE


@pytest.mark.parametrize("level", [0.0, 0.25, 0.75, 0.99])
@pytest.mark.parametrize("mode", MODES)
def test_the_best_and_the_worst_quality(tmp_path: Path, mode: str, level: float) -> None:
    path = write(tmp_path / "a.mp3", compress(make_music(3.0), 44_100, mode=mode, level=level))
    assert np.abs(measure(path) - ask_librosa(path)).max() < TOLERANCE


@pytest.mark.parametrize("junk_bytes", [1, 417, 5_000, 60_000])
@pytest.mark.parametrize("kind", ["zeros", "noise", "text", "ones"])
def test_junk_in_front(tmp_path: Path, junk_bytes: int, kind: str) -> None:
    noise = np.random.default_rng(junk_bytes).bytes(junk_bytes)
    junk = {"zeros": bytes(junk_bytes), "noise": noise, "text": b"<html>" * (junk_bytes // 6), "ones": b"\xff" * junk_bytes}[kind]
    mp3 = compress(make_music(2.0), 44_100, mode="VARIABLE")
    clean, junky = write(tmp_path / "clean.mp3", mp3), write(tmp_path / "junky.mp3", junk + mp3)
    assert np.abs(measure(junky) - ask_librosa(clean)).max() < TOLERANCE


def test_tags_in_front_and_behind(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp3", compress(make_music(2.0), 44_100))
    plain = ask_librosa(path)
    tag = ID3()
    tag.add(TIT2(encoding=1, text="A title" * 500))
    tag.save(path, v1=2)
    assert np.abs(measure(path) - ask_librosa(path)).max() < TOLERANCE
    assert np.abs(measure(path) - plain).max() < TOLERANCE


def test_minutes(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp3", compress(np.tile(make_music(50.0), (3, 1)), 44_100, mode="VARIABLE"))
    assert np.abs(measure(path) - ask_librosa(path)).max() < TOLERANCE


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("has_xing", [True, False])
def test_an_hour(tmp_path: Path, has_xing: bool) -> None:
    """One channel at 22,050 Hz: of more, librosa would take more memory than this machine may have."""
    path, minute = tmp_path / "a.mp3", make_music(60.0, sample_rate=22_050, channels=1)
    with soundfile.SoundFile(path, "w", 22_050, 1, format="MP3", bitrate_mode="VARIABLE") as sound:
        for number in range(60):
            sound.write(minute * np.float32(1.0 - 0.95 * number / 60))
    whole = path.read_bytes()
    if has_xing:
        expected = ask_librosa(path)
    else:
        write(path, strip_xing(whole))
        expected = ask_librosa_of(read_whole(path, write(tmp_path / "headed.mp3", forget_trimming(whole))), 22_050)
    analysis = analyse_file(path, file_name="a", max_duration_s=4_000.0)
    assert analysis.duration_s == pytest.approx(3600, abs=0.2)
    assert np.abs(np.subtract(analysis.mfcc, expected)).max() < TOLERANCE


@pytest.mark.skipif(not REAL_FILES, reason="AUDIO_FOLDER names no folder with MP3s")
@pytest.mark.parametrize("path", REAL_FILES, ids=lambda path: path.stem)
def test_real_music(path: Path) -> None:
    assert np.abs(measure(path) - ask_librosa(path)).max() < TOLERANCE
