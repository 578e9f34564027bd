"""WAV, FLAC, Ogg and AIFF in all their kinds: known by content, measured as librosa measures them, and refused where they are cut."""

from __future__ import annotations

import base64
import io
import struct
from pathlib import Path

import mutagen
import numpy as np
import pytest
import soundfile
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, ID3, TIT2, TPE1
from mutagen.oggvorbis import OggVorbis
from PIL import Image

from chalicelib.audio.analysis import analyse_file
from chalicelib.errors import AudioError
from chalicelib.model import Analysis
from tests.unit.audio.made_audio import MAX_DURATION_S, Signal, make_music, write_audio
from tests.unit.audio.made_pictures import encode
from tests.unit.audio.oracle import TOLERANCE, ask_librosa, measure

KINDS = [
    *[("WAV", subtype) for subtype in ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW", "MS_ADPCM", "IMA_ADPCM")],
    *[("WAVEX", subtype) for subtype in ("PCM_16", "PCM_24", "FLOAT")],
    *[("RF64", "PCM_16"), ("W64", "PCM_24")],
    *[("FLAC", subtype) for subtype in ("PCM_S8", "PCM_16", "PCM_24")],
    *[("OGG", subtype) for subtype in ("VORBIS", "OPUS")],
    *[("AIFF", subtype) for subtype in ("PCM_16", "PCM_24", "FLOAT")],
    *[("CAF", "PCM_16"), ("CAF", "ALAC_16"), ("AU", "PCM_16")],
]


def analyse(path: Path) -> Analysis:
    return analyse_file(path, file_name=path.name, max_duration_s=MAX_DURATION_S)


def refuse(path: Path) -> AudioError:
    with pytest.raises(AudioError) as caught:
        analyse(path)
    return caught.value


def rewrite(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(("container", "subtype"), KINDS)
def test_every_kind_is_known_by_content_and_has_librosas_means(tmp_path: Path, container: str, subtype: str) -> None:
    path = write_audio(tmp_path / "named.mp3", make_music(2.0, sample_rate=48_000), 48_000, format=container, subtype=subtype)
    analysis = analyse(path)
    assert analysis.duration_s == pytest.approx(2.0, abs=0.05)  # ADPCM has whole blocks
    assert np.abs(np.subtract(analysis.mfcc, ask_librosa(path))).max() < TOLERANCE


@pytest.mark.parametrize("rate", [8_000, 22_050, 96_000, 192_000])
@pytest.mark.parametrize("channels", [1, 6, 8])
@pytest.mark.parametrize("container", ["WAVEX", "FLAC"])
def test_few_and_many_channels_at_low_and_high_rates(tmp_path: Path, container: str, channels: int, rate: int) -> None:
    path = write_audio(tmp_path / "a", make_music(1.0, sample_rate=rate, channels=channels), rate, format=container, subtype="PCM_16")
    assert np.abs(measure(path) - ask_librosa(path)).max() < TOLERANCE


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
@pytest.mark.parametrize("channels", [1, 6])
def test_ogg_with_few_and_many_channels(tmp_path: Path, channels: int, subtype: str) -> None:
    path = write_audio(tmp_path / "a.ogg", make_music(1.0, sample_rate=48_000, channels=channels), 48_000, format="OGG", subtype=subtype)
    assert np.abs(measure(path) - ask_librosa(path)).max() < TOLERANCE


@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.95])
@pytest.mark.parametrize(("container", "subtype"), [kind for kind in KINDS if kind[1] != "ALAC_16"])
def test_a_file_that_was_cut_is_never_taken_for_a_whole_one(tmp_path: Path, container: str, subtype: str, share: float) -> None:
    path = write_audio(tmp_path / "a", make_music(12.0, sample_rate=16_000), 16_000, format=container, subtype=subtype)
    data = path.read_bytes()
    codes = {"truncated", "corrupt"} | ({"not_audio"} if share < 0.1 else set())  # of Ogg not even the beginning is there
    assert refuse(rewrite(path, data[: int(len(data) * share)])).code in codes


def test_a_wav_of_a_program_that_never_came_back_to_write_the_size_is_taken(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "a.wav", make_music(2.0))
    data = bytearray(path.read_bytes())
    at = data.index(b"data") + 4
    for size in (0xFFFFFFFF, 0x7FFFFFFF):
        data[at : at + 4] = size.to_bytes(4, "little")
        assert analyse(rewrite(path, bytes(data))).duration_s == pytest.approx(2.0, abs=0.01)


@pytest.mark.parametrize("container", ["WAV", "AIFF"])
def test_chunks_of_any_kind_around_the_sound_change_nothing(tmp_path: Path, container: str) -> None:
    plain = write_audio(tmp_path / "plain", make_music(1.0), format=container, subtype="PCM_16")
    data = plain.read_bytes()
    order = "<" if container == "WAV" else ">"
    junk = b"junk" + struct.pack(f"{order}I", 1001) + bytes(1002)
    at = data.index(b"data" if container == "WAV" else b"SSND")
    crowded = rewrite(
        tmp_path / "crowded", data[:4] + struct.pack(f"{order}I", len(data) - 8 + 2 * len(junk)) + data[8:at] + junk + data[at:] + junk
    )
    assert np.array_equal(measure(crowded), measure(plain))


