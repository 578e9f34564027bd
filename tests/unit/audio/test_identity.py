"""A track is what is heard: tags may come, go and change; the sound may not."""

from __future__ import annotations

import hashlib
import io
import struct
from pathlib import Path

import mutagen
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutagen.apev2 import APEv2
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, ID3, TIT2

from chalicelib.audio.analysis import analyse_file
from chalicelib.audio.identity import identify_track
from tests.unit.audio.made_audio import MAX_DURATION_S, make_music, write_audio, write_mp3


@pytest.fixture(scope="module")
def bare_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_mp3(tmp_path_factory.mktemp("identity") / "bare.mp3", 2.0)


@pytest.fixture
def bare_mp3(bare_file: Path) -> bytes:
    return bare_file.read_bytes()


def identify(data: bytes, container: str = "MP3") -> str:
    return identify_track(io.BytesIO(data), container)


def make_id3v2(payload: bytes, *, has_footer: bool = False) -> bytes:
    size = bytes(len(payload) >> shift & 0x7F for shift in (21, 14, 7, 0))
    flags = 0x10 if has_footer else 0
    footer = b"3DI" + bytes([4, 0, flags]) + size if has_footer else b""
    return b"ID3" + bytes([4, 0, flags]) + size + payload + footer


def make_ape(payload: bytes) -> bytes:
    def end(flags: int) -> bytes:
        return b"APETAGEX" + struct.pack("<IIII8x", 2000, len(payload) + 32, 1, flags)

    return end(0xA0000000) + payload + end(0x80000000)


def make_lyrics3(payload: bytes) -> bytes:
    return payload + f"{len(payload):06}".encode() + b"LYRICS200"


ID3V1 = b"TAG" + b"A title".ljust(125, b"\0")


def test_an_untagged_mp3_is_the_hash_of_its_bytes(bare_mp3: bytes) -> None:
    assert identify(bare_mp3) == hashlib.sha256(bare_mp3).hexdigest()[:24]


@settings(max_examples=60, deadline=None)
@given(
    leading=st.lists(st.builds(make_id3v2, st.binary(max_size=300), has_footer=st.booleans()), max_size=3),
    padding=st.integers(min_value=0, max_value=2000),
    trailing=st.lists(
        st.one_of(
            st.just(ID3V1),
            st.builds(make_ape, st.binary(max_size=200)),
            st.builds(make_lyrics3, st.just(b"LYRICSBEGIN")),
            st.builds(lambda payload: make_id3v2(payload, has_footer=True), st.binary(max_size=200)),
        ),
        max_size=3,
    ),
)
def test_tags_of_any_kind_and_number_leave_the_identity(bare_file: Path, leading: list[bytes], padding: int, trailing: list[bytes]) -> None:
    bare_mp3 = bare_file.read_bytes()
    tagged = b"".join(leading) + bytes(padding) + bare_mp3 + b"".join(trailing)
    assert identify(tagged) == identify(bare_mp3)


def test_the_mark_of_an_ape_tag_is_no_id3v1_tag_wherever_it_lies(bare_mp3: bytes) -> None:
    lengths = range(140)
    tagged = [bare_mp3 + make_ape(b"") + make_ape(bytes(length)) for length in lengths]
    assert {identify(each) for each in tagged} == {identify(bare_mp3)}


def test_retagging_by_mutagen_updates_the_track_instead_of_making_another(tmp_path: Path, bare_mp3: bytes) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(bare_mp3)
    ids = []
    for title, cover_bytes in (("First", 10), ("Second, longer than the padding" * 100, 100_000), ("Third", 0)):
        tag = ID3()
        tag.add(TIT2(encoding=3, text=title))
        tag.add(APIC(encoding=3, mime="image/png", type=3, data=b"\x89PNG" + bytes(cover_bytes)))
        tag.save(path)
        ape = APEv2()
        ape["Title"] = title[:20]
        ape.save(path)
        analysis = analyse_file(path, file_name="a.mp3", max_duration_s=MAX_DURATION_S)
        assert analysis.tags.title[:5] == title[:5]
        ids.append(analysis.track_id)
    assert set(ids) == {identify(bare_mp3)}


def test_other_sound_is_another_track(tmp_path: Path, bare_mp3: bytes) -> None:
    other = write_mp3(tmp_path / "b.mp3", 2.0, seed=2).read_bytes()
    assert identify(other) != identify(bare_mp3)


@pytest.mark.parametrize(("extension", "subtype"), [("flac", "PCM_16"), ("ogg", "VORBIS"), ("ogg", "OPUS"), ("wav", "PCM_16")])
def test_retagging_other_containers_leaves_the_identity(tmp_path: Path, extension: str, subtype: str) -> None:
    path = write_audio(tmp_path / f"a.{extension}", make_music(2.0, sample_rate=48_000), 48_000, subtype=subtype)
    before = identify(path.read_bytes(), extension.upper())
    file = mutagen.File(path)
    if file.tags is None:
        file.add_tags()
    if extension == "wav":
        file.tags.add(TIT2(encoding=3, text="New"))
    else:
        file.tags["TITLE"] = "New" * 30_000  # pages of comments
    file.save()
    analysis = analyse_file(path, file_name="a", max_duration_s=MAX_DURATION_S)
    assert analysis.tags.title.startswith("New")
    assert analysis.track_id == before


def test_a_picture_in_flac_is_no_sound(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "a.flac", make_music(1.0))
    before = identify(path.read_bytes(), "FLAC")
    file, picture = FLAC(path), Picture()
    picture.data, picture.type, picture.mime = bytes(50_000), 3, "image/png"
    file.add_picture(picture)
    file.save()
    assert identify(path.read_bytes(), "FLAC") == before


def test_the_same_samples_in_two_codecs_are_two_tracks(tmp_path: Path) -> None:
    signal = make_music(1.0)
    wav, flac = write_audio(tmp_path / "a.wav", signal), write_audio(tmp_path / "a.flac", signal)
    assert identify(wav.read_bytes(), "WAV") != identify(flac.read_bytes(), "FLAC")
