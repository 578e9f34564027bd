"""What can happen to an MP3: some sound ones, tagged, and damage to them drawn by a seed. The same seed, the same bytes."""

from __future__ import annotations

import io
import random
import re
from dataclasses import dataclass
from functools import lru_cache

import soundfile
from mutagen.apev2 import APEv2
from mutagen.id3 import APIC, ID3, TALB, TCON, TDRC, TIT2, TPE1, TRCK

from tests.unit.audio.made_audio import make_music, split_frames
from tests.unit.audio.made_pictures import encode, paint

HARMLESS = {"edit_xing", "lie_about_tag_size", "edit_tag", "put_junk_in_front", "put_junk_behind"}  # to the sound


@dataclass(frozen=True)
class Song:
    """A sound MP3, in the parts that damage is told by."""

    head: bytes  # tags before the sound
    frames: tuple[bytes, ...]  # a Xing frame first, where there is one
    tail: bytes  # tags behind it
    has_xing: bool
    samples_per_frame: int
    sample_rate: int

    @property
    def data(self) -> bytes:
        return b"".join((self.head, *self.frames, self.tail))

    @property
    def frame_s(self) -> float:
        return self.samples_per_frame / self.sample_rate


@dataclass(frozen=True)
class Mutant:
    seed: int
    song: Song
    data: bytes
    acts: tuple[str, ...]

    @property
    def is_all_there(self) -> bool:
        """Nothing but tags, a header or what stands around the sound was changed, and it can be told where the sound ends."""
        can_be_told = "put_junk_behind" not in self.acts or (self.song.has_xing and "edit_xing" not in self.acts)
        return set(self.acts) <= HARMLESS and can_be_told and self.acts.count("edit_xing") < 2

    @property
    def least_duration_s(self) -> float:
        """Of the frames that are left as they were, in their order."""
        at = kept = 0
        for frame in self.song.frames[self.song.has_xing :]:
            found = self.data.find(frame, at)
            if found >= 0:
                at, kept = found + len(frame), kept + 1
        return kept * self.song.frame_s

    @property
    def most_duration_s(self) -> float:
        """Of all places where a frame of the song's kind could begin."""
        first = self.song.frames[0]
        pattern = re.escape(first[:1]) + b"[" + re.escape(bytes([first[1] | 1])) + re.escape(bytes([first[1] & ~1])) + b"]"
        return len(re.findall(b"(?=" + pattern + b")", self.data, re.DOTALL)) * self.song.frame_s


@lru_cache(maxsize=1)
def make_songs() -> tuple[Song, ...]:
    """MPEG-1, 2 and 2.5, one and two channels, constant and variable bit rate, with and without a Xing frame, by all kinds of tags."""
    pictured = _make_id3(4, 3) + bytes(700)
    return (
        _make_song(44_100, 2, "CONSTANT", head=_make_id3(4, 3), tail=_make_id3v1()),
        _make_song(44_100, 2, "VARIABLE", head=_make_id3(3, 1), tail=_make_ape() + _make_id3v1()),
        _make_song(44_100, 1, "CONSTANT", has_xing=False),
        _make_song(48_000, 2, "VARIABLE", head=pictured, has_xing=False),
        _make_song(22_050, 2, "CONSTANT", head=_make_id3(4, 0)),
        _make_song(16_000, 1, "VARIABLE", tail=_make_ape()),
        _make_song(8_000, 1, "CONSTANT", head=_make_id3(3, 0), has_xing=False),
    )


def _make_song(rate: int, channels: int, mode: str, *, head: bytes = b"", tail: bytes = b"", has_xing: bool = True) -> Song:
    encoded = io.BytesIO()
    music = make_music(6.0, sample_rate=rate, channels=channels, seed=rate + channels)
    soundfile.write(encoded, music, rate, format="MP3", bitrate_mode=mode, compression_level=0.6)
    frames = tuple(split_frames(encoded.getvalue()))
    return Song(head, frames if has_xing else frames[1:], tail, has_xing, 1152 if rate >= 32_000 else 576, rate)


def _make_id3(version: int, encoding: int) -> bytes:
    tags, file = ID3(), io.BytesIO()
    for frame, text in ((TIT2, "Für Élise"), (TPE1, "A band"), (TALB, "Album"), (TCON, "Jazz"), (TDRC, "1987"), (TRCK, "3/12")):
        tags.add(frame(encoding=encoding, text=text))
    tags.add(APIC(encoding=encoding, mime="image/png", type=3, desc="Cover", data=encode(paint(60, 40), "PNG")))
    if version == 3:
        tags.update_to_v23()
    tags.save(file, v2_version=version)
    return file.getvalue()


def _make_ape() -> bytes:
    tags, file = APEv2(), io.BytesIO()
    tags["Title"], tags["Artist"] = "From APE", "Another band"
    tags.save(file)
    return file.getvalue()


def _make_id3v1() -> bytes:
    return b"TAG" + b"Old title".ljust(30, b"\0") + b"Old band".ljust(30, b"\0") + bytes(65)


