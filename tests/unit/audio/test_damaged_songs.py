"""A song with a small damaged place is kept, measured over what can be decoded, and its receipt says what is missing; more is refused."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from chalicelib.audio.analysis import analyse_file
from chalicelib.audio.losses import MOST_LOST_S, MOST_LOST_SHARE, NOTICED_S, Damage, most_loss_s
from chalicelib.errors import AudioError
from chalicelib.model import Analysis
from tests.unit.audio.bounded_worker import BoundedWorker
from tests.unit.audio.made_audio import MAX_DURATION_S, make_music, split_frames, write_audio, write_mp3
from tests.unit.audio.mutations import make_songs

Harm = Callable[[bytes, int, int], bytes]
DURATION_S = 30.0


def overwrite(data: bytes, at: int, size: int) -> bytes:
    return data[:at] + random.Random(at).randbytes(size) + data[at + size :]


def blank(data: bytes, at: int, size: int) -> bytes:
    return data[:at] + bytes(size) + data[at + size :]


def remove(data: bytes, at: int, size: int) -> bytes:
    return data[:at] + data[at + size :]


def insert(data: bytes, at: int, size: int) -> bytes:
    return data[:at] + random.Random(at).randbytes(size) + data[at:]


HARMS = [overwrite, blank, remove, insert]


def analyse(path: Path) -> Analysis:
    return analyse_file(path, file_name=path.name, max_duration_s=MAX_DURATION_S)


def rewrite(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def refuse(path: Path) -> AudioError:
    with pytest.raises(AudioError) as caught:
        analyse(path)
    return caught.value


def write_ogg(path: Path, subtype: str, duration_s: float) -> Path:
    """In pieces: libsndfile's Vorbis encoder does not stand a minute at once."""
    signal = make_music(duration_s, sample_rate=48_000)
    with soundfile.SoundFile(path, "w", 48_000, 2, format="OGG", subtype=subtype) as file:
        for begin in range(0, len(signal), 48_000):
            file.write(signal[begin : begin + 48_000])
    return path


