"""The whole way, through the public surface only: a real MP3 dropped with plain boto3, a listener over HTTP."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest
import soundfile
from mutagen.id3 import ID3, TIT2

from tests.e2e.listener import Dropper, Listener, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def dropped(running: dict[str, Any], pieces: list[Path]) -> dict[str, dict[str, Any]]:
    """Every piece dropped under an awkward key: key → its finished receipt."""
    dropper, listener = Dropper(running), Listener(running)
    oddities = ("plain", "with space", "plus+sign", "Umläute é", "percent%20literal", "日本語")
    keys = [
        dropper.drop(path, f"uploads/e2e-{uuid.uuid4().hex[:6]}/{oddities[i % len(oddities)]}/{i:02d} {path.name}")
        for i, path in enumerate(pieces)
    ]
    return {key: listener.wait_for_receipt(key) for key in keys}


def test_every_dropped_mp3_gets_a_receipt_that_says_indexed(dropped: dict[str, dict[str, Any]]) -> None:
    assert {key: r["status"] for key, r in dropped.items()} == dict.fromkeys(dropped, "indexed")


def test_every_dropped_track_has_neighbours(running: dict[str, Any], dropped: dict[str, dict[str, Any]]) -> None:
    listener = Listener(running)
    for receipt in dropped.values():
        similar = listener.get(f"/tracks/{receipt['track_id']}/similar")["items"]
        assert similar, f"{receipt['key']} has no neighbours"
        assert receipt["track_id"] not in {item["track_id"] for item in similar}


def test_a_new_listener_gets_random_songs_then_songs_like_what_was_played(
    running: dict[str, Any], dropped: dict[str, dict[str, Any]]
) -> None:
    listener = Listener(running)
    first = listener.get("/recommendations")
    assert first["basis"] == "random"
    assert first["items"]

    played = next(iter(dropped.values()))["track_id"]
    assert listener.play(played).status_code == 202

    def look() -> Any:
        answer = listener.get("/recommendations")
        return answer if answer["basis"] == "plays" else None

    answer = wait_until(look, deadline_s=30, what="a list that rests on the play")
    assert answer["items"]
    assert played not in {item["track_id"] for item in answer["items"]}
    for item in answer["items"]:
        assert [reason["track_id"] for reason in item["reasons"]] == [played]
        assert 0 <= item["reasons"][0]["distance"] <= 2


def test_the_audio_plays_and_seeks(running: dict[str, Any], dropped: dict[str, dict[str, Any]], pieces: list[Path]) -> None:
    listener = Listener(running)
    (key, receipt), path = next(iter(dropped.items())), pieces[0]
    assert key.endswith(path.name)
    redirect = listener.api.get(f"/tracks/{receipt['track_id']}/audio")
    assert redirect.status_code == 302
    part = httpx.get(redirect.headers["location"], headers={"Range": "bytes=1000-1999"})
    assert part.status_code == 206
    assert part.content == path.read_bytes()[1000:2000]


def test_the_same_play_sent_twice_has_one_effect(running: dict[str, Any], dropped: dict[str, dict[str, Any]]) -> None:
    listener = Listener(running)
    track_id, event_id = next(iter(dropped.values()))["track_id"], uuid.uuid4().hex
    assert [listener.play(track_id, event_id=event_id).status_code for _ in range(3)] == [202, 202, 202]
    assert len(listener.get("/history")["items"]) == 1


def test_a_removed_file_is_gone_from_search_and_recommendations(running: dict[str, Any], pieces: list[Path], tmp_path: Path) -> None:
    listener, dropper = Listener(running), Dropper(running)
    word = f"goner{uuid.uuid4().hex[:8]}"
    changed = tmp_path / "goner.mp3"
    samples, rate = soundfile.read(pieces[1])
    soundfile.write(changed, samples[: len(samples) * 2 // 3], rate, format="MP3")
    tags = ID3()
    tags.setall("TIT2", [TIT2(encoding=3, text=word)])
    tags.save(changed)
    key = dropper.drop(changed, f"uploads/e2e/{word}.mp3")
    receipt = listener.wait_for_receipt(key)
    assert receipt["status"] == "indexed"
    assert [item["title"] for item in listener.get("/tracks", q=word)["items"]] == [word]

    dropper.remove(key)
    wait_until(lambda: not listener.get("/tracks", q=word)["items"], deadline_s=60, what="the track's disappearance from search")
    assert listener.api.get(f"/tracks/{receipt['track_id']}").status_code == 404
    assert receipt["track_id"] not in {item["track_id"] for item in listener.get("/recommendations")["items"]}


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [("text.mp3", b"this is no music at all, only words " * 50, "not_audio"), ("nothing.mp3", b"", "empty")],
)
def test_what_is_no_music_gets_a_failed_receipt_with_a_sentence(
    running: dict[str, Any], tmp_path: Path, name: str, content: bytes, code: str
) -> None:
    listener, dropper = Listener(running), Dropper(running)
    path = tmp_path / name
    path.write_bytes(content)
    receipt = listener.wait_for_receipt(dropper.drop(path, f"uploads/e2e-{uuid.uuid4().hex[:6]}/{name}"))
    assert (receipt["status"], receipt["error_code"]) == ("failed", code)
    assert receipt["message"].endswith(".")


def test_one_listener_never_sees_another_ones_plays(running: dict[str, Any], dropped: dict[str, dict[str, Any]]) -> None:
    one, other = Listener(running), Listener(running)
    one.play(next(iter(dropped.values()))["track_id"])
    assert one.get("/history")["items"]
    assert other.get("/history")["items"] == []
    assert other.get("/recommendations")["basis"] == "random"
