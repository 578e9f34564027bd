"""What a file is that is none of ours, by its first bytes: so that a person is told what to do instead of what it is not."""

from __future__ import annotations

from typing import BinaryIO

from chalicelib.audio import messages
from chalicelib.audio.tag_bounds import find_sound_range
from chalicelib.errors import AudioError

_HEAD_BYTES = 64
_READABLE = {  # where libsndfile reads none of it although it begins so, it is not whole, or holds what only its makers read
    b"RIFF": "a WAV",
    b"RF64": "a WAV",
    b"fLaC": "a FLAC",
    b"OggS": "an Ogg",
    b"FORM": "an AIFF",
    b"caff": "a CAF",
}
_CONVERTIBLE = {
    b"0&\xb2u\x8ef\xcf\x11": "a Windows Media file (WMA)",
    b"MAC ": "a Monkey's Audio file (APE)",
    b"wvpk": "a WavPack file",
    b"MPCK": "a Musepack file",
    b"MP+": "a Musepack file",
    b"TTA1": "a True Audio file (TTA)",
    b"DSD ": "a DSD file (DSF)",
    b"FRM8": "a DSD file (DFF)",
    b"MThd": "a MIDI file",
    b"#!AMR": "an AMR recording",
    b"\x1aE\xdf\xa3": "a Matroska or WebM file",
    b".RMF": "a RealMedia file",
    b"\xff\xf1": "an AAC file",
    b"\xff\xf9": "an AAC file",
}
_OTHER = {
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "a ZIP archive: unpack it and upload the songs in it",
    b"Rar!": "a RAR archive: unpack it and upload the songs in it",
    b"7z\xbc\xaf": "a 7z archive: unpack it and upload the songs in it",
    b"\x1f\x8b": "a compressed file: unpack it and upload what is in it",
    b"<!doctype html": "a web page: the download went wrong",
    b"<html": "a web page: the download went wrong",
    b"#EXTM3U": "a playlist: upload the songs themselves",
    b"[playlist]": "a playlist: upload the songs themselves",
}


def make_stranger_error(file: BinaryIO) -> AudioError:
    """`not_audio`; `corrupt` for what begins as a file that could be read."""
    head = _read_head(file)
    readable = _match(_READABLE, head)
    if readable:
        return messages.make_unreadable_container_error(readable)
    convertible = "an MP4 or M4A file" if head[4:8] == b"ftyp" else _match(_CONVERTIBLE, head)
    if convertible:
        return messages.make_convertible_error(convertible)
    other = _match(_OTHER, head.lstrip().lower()) or _match(_OTHER, head)
    return messages.make_stranger_error(other) if other else messages.make_not_audio_error()


def _read_head(file: BinaryIO) -> bytes:
    """Behind an ID3 tag, where there is one."""
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    if head.startswith(b"ID3"):
        file.seek(find_sound_range(file).start)
        head = file.read(_HEAD_BYTES)
    return head


def _match(names: dict[bytes, str], head: bytes) -> str | None:
    return next((name for mark, name in names.items() if head.startswith(mark)), None)