@pytest.mark.parametrize("padding", [0, 3_000])
def test_flac_behind_an_id3_tag_is_flac_with_both_tags(tmp_path: Path, padding: int) -> None:
    path = write_audio(tmp_path / "a", make_music(2.0), format="FLAC")
    plain = analyse(path)
    file = FLAC(path)
    file["title"] = "From the comments"
    file.save()
    tag, head = ID3(), io.BytesIO()
    tag.add(TIT2(encoding=3, text="From ID3"))
    tag.save(head, padding=lambda _: padding)
    analysis = analyse(rewrite(path, head.getvalue() + path.read_bytes()))
    assert analysis.tags.title == "From the comments"
    assert (analysis.track_id, analysis.mfcc, analysis.duration_s) == (plain.track_id, plain.mfcc, plain.duration_s)


@pytest.mark.parametrize(
    ("container", "subtype"), [("OGG", "VORBIS"), ("OGG", "OPUS"), ("FLAC", "PCM_16"), ("WAV", "PCM_16"), ("AIFF", "PCM_16")]
)
def test_tags_and_pictures_of_every_container_are_read_and_leave_the_sound_alone(tmp_path: Path, container: str, subtype: str) -> None:
    """A picture of 400 KB: its comment goes over many Ogg pages."""
    path = write_audio(tmp_path / "a", make_music(2.0, sample_rate=48_000), 48_000, format=container, subtype=subtype)
    plain = analyse(path)
    noise = np.random.default_rng(1).integers(0, 256, (380, 380, 3), dtype=np.uint8)
    picture = Picture()
    picture.type, picture.mime, picture.data = 3, "image/png", encode(Image.fromarray(noise), "PNG")
    file = mutagen.File(path)
    if file.tags is None:
        file.add_tags()
    if container in ("WAV", "AIFF"):
        file.tags.add(TIT2(encoding=1, text="A title"))
        file.tags.add(TPE1(encoding=1, text="A band"))
        file.tags.add(APIC(encoding=0, mime="image/png", type=3, data=picture.data))
    else:
        file["title"], file["artist"] = "A title", "A band"
        if container == "FLAC":
            file.add_picture(picture)
        else:
            file["metadata_block_picture"] = base64.b64encode(picture.write()).decode("ascii")
    file.save()
    analysis = analyse(path)
    assert (analysis.tags.title, analysis.tags.artist, analysis.warnings) == ("A title", "A band", ())
    assert analysis.cover is not None
    assert np.array_equal(analysis.mfcc, plain.mfcc)


def test_a_broken_picture_in_ogg_costs_the_picture_alone(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "a.ogg", make_music(1.0))
    file = OggVorbis(path)
    file["title"], file["metadata_block_picture"] = "A title", ["no base64 at all!", base64.b64encode(b"\x00" * 5).decode()]
    file.save()
    analysis = analyse(path)
    assert analysis.tags.title == "A title"
    assert analysis.cover is None
    assert "cover picture was left out" in analysis.warnings[0]


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_ogg_streams_joined_end_to_end_do_not_pass_for_the_first_of_them(tmp_path: Path, subtype: str) -> None:
    path = write_audio(tmp_path / "a", make_music(3.0, sample_rate=48_000), 48_000, format="OGG", subtype=subtype)
    error = refuse(rewrite(path, path.read_bytes() * 2))
    assert (error.code, "joined" in error.message) == ("corrupt", True)


def test_junk_behind_an_ogg_stream_is_no_sound(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "a", make_music(3.0), format="OGG")
    assert analyse(rewrite(path, path.read_bytes() + b"ID3 of some tagger" * 9)).duration_s == pytest.approx(3.0, abs=0.01)


@pytest.mark.parametrize("rate", [0, 1, 0xFFFFFFFF])
def test_a_wav_that_claims_an_impossible_rate_is_refused(tmp_path: Path, rate: int) -> None:
    path = write_audio(tmp_path / "a.wav", make_music(1.0))
    data = bytearray(path.read_bytes())
    data[24:28] = rate.to_bytes(4, "little")
    assert refuse(rewrite(path, bytes(data))).code in {"corrupt", "not_audio"}


def test_raw_formats_that_a_name_alone_would_make_audio_are_none(tmp_path: Path) -> None:
    signal: Signal = make_music(1.0, channels=1)
    for extension in ("raw", "vox", "gsm", "snd", "sds", "htk"):
        path = rewrite(tmp_path / f"a.{extension}", (signal * 20_000).astype("<i2").tobytes())
        assert refuse(path).code == "not_audio"


def test_libsndfile_reads_what_is_promised() -> None:
    assert {"WAV", "WAVEX", "FLAC", "OGG", "MP3", "AIFF"} <= set(soundfile.available_formats())
    assert {"VORBIS", "OPUS"} <= set(soundfile.available_subtypes("OGG"))
