"""Uploads: a receipt first, a permission for one file, receipts of one's own."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from tests.fakes.samples import make_upload
from tests.web.site import Browser, Site

WANTED = {"filename": "My Song.mp3", "size_bytes": 4_000_000, "content_type": "audio/mpeg"}


def test_an_upload_begins_with_a_receipt_and_a_presigned_form(site: Site, ann: Browser) -> None:
    answer = ann.send_json("POST", "/uploads", WANTED)
    assert answer.status_code == 201
    body = answer.json_body
    assert body["key"] == f"uploads/{body['upload_id']}/My Song.mp3"
    assert (body["status"], body["filename"]) == ("queued", "My Song.mp3")
    assert body["url"] == "http://music.invalid/"
    assert body["fields"]["key"] == body["key"]
    assert body["fields"]["Content-Type"] == "audio/mpeg"
    receipt = site.stores.upload_store.find(body["upload_id"])
    assert receipt is not None
    assert (receipt.user_id, receipt.status) == (site.user().user_id, "queued")


@pytest.mark.parametrize(
    ("filename", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Music\\Song.mp3", "Song.mp3"),
        ("Ünïcode + plus & co.mp3", "Ünïcode + plus & co.mp3"),
        ("a\x00b\nc.mp3", "abc.mp3"),
        ("...", "song"),
        ("x" * 500 + ".mp3", "x" * 112 + ".mp3"),
    ],
)
def test_a_file_keeps_its_name_and_nothing_else_of_its_path(ann: Browser, filename: str, kept: str) -> None:
    body = ann.send_json("POST", "/uploads", {**WANTED, "filename": filename}).json_body
    assert body["key"] == f"uploads/{body['upload_id']}/{kept}"


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"size_bytes": 0}, 400, "empty"),
        ({"size_bytes": -1}, 400, "empty"),
        ({"size_bytes": 500_000_001}, 413, "too_large"),
        ({"content_type": "image/png"}, 400, "not_audio"),
        ({"content_type": "audio/mpeg\r\nX-Evil: 1"}, 400, "not_audio"),
        ({"filename": ""}, 400, "invalid_input"),
        ({"size_bytes": "many"}, 400, "invalid_input"),
    ],
)
def test_what_cannot_be_a_song_gets_no_permission(site: Site, ann: Browser, changes: dict[str, Any], status: int, code: str) -> None:
    answer = ann.send_json("POST", "/uploads", {**WANTED, **changes})
    assert (answer.status_code, answer.json_body["error"]["code"]) == (status, code)
    assert not site.stores.upload_store.uploads


def test_who_may_not_upload_is_told_so(site: Site, ann: Browser) -> None:
    user = site.user()
    site.stores.user_store.users[user.user_id] = replace(user, roles=("listener",))
    assert ann.send_json("POST", "/uploads", WANTED).status_code == 403


def test_a_receipt_is_its_uploaders_alone(ann: Browser, bob: Browser) -> None:
    upload_id = ann.send_json("POST", "/uploads", WANTED).json_body["upload_id"]
    assert ann.read_json(f"/uploads/{upload_id}")["status"] == "queued"
    answer = bob.get(f"/api/v1/uploads/{upload_id}")
    assert (answer.status_code, answer.json_body["error"]["code"]) == (404, "upload_not_found")
    key = f"uploads/{upload_id}/My%20Song.mp3"
    assert [item["upload_id"] for item in ann.read_json(f"/uploads?key={key}")["items"]] == [upload_id]
    assert bob.read_json(f"/uploads?key={key}")["items"] == []
    assert bob.read_json("/uploads")["items"] == []
    assert b"My Song.mp3" in ann.get("/upload").body
    assert b"My Song.mp3" not in bob.get("/upload").body


def test_the_receipt_of_a_file_dropped_by_an_s3_client_is_found_by_its_key(site: Site, ann: Browser) -> None:
    site.stores.upload_store.create(make_upload("c" * 24, key="uploads/a b+c.mp3", user_id=None))
    items = ann.read_json("/uploads?key=uploads/a%20b%2Bc.mp3")["items"]
    assert [(item["upload_id"], item["key"]) for item in items] == [("c" * 24, "uploads/a b+c.mp3")]


def test_receipts_come_newest_first_in_pages(site: Site, ann: Browser) -> None:
    made = []
    for _ in range(3):
        site.pass_time(1)
        made.append(ann.send_json("POST", "/uploads", WANTED).json_body["upload_id"])
    first = ann.read_json("/uploads?limit=2")
    rest = ann.read_json(f"/uploads?limit=2&cursor={first['next_cursor']}")
    assert [item["upload_id"] for item in first["items"] + rest["items"]] == made[::-1]


def test_a_failed_upload_says_why_on_the_page(site: Site, ann: Browser) -> None:
    body = ann.send_json("POST", "/uploads", WANTED).json_body
    site.stores.upload_store.mark_failed(
        body["upload_id"], key=body["key"], error_code="silent", message="There is <nothing> to hear.", now=site.now
    )
    page = ann.get("/upload").body.decode()
    assert "There is &lt;nothing&gt; to hear." in page
    assert "Failed" in page
    assert ann.read_json(f"/uploads/{body['upload_id']}")["error_code"] == "silent"


def test_the_page_says_what_to_do_without_javascript(ann: Browser) -> None:
    assert b"<noscript>" in ann.get("/upload").body


LARGE = {"filename": "Large.wav", "size_bytes": 20_000_000, "content_type": "audio/wav", "in_parts": True}


def test_the_same_request_key_gives_the_same_receipt(site: Site, ann: Browser, bob: Browser) -> None:
    asked = {**WANTED, "request_key": "key-0000-0001"}
    first, again = (ann.send_json("POST", "/uploads", asked).json_body for _ in range(2))
    assert first["upload_id"] == again["upload_id"]
    assert bob.send_json("POST", "/uploads", asked).json_body["upload_id"] != first["upload_id"]
    assert len(site.stores.upload_store.uploads) == 2
    assert ann.send_json("POST", "/uploads", {**asked, "request_key": "../../x"}).status_code == 400


def test_a_listener_with_too_many_uploads_on_the_way_is_told_when_to_go_on(site: Site, ann: Browser) -> None:
    site.stores.given_settings = replace(site.stores.given_settings, outstanding_uploads=1)
    ann.send_json("POST", "/uploads", WANTED)
    answer = ann.send_json("POST", "/uploads", WANTED)
    assert (answer.status_code, answer.json_body["error"]["code"]) == (429, "too_many_requests")
    assert int(answer.headers["Retry-After"]) > 0


def test_a_large_file_is_sent_in_parts(site: Site, ann: Browser) -> None:
    begun = ann.send_json("POST", "/uploads", LARGE).json_body
    assert begun["parts"] == {"part_bytes": 8 * 1024 * 1024, "part_count": 3}
    path = f"/uploads/{begun['upload_id']}"
    permitted = ann.send_json("POST", f"{path}/parts", {"numbers": [1, 2, 3]}).json_body["items"]
    assert [part["number"] for part in permitted] == [1, 2, 3]
    (multipart_id,) = site.stores.music.multiparts
    for part in permitted[:2]:
        site.stores.music.put_part(multipart_id, part["number"], bytes(part["size_bytes"]))
    assert ann.read_json(f"{path}/parts") == {"part_bytes": 8 * 1024 * 1024, "part_count": 3, "stored": [1, 2]}
    early = ann.send_json("POST", f"{path}/completion", {})
    assert (early.status_code, early.json_body["error"]["code"]) == (409, "parts_missing")
    site.stores.music.put_part(multipart_id, 3, bytes(permitted[2]["size_bytes"]))
    assert ann.send_json("POST", f"{path}/completion", {}).status_code == 200
    assert len(site.stores.music.objects[begun["key"]]) == 20_000_000


def test_only_who_began_an_upload_goes_on_with_it(site: Site, ann: Browser, bob: Browser) -> None:
    path = f"/uploads/{ann.send_json('POST', '/uploads', LARGE).json_body['upload_id']}"
    site.stores.upload_store.create(make_upload("d" * 24, user_id=None))
    for other in (path, f"/uploads/{'d' * 24}"):
        assert bob.get(f"/api/v1{other}/parts").status_code == 404
        assert bob.send_json("POST", f"{other}/parts", {"numbers": [1]}).status_code == 404
        assert bob.send_json("POST", f"{other}/completion", {}).status_code == 404
        assert bob.send_json("DELETE", other).status_code == 404


@pytest.mark.parametrize("numbers", [[], [0], [10_001], [4], list(range(1, 200)), ["1"]])
def test_parts_that_the_file_does_not_have_are_refused(ann: Browser, numbers: list[Any]) -> None:
    path = f"/uploads/{ann.send_json('POST', '/uploads', LARGE).json_body['upload_id']}"
    assert ann.send_json("POST", f"{path}/parts", {"numbers": numbers}).status_code == 400


def test_an_upload_is_called_off(site: Site, ann: Browser) -> None:
    upload_id = ann.send_json("POST", "/uploads", LARGE).json_body["upload_id"]
    for _ in range(2):
        assert ann.send_json("DELETE", f"/uploads/{upload_id}").status_code == 204
    assert site.stores.music.multiparts == {}
    assert ann.read_json(f"/uploads/{upload_id}")["error_code"] == "cancelled"


def test_several_receipts_come_in_one_answer_and_only_ones_own(ann: Browser, bob: Browser) -> None:
    mine = [ann.send_json("POST", "/uploads", WANTED).json_body["upload_id"] for _ in range(2)]
    other = bob.send_json("POST", "/uploads", WANTED).json_body["upload_id"]
    items = ann.read_json(f"/uploads?ids={','.join([*mine, other])}")["items"]
    assert sorted(item["upload_id"] for item in items) == sorted(mine)
    assert ann.get("/api/v1/uploads?ids=x").status_code == 400


def test_the_way_is_of_what_moved_last(site: Site, ann: Browser, bob: Browser) -> None:
    assert ann.read_json("/way") == {"way": None}
    upload_id = ann.send_json("POST", "/uploads", WANTED).json_body["upload_id"]
    assert ann.read_json("/way")["way"]["subject_id"] == upload_id
    track = site.add_track("Song")
    site.pass_time(1)
    play = {"event_id": "event-0001", "track_id": track.track_id, "kind": "start", "position_s": 0}
    assert ann.send_json("POST", "/plays", play).status_code == 202
    way = ann.read_json("/way")["way"]
    assert (way["kind"], way["title"], [step["name"] for step in way["steps"]]) == ("play", "Song", ["Play", "Kafka", "Annoy", "Home"])
    assert ann.read_json(f"/way?upload_id={upload_id}")["way"]["kind"] == "upload"
    assert bob.get(f"/api/v1/way?upload_id={upload_id}").status_code == 404
    assert "The way of a song" in ann.get("/").body.decode()