@pytest.mark.parametrize("size", [1, 100, 1_000, 5_000])
@pytest.mark.parametrize("harm", HARMS)
def test_an_mp3_with_a_hole_of_some_kilobytes_is_kept(tmp_path: Path, harm: Harm, size: int) -> None:
    path = write_mp3(tmp_path / "a.mp3", DURATION_S)
    whole = analyse(path)
    data = path.read_bytes()
    analysis = analyse(rewrite(path, harm(data, len(data) // 2, size)))
    assert analysis.duration_s == pytest.approx(DURATION_S, abs=0.02 + most_loss_s(DURATION_S))
    assert np.abs(np.subtract(analysis.mfcc, whole.mfcc)).max() < 3  # songs are some ten to a hundred apart
    if size == 5_000:
        assert "near 0:15" in analysis.warnings[0]
        assert "could not be decoded" in analysis.warnings[0]


def test_the_warning_says_how_much_is_missing_and_where(tmp_path: Path) -> None:
    path = write_mp3(tmp_path / "a.mp3", DURATION_S)
    frames = list(split_frames(path.read_bytes()))
    hole = bytes(sum(map(len, frames[400:415])))
    analysis = analyse(rewrite(path, b"".join((*frames[:400], hole, *frames[415:]))))
    lost_s = DURATION_S - analysis.duration_s
    assert lost_s == pytest.approx(15 * 1152 / 44_100, abs=0.08)
    assert analysis.warnings == (f"About {lost_s:.1f} s near 0:10 could not be decoded. All else was analysed.",)


@pytest.mark.parametrize("has_xing", [True, False])
def test_more_than_a_small_share_of_an_mp3_is_refused(tmp_path: Path, has_xing: bool) -> None:
    path = write_mp3(tmp_path / "a.mp3", DURATION_S)
    frames = list(split_frames(path.read_bytes()))
    lost = round(1.5 * most_loss_s(DURATION_S) * 44_100 / 1152)
    hole = bytes(sum(map(len, frames[500 : 500 + lost])))
    damaged = b"".join((*frames[not has_xing : 500], hole, *frames[500 + lost :]))
    assert refuse(rewrite(path, damaged)).code == "corrupt"


def make_uneven_song(duration_s: float = 120.0) -> list[bytes]:
    """The frames of a variable bit rate, without a Xing frame: the first half is a hum, the second is noise, of far larger frames."""
    samples = round(duration_s * 44_100)
    hum = 0.1 * np.sin(np.arange(samples // 2) * 440 * 2 * np.pi / 44_100)
    noise = np.random.default_rng(3).normal(0, 0.3, samples - samples // 2)
    encoded = io.BytesIO()
    soundfile.write(encoded, np.concatenate([hum, noise]), 44_100, format="MP3", bitrate_mode="VARIABLE", compression_level=0.6)
    return list(split_frames(encoded.getvalue()))[1:]


@pytest.mark.parametrize("share", [0.25, 0.75])
def test_of_a_variable_bit_rate_what_is_missing_is_told_by_the_frames_around(tmp_path: Path, share: float) -> None:
    """A kilobyte of the hum lasts several times as long as one of the noise."""
    frames = make_uneven_song()
    at, lost = round(share * len(frames)), 60
    hole = bytes(sum(map(len, frames[at : at + lost])))
    path = rewrite(tmp_path / "a.mp3", b"".join((*frames[:at], hole, *frames[at + lost :])))
    told_s = float(analyse(path).warnings[0].removeprefix("About ").split()[0])
    assert told_s == pytest.approx(lost * 1152 / 44_100, abs=0.25)


def test_where_bytes_were_cut_out_and_nothing_says_how_many_it_is_at_least_so_much(tmp_path: Path) -> None:
    frames = make_uneven_song()
    data, at = b"".join(frames), sum(map(len, frames[: len(frames) // 4]))
    cut_out = remove(data, round(0.8 * len(data)) + 77, 64 * 1024)
    warning = analyse(rewrite(tmp_path / "a.mp3", blank(cut_out, at, 2_500))).warnings[0]
    assert warning.startswith("At least ")
    assert "in 2 places, the first of them near 0:30, could not be decoded" in warning


def test_many_small_holes_are_told_of_together(tmp_path: Path) -> None:
    path = write_mp3(tmp_path / "a.mp3", DURATION_S)
    data = bytearray(path.read_bytes())
    for place in range(1, 5):
        at = len(data) * place // 5
        data[at : at + 1_500] = bytes(1_500)
    warning = analyse(rewrite(path, bytes(data))).warnings[0]
    assert "in 4 places, the first of them near 0:06, could not be decoded" in warning


@pytest.mark.parametrize("bit", [0x04, 0xC0])
def test_a_frame_that_says_it_is_of_another_rate_or_channel_count_costs_itself(tmp_path: Path, bit: int) -> None:
    """libsndfile stops there without a word."""
    path = write_mp3(tmp_path / "a.mp3", DURATION_S)
    frames = list(split_frames(path.read_bytes()))
    wrong = bytearray(frames[600])
    wrong[2 if bit == 0x04 else 3] |= bit
    analysis = analyse(rewrite(path, b"".join((*frames[:600], bytes(wrong), *frames[601:]))))
    assert analysis.duration_s == pytest.approx(DURATION_S, abs=0.1)
    assert "near 0:16" in analysis.warnings[0]


@pytest.mark.parametrize("harm", HARMS)
def test_a_flac_with_a_hole_is_kept(tmp_path: Path, harm: Harm) -> None:
    path = write_audio(tmp_path / "a.flac", make_music(DURATION_S), format="FLAC")
    whole = analyse(path)
    data = path.read_bytes()
    analysis = analyse(rewrite(path, harm(data, len(data) // 2, 20_000)))
    assert whole.warnings == ()
    assert DURATION_S - most_loss_s(DURATION_S) < analysis.duration_s < DURATION_S
    assert np.abs(np.subtract(analysis.mfcc, whole.mfcc)).max() < 3
    assert "near 0:15 could not be decoded" in analysis.warnings[0]


def test_a_flac_with_a_large_hole_is_refused(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "a.flac", make_music(DURATION_S), format="FLAC")
    data = path.read_bytes()
    assert refuse(rewrite(path, blank(data, len(data) // 2, len(data) // 20))).code == "corrupt"


def test_a_flac_of_a_program_that_never_came_back_to_write_the_length_is_taken(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "a.flac", make_music(3.0), format="FLAC")
    whole = analyse(path)
    data = bytearray(path.read_bytes())
    data[21] &= 0xF0
    data[22:26] = bytes(4)
    assert analyse(rewrite(path, bytes(data))).mfcc == whole.mfcc


def test_a_damaged_flac_that_does_not_say_how_long_it_was_is_refused(tmp_path: Path) -> None:
    """How much of it is missing cannot be told."""
    path = write_audio(tmp_path / "a.flac", make_music(DURATION_S), format="FLAC")
    data = bytearray(path.read_bytes())
    data[21] &= 0xF0
    data[22:26] = bytes(4)
    assert refuse(rewrite(path, blank(bytes(data), len(data) // 2, 20_000))).code == "corrupt"


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
@pytest.mark.parametrize("harm", HARMS)
def test_an_ogg_with_a_damaged_page_is_kept(tmp_path: Path, harm: Harm, subtype: str) -> None:
    path = write_ogg(tmp_path / "a.ogg", subtype, 60.0)
    data = path.read_bytes()
    analysis = analyse(rewrite(path, harm(data, len(data) // 2, 10)))
    assert 60.0 - most_loss_s(60.0) < analysis.duration_s < 60.0
    assert "of this file could not be decoded" in analysis.warnings[0]


@pytest.mark.parametrize("container", ["WAV", "AIFF", "MP3"])
def test_a_file_that_lacks_a_little_of_its_end_is_kept_and_says_so(tmp_path: Path, container: str) -> None:
    path = write_audio(tmp_path / "a", make_music(DURATION_S), format=container)
    data = path.read_bytes()
    analysis = analyse(rewrite(path, data[: int(len(data) * 0.985)]))
    assert analysis.duration_s == pytest.approx(0.985 * DURATION_S, abs=0.1)
    assert "at the end of this file is missing" in analysis.warnings[0]
    assert refuse(rewrite(path, data[: int(len(data) * 0.96)])).code == "truncated"


def test_samples_that_are_no_loudness_are_muted_where_they_are_few(tmp_path: Path) -> None:
    signal = make_music(DURATION_S)
    signal[441_000:441_100] = np.nan
    analysis = analyse(write_audio(tmp_path / "a.wav", signal, subtype="FLOAT"))
    assert np.isfinite(analysis.mfcc).all()
    assert "near 0:10 could not be decoded" in analysis.warnings[0]


def test_what_may_be_lost_is_a_share_and_no_more_than_some_seconds() -> None:
    assert most_loss_s(1.0) == NOTICED_S
    assert most_loss_s(200.0) == 200.0 * MOST_LOST_SHARE
    assert most_loss_s(3 * 3600.0) == MOST_LOST_S


def test_places_near_each_other_are_one() -> None:
    damage = Damage(lost_s=0.4)
    for at_s in (83.0, 83.2, 84.9):
        damage.note(at_s)
    assert damage.describe(held_s=200.0, undecoded_s=0.1) == "About 0.5 s near 1:23 could not be decoded. All else was analysed."


def test_a_frame_lost_anywhere_in_songs_of_every_kind_costs_no_song(tmp_path: Path) -> None:
    """Four kinds of damage, of every rate, mode and tag, in bounded time and memory."""
    with BoundedWorker() as worker:
        for number, song in enumerate(make_songs()):
            dice = random.Random(number)
            for harm in HARMS:
                sound_bytes = sum(map(len, song.frames))
                at = len(song.head) + dice.randrange(sound_bytes // 10, sound_bytes * 9 // 10)
                path = rewrite(tmp_path / "a.mp3", harm(song.data, at, dice.randrange(1, len(song.frames[len(song.frames) // 2]))))
                outcome = worker.analyse(path)
                assert "duration_s" in outcome, (number, harm.__name__, outcome)
                assert outcome["duration_s"] == pytest.approx(6.0, abs=0.4)