def mutate(seed: int) -> Mutant:
    dice = random.Random(seed)
    song = dice.choice(make_songs())
    data, damage = bytearray(song.data), Damage(song, dice)
    names = [dice.choice(ACTS) for _ in range(dice.choice((1, 1, 1, 2, 3)))]
    for name in names:
        data = getattr(damage, name)(data)
    return Mutant(seed, song, bytes(data), tuple(names))


@dataclass(frozen=True)
class Damage:
    """Each act takes the bytes as they are by now, and gives what becomes of them."""

    song: Song
    dice: random.Random

    def _draw_range(self, data: bytearray) -> tuple[int, int]:
        """Short ones and long ones, anywhere."""
        start = self.dice.randrange(len(data) + 1)
        return start, min(start + int(2 ** self.dice.uniform(0, 17)), len(data))

    def flip_bits(self, data: bytearray) -> bytearray:
        for _ in range(int(2 ** self.dice.uniform(0, 9))):
            if data:
                data[self.dice.randrange(len(data))] ^= 1 << self.dice.randrange(8)
        return data

    def cut_end(self, data: bytearray) -> bytearray:
        return data[: self.dice.randrange(len(data) + 1)]

    def cut_start(self, data: bytearray) -> bytearray:
        return data[self.dice.randrange(len(data) + 1) :]

    def remove_range(self, data: bytearray) -> bytearray:
        start, end = self._draw_range(data)
        return data[:start] + data[end:]

    def repeat_range(self, data: bytearray) -> bytearray:
        start, end = self._draw_range(data)
        return data[:end] + data[start:end] * self.dice.randint(1, 3) + data[end:]

    def splice_range(self, data: bytearray) -> bytearray:
        """A piece of another song comes in, as a download of two files into one would have it."""
        other = self.dice.choice(make_songs()).data
        start, end = self._draw_range(data)
        begin = self.dice.randrange(len(other))
        return data[:start] + other[begin : begin + (end - start)] + data[end:]

    def zero_range(self, data: bytearray) -> bytearray:
        start, end = self._draw_range(data)
        return data[:start] + bytes(end - start) + data[end:]

    def scramble_range(self, data: bytearray) -> bytearray:
        start, end = self._draw_range(data)
        return data[:start] + self.dice.randbytes(end - start) + data[end:]

    def edit_headers(self, data: bytearray) -> bytearray:
        """Bit rate, sample rate, mode or version of some frames, as their headers say it."""
        at = [len(self.song.head)]
        for frame in self.song.frames[:-1]:
            at.append(at[-1] + len(frame))
        for place in self.dice.sample(at, min(len(at), self.dice.choice((1, 2, 5, 40)))):
            if place + 4 <= len(data):
                data[place + self.dice.randrange(1, 4)] ^= 1 << self.dice.randrange(8)
        return data

    def edit_xing(self, data: bytearray) -> bytearray:
        """Its flags, its count of frames, its count of bytes, its table, the delays behind it."""
        found = max(data.find(b"Xing"), data.find(b"Info"))
        if found < 0:
            return data
        place = found + self.dice.choice((4, 8, 12, 16, 120, 141))
        data[place : place + 4] = self.dice.choice(
            (bytes(4), b"\xff" * 4, self.dice.randbytes(4), (self.dice.randrange(5_000)).to_bytes(4, "big"))
        )
        return data

    def lie_about_tag_size(self, data: bytearray) -> bytearray:
        if data[:3] == b"ID3":
            size = self.dice.choice((0, 1, 10, self.dice.randrange(1 << 28), self.dice.randrange(len(data) + 1), len(self.song.head) * 2))
            data[6:10] = bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
        at = data.rfind(b"APETAGEX")
        if at >= 0:
            data[at + 12 : at + 16] = self.dice.choice(
                (0, 31, 1 << 31, self.dice.randrange(1 << 32), self.dice.randrange(len(data)))
            ).to_bytes(4, "little")
        return data

    def edit_tag(self, data: bytearray) -> bytearray:
        for _ in range(self.dice.randint(1, 30)):
            if self.song.head and data:
                data[self.dice.randrange(min(len(self.song.head), len(data)))] = self.dice.choice((0, 0xFF, self.dice.randrange(256)))
        return data

    def put_junk_in_front(self, data: bytearray) -> bytearray:
        count = int(2 ** self.dice.uniform(0, 16))
        junk = self.dice.choice((bytes(count), self.dice.randbytes(count), b"<html>404</html>" * (count // 16), b"\xff" * count))
        return bytearray(junk) + data

    def put_junk_behind(self, data: bytearray) -> bytearray:
        count = int(2 ** self.dice.uniform(0, 16))
        return data + self.dice.choice(
            (bytes(count), self.dice.randbytes(count), b"\xff" * count, b"TAG" + bytes(125), b"LYRICSBEGIN000009LYRICS200")
        )

    def join_songs(self, data: bytearray) -> bytearray:
        return data + self.dice.choice((self.song, self.dice.choice(make_songs()))).data


ACTS = tuple(name for name in vars(Damage) if not name.startswith("_"))
