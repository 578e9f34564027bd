"""What a file says of itself, by mutagen. Broken or hostile tags cost the tags, never the song. Cleaning: `tag_text`; covers: `cover`."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, BinaryIO

import mutagen
from mutagen.aiff import AIFF
from mutagen.apev2 import APENoHeaderError, APEv2
from mutagen.flac import FLAC, Picture
from mutagen.id3 import ID3, ID3NoHeaderError
from mutagen.wave import WAVE

from chalicelib.audio.bounded_tags import BoundedFile, TagTooLargeError, reduce_flac, reduce_id3
from chalicelib.audio.id3_frames import KNOWN_FRAMES
from chalicelib.audio.tag_text import clean_text, mend_latin1, mend_utf16, parse_track_number, parse_year
from chalicelib.model import Tags

_UNTITLED = "Untitled"
_TOO_LARGE = "The tags of this file have more than 16 MB and were not read whole: a cover picture may have been left out."
_UNREADABLE = "The tags of this file could not be read; its name serves as the title."
_FRONT = 3  # ID3's number for the front cover, and FLAC's
_UNKNOWN_GENRE = "Unknown"  # mutagen's name for a number that is no genre
_MENDERS: dict[int, Callable[[str], str]] = {0: mend_latin1, 1: mend_utf16}  # by ID3's number of the encoding; ID3v1 comes as Latin-1 too
_RIFF_LIKE = {"WAV": WAVE, "WAVEX": WAVE, "AIFF": AIFF}  # with ID3 in a chunk
_ID3_NAMES = {
    "title": "TIT2",
    "artist": "TPE1",
    "album": "TALB",
    "album_artist": "TPE2",
    "genre": "TCON",
    "year": "TDRC",
    "track_number": "TRCK",
}
_COMMENT_NAMES = {  # Vorbis comments and APE items, in lower case
    "title": ("title",),
    "artist": ("artist",),
    "album": ("album",),
    "album_artist": ("albumartist", "album artist"),
    "genre": ("genre",),
    "year": ("date", "year"),
    "track_number": ("tracknumber", "track"),
}

Fields = dict[str, list[str]]  # field of Tags → its raw values


@dataclass(frozen=True, slots=True)
class EmbeddedPicture:
    data: bytes
    is_front: bool


@dataclass(frozen=True, slots=True)
class FileTags:
    tags: Tags
    pictures: tuple[EmbeddedPicture, ...] = ()
    warnings: tuple[str, ...] = ()


def read_tags(path: PurePath, container: str, *, file_name: str) -> FileTags:
    """Never fails: what cannot be read becomes a warning, and the title falls back to the file's name without its extension."""
    warnings: tuple[str, ...] = ()
    try:
        with Path(path).open("rb") as file:
            try:
                fields, pictures = _read_fields(file, container)
            except TagTooLargeError:
                warnings = (_TOO_LARGE,)
                fields, pictures = _read_reduced(file, container)
    except Exception:  # noqa: BLE001 - mutagen's parsers raise anything on hostile bytes; the song itself is sound
        return FileTags(_make_tags({}, file_name), warnings=warnings or (_UNREADABLE,))
    return FileTags(_make_tags(fields, file_name), pictures, warnings)


def _read_fields(file: BinaryIO, container: str) -> tuple[Fields, tuple[EmbeddedPicture, ...]]:
    bounded = BoundedFile(file)
    if container == "MP3":
        return _read_mp3(file)
    if container in _RIFF_LIKE:
        return _collect(_RIFF_LIKE[container](bounded, known_frames=KNOWN_FRAMES))
    return _collect(FLAC(bounded) if container == "FLAC" else mutagen.File(bounded))  # which takes a FLAC behind an ID3 tag for an MP3


def _read_reduced(file: BinaryIO, container: str) -> tuple[Fields, tuple[EmbeddedPicture, ...]]:
    if container == "MP3":
        return _collect_id3(ID3(reduce_id3(file, frozenset(KNOWN_FRAMES)), known_frames=KNOWN_FRAMES))
    return _collect(FLAC(reduce_flac(file))) if container == "FLAC" else ({}, ())


def _collect(file: Any) -> tuple[Fields, tuple[EmbeddedPicture, ...]]:  # a mutagen.FileType, or None
    if file is None or file.tags is None:
        return {}, ()
    if isinstance(file.tags, ID3):
        return _collect_id3(file.tags)
    pictures = getattr(file, "pictures", None)
    found = _decode_pictures(file.tags) if pictures is None else [EmbeddedPicture(each.data, each.type == _FRONT) for each in pictures]
    return _collect_comments(file.tags), tuple(found)


def _read_mp3(file: BinaryIO) -> tuple[Fields, tuple[EmbeddedPicture, ...]]:
    try:
        id3 = ID3(BoundedFile(file), known_frames=KNOWN_FRAMES)
    except ID3NoHeaderError:
        return _read_ape(file), ()
    fields, pictures = _collect_id3(id3)
    return (_read_ape(file) | fields if "title" not in fields else fields), pictures


def _read_ape(file: BinaryIO) -> Fields:
    try:
        return _collect_comments(APEv2(BoundedFile(file)))
    except APENoHeaderError:
        return {}


def _decode_pictures(comments: Mapping[str, list[str]]) -> list[EmbeddedPicture]:
    """Ogg keeps FLAC's picture block as base64 in a comment. A broken one comes out empty: `cover` leaves it out."""
    return [_decode_picture(text) for text in comments.get("metadata_block_picture", [])]


def _decode_picture(text: str) -> EmbeddedPicture:
    try:
        picture = Picture(base64.b64decode(text))
    except (ValueError, mutagen.MutagenError):
        return EmbeddedPicture(b"", is_front=False)
    return EmbeddedPicture(picture.data, picture.type == _FRONT)


def _collect_id3(id3: ID3) -> tuple[Fields, tuple[EmbeddedPicture, ...]]:
    fields: Fields = {}
    for field, name in _ID3_NAMES.items():
        values = [text for frame in id3.getall(name) for text in _read_frame(frame)]
        if values:
            fields[field] = values
    return fields, tuple(EmbeddedPicture(frame.data, frame.type == _FRONT) for frame in id3.getall("APIC"))


def _read_frame(frame: Any) -> list[str]:  # mutagen has no types
    texts = frame.genres if frame.FrameID == "TCON" else frame.text
    mend = _MENDERS.get(frame.encoding, str)
    return [mend(str(text)) for text in texts if text != _UNKNOWN_GENRE]


def _collect_comments(comments: Any) -> Fields:  # a Vorbis comment block or APEv2: mappings of names to values
    named = {str(name).lower(): value for name, value in comments.items()}
    fields: Fields = {}
    for field, names in _COMMENT_NAMES.items():
        values = [str(text) for name in names if name in named for text in named[name]]
        if values:
            fields[field] = values
    return fields


def _make_tags(fields: Fields, file_name: str) -> Tags:
    cleaned = {field: [text for raw in values if (text := clean_text(raw))] for field, values in fields.items()}

    def first(field: str) -> str | None:
        return next(iter(cleaned.get(field, [])), None)

    def all_of(field: str) -> str | None:
        return clean_text(", ".join(dict.fromkeys(cleaned.get(field, []))))

    return Tags(
        title=first("title") or clean_text(PurePath(file_name).stem) or _UNTITLED,
        artist=all_of("artist"),
        album=first("album"),
        album_artist=all_of("album_artist"),
        genre=first("genre"),
        year=parse_year(first("year") or ""),
        track_number=parse_track_number(first("track_number") or ""),
    )
