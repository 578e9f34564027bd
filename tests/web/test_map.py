"""The map: its page, where its points are, and which songs of it are the listener's."""

from __future__ import annotations

import hashlib

import msgspec

from chalicelib.index import manifest as artefact
from chalicelib.index.song_map import decode_map
from chalicelib.workflows.publish_index import decode_current
from tests.web.site import Browser, Site


def test_without_an_index_there_are_no_points_and_the_page_stands(site: Site, ann: Browser) -> None:
    site.add_track("blue", genre="Folk")
    assert ann.read_json("/map") == {"points": None, "played": [], "recommended": []}
    page = ann.get("/map")
    assert page.status_code == 200
    assert b"Folk" in page.body  # for those without a script


def test_the_points_of_the_build_in_force_are_told_with_their_genres(site: Site, ann: Browser) -> None:
    tracks = [site.add_track(f"song {number}", genre="Folk" if number % 3 else "Jazz") for number in range(6)]
    site.build_index()
    points = ann.read_json("/map")["points"]
    assert points["track_count"] == 6
    assert points["genres"] == [{"name": "Folk", "track_count": 4}, {"name": "Jazz", "track_count": 2}]
    assert points["url"].startswith(f"http://index.invalid/indexes/{points['build_id']}/map.bin?")
    content = site.stores.index.files[points["build_id"], "map.bin"]
    assert points["size_bytes"] == len(content)
    read = decode_map(content)
    assert sorted(read.track_ids()) == sorted(track.track_id for track in tracks)
    by_id = dict(zip(read.track_ids(), read.genres.tolist(), strict=True))
    assert by_id == {track.track_id: ["Folk", "Jazz"].index(track.genre or "") for track in tracks}


def test_a_build_from_before_there_was_a_map_has_no_points(site: Site, ann: Browser) -> None:
    site.add_track("blue")
    site.build_index()
    index = site.stores.index
    assert index.current is not None
    current = decode_current(index.current)
    content = msgspec.json.decode(index.files[current.build_id, artefact.MANIFEST])
    del content["map"], content["files"][artefact.MAP]
    manifest = msgspec.json.encode(content)
    index.files[current.build_id, artefact.MANIFEST] = manifest
    older = msgspec.structs.replace(current, manifest_sha256=hashlib.sha256(manifest).hexdigest())
    index.current = msgspec.json.encode(older)
    assert ann.read_json("/map")["points"] is None


def test_a_manifest_that_cannot_be_read_is_no_fault_of_the_listener(site: Site, ann: Browser) -> None:
    site.add_track("blue")
    site.build_index()
    assert site.stores.index.current is not None
    build_id = decode_current(site.stores.index.current).build_id
    site.stores.index.files[build_id, artefact.MANIFEST] = b"{}"
    assert ann.read_json("/map")["points"] is None


def test_plays_of_the_listener_are_marked_and_nobody_elses(site: Site, ann: Browser, bob: Browser) -> None:
    heard, skipped = site.add_track("heard"), site.add_track("skipped")
    for number, (track, kind) in enumerate(((heard, "start"), (skipped, "skip"), (heard, "complete"))):
        body = {"event_id": f"event-{number:04}", "track_id": track.track_id, "kind": kind, "position_s": 1.0}
        assert ann.send_json("POST", "/plays", body).status_code == 202
    assert ann.read_json("/map")["played"] == [heard.track_id]
    assert bob.read_json("/map")["played"] == []


def test_songs_are_named_in_the_order_asked_and_those_that_are_gone_are_left_out(site: Site, ann: Browser) -> None:
    one, gone, other = (site.add_track(name) for name in ("one", "gone", "other"))
    site.stores.track_store.detach_object("uploads/gone.mp3", now=site.now)
    found = ann.read_json(f"/map/songs?ids={other.track_id},{gone.track_id},{one.track_id}")
    assert [song["title"] for song in found["items"]] == ["other", "one"]


def test_songs_are_asked_for_by_ids_of_which_there_may_be_thirty(ann: Browser) -> None:
    for ids in ("", "nonsense", ",".join(["a" * 24] * 31)):
        assert ann.get(f"/api/v1/map/songs?ids={ids}").status_code == 400


def test_every_page_with_a_player_may_fetch_the_points(ann: Browser) -> None:
    """Pages change within one document, whose policy is that of the first."""
    for path in ("/", "/map"):
        policy = ann.get(path).headers["Content-Security-Policy"]
        (connect,) = [part for part in policy.split("; ") if part.startswith("connect-src")]
        assert "http://index.invalid" in connect
        assert "index.invalid" not in policy.replace(connect, "")


def test_the_map_is_for_listeners(site: Site) -> None:
    assert site.visitor().get("/api/v1/map").status_code == 401
