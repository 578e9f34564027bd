"""Made-up features of any number of songs, streamed: in clusters by genre and, closer, by artist; correlated, since few things make many
numbers; with heavy tails. And a track store's and a passage store's part of them, as far as a build reads it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from chalicelib.feature_model import FEATURE_COUNT
from chalicelib.model import MFCC_COUNT, PassageRows, TrackVector

GENRES = ("Rock", "Pop", "Electronic", "Jazz", "Classical", "Hip-Hop", "Folk", "Ambient", "Metal", "Soul", "Blues", "Country")
CAUSES = 28  # what a song's sound comes of
SONGS_OF_ARTIST = 12
BATCH = 10_000
TAIL = 4.0  # degrees of freedom: one song in a hundred lies five deviations off in something
OWN, WITHIN = 0.55, 0.35  # of a song beside its artist, of a passage beside its song
NOISE = 0.45

Rows = npt.NDArray[np.float32]


class Sounds:
    """The same for the same seed, whichever batches are asked for, and in which order."""

    def __init__(self, count: int, *, seed: int = 1) -> None:
        dice = np.random.default_rng([seed, count])
        self.count = count
        self._seed = seed
        self._genres = dice.normal(0, 0.9, (len(GENRES), CAUSES)).astype(np.float32)
        artists = max(1, count // SONGS_OF_ARTIST)
        self._genre_of = dice.integers(len(GENRES), size=artists)
        self._artists = self._genres[self._genre_of] + dice.standard_t(TAIL, (artists, CAUSES)).astype(np.float32) * 0.45
        self._mix = (dice.normal(0, 1, (CAUSES, FEATURE_COUNT)) * np.geomspace(1.0, 0.3, CAUSES)[:, None] / np.sqrt(CAUSES)).astype(
            np.float32
        )
        self._scales = np.geomspace(60.0, 0.2, FEATURE_COUNT).astype(np.float32)

    def features(self) -> Iterator[Rows]:
        for number in range((self.count + BATCH - 1) // BATCH):
            yield self._make_batch(number)

    def stream_vectors(self, *, feature_version: int) -> Iterator[TrackVector]:
        """As TrackStore's."""
        first = 0
        for batch in self.features():
            content = memoryview(batch.tobytes())
            for row, mfcc in enumerate(batch[:, :MFCC_COUNT].tolist()):
                genre = GENRES[self._genre_of[self.find_artist(first + row)]]
                own = bytes(content[row * 4 * FEATURE_COUNT : (row + 1) * 4 * FEATURE_COUNT])
                yield TrackVector(f"{first + row:024x}", first + row + 1, tuple(mfcc), None, genre, own)
            first += len(batch)

    def sample(self, *, feature_version: int, limit: int) -> Iterator[PassageRows]:
        """As PassageStore's: eight passages of every so many-th song."""
        dice = np.random.default_rng([self._seed, 7])
        step = max(1, self.count // limit)
        for first, batch in zip(range(0, self.count, BATCH), self.features(), strict=True):
            for row in range(-first % step, len(batch), step):
                apart = dice.standard_t(TAIL, (8, CAUSES)).astype(np.float32) * WITHIN @ self._mix[::-1]
                noise = dice.normal(0, NOISE, (8, FEATURE_COUNT)).astype(np.float32)
                rows = batch[row] + (apart + noise) * self._scales
                yield PassageRows(f"{first + row:024x}", f"Artist {self.find_artist(first + row)}", rows.astype("<f2").tobytes())

    def find_artist(self, number: int) -> int:
        return int(number * 2_654_435_761 % len(self._artists))

    def _make_batch(self, number: int) -> Rows:
        size = min(BATCH, self.count - number * BATCH)
        dice = np.random.default_rng([self._seed, self.count, number])
        numbers = np.arange(number * BATCH, number * BATCH + size, dtype=np.uint64)
        makers = (numbers * np.uint64(2_654_435_761) % np.uint64(len(self._artists))).astype(np.int64)
        causes = self._artists[makers] + dice.standard_t(TAIL, (size, CAUSES)).astype(np.float32) * np.float32(OWN)
        noise = dice.standard_normal((size, FEATURE_COUNT), dtype=np.float32) * np.float32(NOISE)
        return np.asarray((causes @ self._mix + noise) * self._scales, dtype=np.float32)
