"""An upload touches the same documents and bytes in a catalogue of 1,000 songs and in one of 10,000, and no more index entries: a word's
entries are written anew only when its count comes to a power of two, which is the rarer the more songs have it. `make bench` counts on to
a million.
"""

from __future__ import annotations

import pytest

from tests.bench.upload_cost import KINDS, Cost, measure_size

pytestmark = pytest.mark.integration

ENTRIES = "index_entries_written"
ENTRIES_MORE = 8  # one word may come to a power of two just here
BYTES_APART = 0.05  # names of artists and the figures of a build are not of one length


@pytest.fixture(scope="module")
def costs(mongodb_uri: str) -> dict[int, list[Cost]]:
    return {size: measure_size(mongodb_uri, size, built_up_to=3_000) for size in (1_000, 10_000)}


@pytest.mark.parametrize("kind", range(len(KINDS)))
def test_an_upload_touches_the_same_in_a_catalogue_ten_times_as_large(costs: dict[int, list[Cost]], kind: int) -> None:
    small, large = costs[1_000][kind], costs[10_000][kind]
    assert list(small) == list(large)
    assert _without_bytes_and_entries(small) == _without_bytes_and_entries(large)
    assert 0 < large[ENTRIES] <= small[ENTRIES] + ENTRIES_MORE
    assert [name for name in small if "bytes" in name and abs(large[name] - small[name]) > BYTES_APART * small[name]] == []


@pytest.mark.parametrize("kind", range(len(KINDS)))
def test_an_upload_touches_little(costs: dict[int, list[Cost]], kind: int) -> None:
    cost = costs[10_000][kind]
    assert 0 < cost["documents_read"] <= 40
    assert 0 < cost["index_keys_read"] <= 60
    assert 0 < cost["documents_written"] <= 40
    assert cost["s3_calls"] <= 8
    assert cost["mongodb_commands"] <= 30
    assert cost["sqs_messages"] == 1


def _without_bytes_and_entries(cost: Cost) -> Cost:
    return {name: value for name, value in cost.items() if "bytes" not in name and name != ENTRIES}
