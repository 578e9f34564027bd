"""MP3s whose headers lie or are missing are analysed whole; containers are known by content, not by name."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from mutagen.apev2 import APEv2
from mutagen.id3 import ID3, TIT2

from chalicelib.audio.analysis import analyse_file
from chalicelib.audio.mp3_frames import FrameWalk, make_counting_head, walk_frames
from chalicelib.audio.mp3_headers import FrameHeader, parse_header
from chalicelib.errors import AudioError
from chalicelib.model import Analysis
from tests.unit.audio.made_audio import MAX_DURATION_S, make_music, split_frames, write_audio


def analyse(path: Path) -> Analysis:
    return analyse_file(path, file_name=path.name, max_duration_s=MAX_DURATION_S)


@pytest.fixture(scope="module")
def mp3(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """20 seconds at a variable bit rate, the first half so quiet that its frames are small: guesses from the start are wrong."""
    signal = np.concatenate([make_music(10.0) * np.float32(0.003), make_music(10.0)])
    return write_audio(tmp_path_factory.mktemp("odd") / "song.mp3", signal, format="MP3", bitrate_mode="VARIABLE").read_bytes()


def walk(data: bytes) -> FrameWalk:
    walked = walk_frames(io.BytesIO(data), 0, len(data))
    assert walked is not None
    return walked


def make_walk(first: FrameHeader, word: int, *, frames: int) -> FrameWalk:
    return FrameWalk(
        first_frame_at=0,
        first_sound_at=0,
        frames=frames,
        samples_per_frame=first.samples,
        sample_rate=first.sample_rate,
        header_word=word,
        declared=None,
        skipped_bytes=0,
        trailing_bytes=0,
        is_last_cut=False,
    )


def test_the_walk_counts_the_frames_that_the_xing_header_declares(mp3: bytes) -> None:
    walked = walk(mp3)
    assert walked.declared is not None
    assert walked.frames == walked.declared.frames == len(list(split_frames(mp3))) - 1
    assert walked.declared.sound_bytes == len(mp3)
    assert walked.duration_s == pytest.approx(20.0, abs=0.1)
    assert (walked.skipped_bytes, walked.is_last_cut) == (0, False)


def test_without_a_xing_header_the_whole_song_is_heard(tmp_path: Path, mp3: bytes) -> None:
    bare = tmp_path / "bare.mp3"
    bare.write_bytes(b"".join(list(split_frames(mp3))[1:]))
    assert abs(soundfile.info(bare).duration - 20.0) > 3  # what is to be put right
    analysis = analyse(bare)
    assert analysis.duration_s == pytest.approx(20.0, abs=0.15)
    assert analysis.warnings == ()


def test_a_header_that_says_too_little_is_not_believed(tmp_path: Path, mp3: bytes) -> None:
    at = mp3.index(b"Xing") + 8
    lying = tmp_path / "lying.mp3"
    lying.write_bytes(mp3[:at] + (100).to_bytes(4, "big") + mp3[at + 4 :])
    analysis = analyse(lying)
    assert analysis.duration_s == pytest.approx(20.0, abs=0.15)
    assert "gives its length wrongly" in analysis.warnings[0]


def test_songs_joined_end_to_end_are_heard_to_the_end(tmp_path: Path, mp3: bytes) -> None:
    joined = tmp_path / "joined.mp3"
    joined.write_bytes(mp3 + mp3)
    assert analyse(joined).duration_s == pytest.approx(40.0, abs=0.3)


@pytest.mark.parametrize("junk", [bytes(3000), b"GIF89a" + bytes(range(200)) * 20], ids=["zeros", "junk"])
def test_junk_before_the_first_frame_changes_nothing(tmp_path: Path, mp3: bytes, junk: bytes) -> None:
    clean, junky = tmp_path / "clean", tmp_path / "junky"
    clean.write_bytes(mp3)
    junky.write_bytes(junk + mp3)
    assert np.abs(np.subtract(analyse(clean).mfcc, analyse(junky).mfcc)).max() < 1e-3
    assert analyse(junky).warnings == ()


def test_an_intact_song_without_any_length_in_it_is_taken_though_a_tag_follows_a_cut_frame(tmp_path: Path, mp3: bytes) -> None:
    """Who wrote a tag at the very end had the whole file before him."""
    frames = list(split_frames(mp3))[1:]
    tagged = tmp_path / "tagged.mp3"
    tagged.write_bytes(b"".join(frames) + frames[0][:20] + b"TAG" + b"A title".ljust(125, b"\0"))
    analysis = analyse(tagged)
    assert analysis.tags.title == "A title"
    assert analysis.duration_s == pytest.approx(20.0, abs=0.15)


def test_a_broken_tag_size_does_not_hide_the_song(tmp_path: Path, mp3: bytes) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(b"ID3\x04\x00\x00\x00\x00\x00\x05" + bytes(300) + mp3)
    assert analyse(path).duration_s == pytest.approx(20.0, abs=0.15)


@pytest.mark.parametrize("container", ["WAV", "FLAC", "OGG"])
def test_containers_are_known_by_content_not_by_name(tmp_path: Path, container: str) -> None:
    path = write_audio(tmp_path / "renamed.mp3", make_music(3.0), format=container)
    analysis = analyse(path)
    assert analysis.duration_s == pytest.approx(3.0, abs=0.01)
    assert analysis.tags.title == "renamed"


def test_an_mp3_without_a_name_is_known_too(tmp_path: Path, mp3: bytes) -> None:
    path = tmp_path / "download"
    path.write_bytes(mp3)
    assert analyse(path).duration_s == pytest.approx(20.0, abs=0.01)


@pytest.mark.parametrize(
    ("word", "size_bytes", "samples", "sample_rate"),
    [
        (0xFFFB9044, 417, 1152, 44_100),  # MPEG-1 layer III, 128 kbit/s
        (0xFFFB9264, 418, 1152, 44_100),  # the same, padded
        (0xFFF39044, 261, 576, 22_050),  # MPEG-2, 80 kbit/s
        (0xFFE31844, 72, 576, 8_000),  # MPEG-2.5, 8 kbit/s
        (0xFFFDA044, 626, 1152, 44_100),  # layer II, 192 kbit/s
        (0xFFFF4044, 136, 384, 44_100),  # layer I, 128 kbit/s
    ],
)
def test_frame_headers_are_read_by_the_standards_tables(word: int, size_bytes: int, samples: int, sample_rate: int) -> None:
    header = parse_header(word)
    assert header is not None
    assert (header.size_bytes, header.samples, header.sample_rate) == (size_bytes, samples, sample_rate)


@pytest.mark.parametrize("word", [0xFFFBF044, 0xFFFB0044, 0xFFEB9044, 0xFFF99044, 0xFFFB9C44, 0xFEFB9044])
def test_reserved_values_begin_no_frame(word: int) -> None:
    assert parse_header(word) is None


@pytest.mark.parametrize("word", [0xFFFB1044, 0xFFF31044, 0xFFE31844, 0xFFFA10C4, 0xFFF210C4])
def test_the_counting_head_is_read_back(word: int) -> None:
    """At the lowest bit rates, mono and stereo, with and without checksum: the count has room, and silence comes behind it."""
    first = parse_header(word)
    assert first is not None
    head = make_counting_head(make_walk(first, word, frames=4711))
    counting, *silent = split_frames(head)
    assert {parse_header(int.from_bytes(frame[:4], "big")).kind for frame in (counting, *silent)} == {first.kind}
    assert walk(head).declared == (4711 + len(silent), 0)
    assert len(silent) == walk(head).frames == 1


@pytest.mark.parametrize("size", [0, 10, 3_000, 40_000, (1 << 28) - 1])
def test_a_tag_that_lies_about_its_size_hides_no_sound(tmp_path: Path, mp3: bytes, size: int) -> None:
    """Beyond the tag, into the song or beyond the file: the song is heard from its first frame, as a file without the tag is."""
    tag, head = ID3(), io.BytesIO()
    tag.add(TIT2(encoding=3, text="A title"))
    tag.save(head, padding=lambda _: 0)
    lying = tmp_path / "lying.mp3"
    lying.write_bytes(head.getvalue()[:6] + bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0)) + head.getvalue()[10:] + mp3)
    plain = tmp_path / "plain.mp3"
    plain.write_bytes(mp3)
    assert analyse(lying).mfcc == pytest.approx(analyse(plain).mfcc, abs=1e-3)


@pytest.mark.parametrize("size", [0, 31, 33, 5_000, 1 << 31])
def test_an_ape_tag_that_lies_about_its_size_hides_no_sound(tmp_path: Path, mp3: bytes, size: int) -> None:
    tag, tail = APEv2(), io.BytesIO()
    tag["Title"] = "A title"
    tag.save(tail)
    data = bytearray(mp3 + tail.getvalue())
    at = data.rindex(b"APETAGEX") + 12
    data[at : at + 4] = size.to_bytes(4, "little")
    lying = tmp_path / "lying.mp3"
    lying.write_bytes(data)
    assert analyse(lying).duration_s == pytest.approx(20.0, abs=0.1)


@pytest.mark.parametrize("declared", [1, 0xFFFFFFFF])
def test_a_count_of_frames_that_the_count_of_bytes_contradicts_is_not_believed(tmp_path: Path, mp3: bytes, declared: int) -> None:
    at = mp3.index(b"Xing") + 8
    lying = tmp_path / "lying.mp3"
    lying.write_bytes(mp3[:at] + declared.to_bytes(4, "big") + mp3[at + 4 :])
    assert analyse(lying).duration_s == pytest.approx(20.0, abs=0.15)


def test_what_follows_a_song_that_is_all_there_is_none_of_it(tmp_path: Path, mp3: bytes) -> None:
    page = tmp_path / "page.mp3"
    page.write_bytes(mp3 + b"<html>An advertisement</html>" * 2_000)
    assert analyse(page).duration_s == pytest.approx(20.0, abs=0.01)


def test_a_cover_whose_tag_forgot_it_is_looked_through(tmp_path: Path, mp3: bytes) -> None:
    junk = np.random.default_rng(5).bytes(900_000)
    path = tmp_path / "a.mp3"
    path.write_bytes(junk + mp3)
    assert analyse(path).duration_s == pytest.approx(20.0, abs=0.15)


@pytest.mark.parametrize("filling", [b"\xff\xfb\x90", b"\xff", b"\xff\xfb\x90\x44" + bytes(200)])
def test_a_file_of_false_beginnings_is_refused_without_a_long_search(tmp_path: Path, mp3: bytes, filling: bytes) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(mp3[:4_000] + filling * (30_000_000 // len(filling)))
    with pytest.raises(AudioError) as caught:
        analyse(path)
    assert caught.value.code in {"corrupt", "truncated", "not_audio"}
