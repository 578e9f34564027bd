"""What every UploadStore does."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from chalicelib.errors import InvalidInputError
from chalicelib.model import Upload
from chalicelib.storage.times import truncate_time, truncate_times
from chalicelib.storage.uploads import MongoUploadStore
from chalicelib.way_model import Arrival, Parts, UploadWay
from chalicelib.workflows.ports import UploadStore
from tests.fakes.samples import NOW, at, make_upload
from tests.fakes.stores import FakeUploadStore


@pytest.fixture(params=["fake", "mongo"])
def uploads(request: pytest.FixtureRequest) -> UploadStore:
    return FakeUploadStore() if request.param == "fake" else MongoUploadStore(request.getfixturevalue("database"))


def find(uploads: UploadStore, upload_id: str) -> Upload:
    upload = uploads.find(upload_id)
    assert upload is not None
    return upload


def test_a_receipt_is_created_once(uploads: UploadStore) -> None:
    made = uploads.create(make_upload("u1"))
    assert made == find(uploads, "u1")
    assert (made.status, made.user_id, made.created_at) == ("queued", "ann", truncate_time(NOW))
    assert uploads.create(make_upload("u1", user_id="bob", created_at=at(5))) == made
    assert uploads.find("nothing") is None


def test_the_newest_receipt_of_a_key_is_found(uploads: UploadStore) -> None:
    uploads.create(make_upload("new", key="uploads/a b+ü.mp3", created_at=at(5)))
    uploads.create(make_upload("old", key="uploads/a b+ü.mp3"))
    newest = uploads.find_by_key("uploads/a b+ü.mp3")
    assert newest is not None
    assert newest.upload_id == "new"
    assert uploads.find_by_key("uploads/nothing.mp3") is None


def test_an_attempt_on_an_unknown_object_makes_its_receipt(uploads: UploadStore) -> None:
    begun = uploads.begin_attempt("u1", key="uploads/a.mp3", now=NOW)
    assert begun == find(uploads, "u1")
    assert (begun.key, begun.user_id, begun.status, begun.attempts) == ("uploads/a.mp3", None, "queued", 1)
    assert begun.created_at == begun.updated_at == truncate_time(NOW)


def test_attempts_are_counted_and_a_finished_receipt_keeps_its_status(uploads: UploadStore) -> None:
    uploads.create(make_upload("u1"))
    uploads.begin_attempt("u1", key="elsewhere", now=at(1))
    uploads.mark_analysed("u1", track_id="t1", seq=3, warnings=("w",), now=at(2))
    again = uploads.begin_attempt("u1", key="elsewhere", now=at(3))
    assert (again.attempts, again.status, again.user_id) == (2, "analysed", "ann")
    assert again.key == "uploads/u1/song.mp3"
    assert (again.created_at, again.updated_at) == (truncate_time(NOW), truncate_time(at(3)))


def test_a_receipt_goes_from_queued_over_analysed_to_indexed(uploads: UploadStore) -> None:
    uploads.create(make_upload("u1"))
    uploads.mark_analysed("u1", track_id="t1", seq=3, warnings=("a", "b"), now=at(1))
    analysed = find(uploads, "u1")
    assert (analysed.status, analysed.track_id, analysed.seq, analysed.warnings) == ("analysed", "t1", 3, ("a", "b"))
    uploads.mark_indexed(["u1", "nothing"], now=at(2))
    indexed = find(uploads, "u1")
    assert (indexed.status, indexed.updated_at) == ("indexed", truncate_time(at(2)))


def test_only_analysed_receipts_become_indexed(uploads: UploadStore) -> None:
    uploads.create(make_upload("queued"))
    uploads.mark_failed("failed", key="k", error_code="silent", message="It is silent.", now=NOW)
    uploads.mark_indexed(["queued", "failed"], now=at(2))
    assert uploads.mark_indexed_up_to(99, now=at(2)) == 0
    assert (find(uploads, "queued").status, find(uploads, "failed").status) == ("queued", "failed")


def test_a_build_indexes_every_analysed_receipt_that_it_covers(uploads: UploadStore) -> None:
    for seq in range(1, 6):
        uploads.create(make_upload(f"u{seq}"))
        uploads.mark_analysed(f"u{seq}", track_id=f"t{seq}", seq=seq, warnings=(), now=NOW)
    assert uploads.mark_indexed_up_to(3, now=at(1)) == 3
    assert [find(uploads, f"u{seq}").status for seq in range(1, 6)] == ["indexed"] * 3 + ["analysed"] * 2
    assert uploads.mark_indexed_up_to(3, now=at(2)) == 0
    assert uploads.count_by_status() == {"queued": 0, "analysed": 2, "indexed": 3, "failed": 0}


def test_the_same_event_again_does_not_take_an_indexed_receipt_back(uploads: UploadStore) -> None:
    uploads.create(make_upload("u1"))
    uploads.mark_analysed("u1", track_id="t1", seq=3, warnings=(), now=at(1))
    uploads.mark_indexed_up_to(3, now=at(2))
    uploads.mark_analysed("u1", track_id="t1", seq=3, warnings=(), now=at(3))
    assert find(uploads, "u1").status == "indexed"
    uploads.mark_analysed("u1", track_id="t1", seq=4, warnings=(), now=at(4))
    assert find(uploads, "u1").status == "analysed"


def test_a_failure_is_the_latest_truth_until_the_next_success(uploads: UploadStore) -> None:
    uploads.create(make_upload("u1"))
    uploads.mark_analysed("u1", track_id="t1", seq=3, warnings=(), now=at(1))
    uploads.mark_failed("u1", key="k", error_code="corrupt", message="It is broken.", now=at(2))
    failed = find(uploads, "u1")
    assert (failed.status, failed.error_code, failed.message) == ("failed", "corrupt", "It is broken.")
    assert uploads.mark_indexed_up_to(9, now=at(3)) == 0
    uploads.mark_analysed("u1", track_id="t1", seq=4, warnings=(), now=at(4))
    mended = find(uploads, "u1")
    assert (mended.status, mended.error_code, mended.message) == ("analysed", None, None)


def test_a_failure_without_a_receipt_makes_one(uploads: UploadStore) -> None:
    uploads.mark_failed("u1", key="uploads/x.mp3", error_code="not_audio", message="No.", now=NOW)
    failed = find(uploads, "u1")
    assert (failed.key, failed.status, failed.attempts, failed.user_id) == ("uploads/x.mp3", "failed", 0, None)
    assert failed.created_at == failed.updated_at == truncate_time(NOW)


def test_a_mark_on_nothing_makes_nothing(uploads: UploadStore) -> None:
    uploads.mark_analysed("u1", track_id="t1", seq=3, warnings=(), now=NOW)
    assert uploads.find("u1") is None


def test_a_user_sees_own_receipts_newest_first_page_by_page(uploads: UploadStore) -> None:
    for number in range(5):
        uploads.create(make_upload(f"u{number}", created_at=at(number // 2)))
    uploads.create(make_upload("other", user_id="bob"))
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(3):
        page = uploads.list_for_user("ann", limit=2, cursor=cursor)
        seen += [upload.upload_id for upload in page.items]
        cursor = page.next_cursor
    assert (seen, cursor) == (["u4", "u3", "u2", "u1", "u0"], None)
    with pytest.raises(InvalidInputError):
        uploads.list_for_user("ann", limit=2, cursor="WyJhIiwiYiJd")


def test_receipts_that_wait_too_long_are_found_oldest_first(uploads: UploadStore) -> None:
    for number in range(4):
        uploads.create(make_upload(f"u{number}", created_at=at(-number)))
    uploads.mark_analysed("u3", track_id="t", seq=1, warnings=(), now=at(-9))
    uploads.begin_attempt("u2", key="k", now=at(8))
    assert [upload.upload_id for upload in uploads.queued_before(at(5), limit=9)] == ["u1", "u0"]
    assert [upload.upload_id for upload in uploads.queued_before(at(5), limit=1)] == ["u1"]
    assert [upload.upload_id for upload in uploads.queued_before(NOW, limit=9)] == ["u1"]


def test_the_analysed_receipts_that_a_build_covers_are_named_by_seq(uploads: UploadStore) -> None:
    for upload_id, seq in [("c", 3), ("a", 1), ("d", 4), ("b", 2)]:
        uploads.create(make_upload(upload_id))
        uploads.mark_analysed(upload_id, track_id=f"t{seq}", seq=seq, warnings=(), now=NOW)
    uploads.mark_indexed(["b"], now=NOW)
    assert uploads.analysed_up_to(3, limit=9) == ["a", "c"]
    assert uploads.analysed_up_to(9, limit=2) == ["a", "c"]
    assert uploads.analysed_up_to(0, limit=9) == []


def test_the_receipt_that_failed_last_is_listed_first(uploads: UploadStore) -> None:
    for number, upload_id in enumerate(["a", "b", "c"]):
        uploads.mark_failed(upload_id, key=f"uploads/{upload_id}", error_code="crashed", message="Why.", now=at(10 - number))
    uploads.create(make_upload("q"))
    assert [upload.upload_id for upload in uploads.list_failed(limit=9)] == ["a", "b", "c"]
    assert [upload.upload_id for upload in uploads.list_failed(limit=2)] == ["a", "b"]


def test_a_failed_receipt_waits_again_and_any_other_is_left_alone(uploads: UploadStore) -> None:
    uploads.mark_failed("a", key="uploads/a", error_code="crashed", message="Why.", now=NOW)
    uploads.create(make_upload("b"))
    uploads.mark_analysed("b", track_id="t1", seq=1, warnings=(), now=NOW)
    for upload_id in ("a", "b", "nothing"):
        uploads.mark_queued(upload_id, now=at(5))
    again, other = uploads.find("a"), uploads.find("b")
    assert again is not None
    assert other is not None
    assert (again.status, again.error_code, again.message, again.updated_at) == ("queued", None, None, truncate_time(at(5)))
    assert (other.status, other.updated_at) == ("analysed", truncate_time(NOW))
    assert uploads.find("nothing") is None


def test_the_times_of_the_way_are_kept_and_those_of_a_later_attempt_do_not_mix_in(uploads: UploadStore) -> None:
    uploads.create(make_upload("u1"))
    arrival = Arrival(object_created_at=at(1), queued_at=at(1.1), first_received_at=at(1.2), received_at=at(1.3))
    begun = uploads.begin_attempt("u1", key="k", now=at(1.3), arrival=arrival)
    assert begun.arrival == truncate_times(arrival)
    way = UploadWay(arrival=arrival, downloaded_at=at(1.4), analysed_at=at(1.5), saved_at=at(1.6))
    uploads.mark_analysed("u1", track_id="t1", seq=3, warnings=(), now=at(2), way=way, is_duplicate=True)
    analysed = find(uploads, "u1")
    assert (analysed.way, analysed.is_duplicate, analysed.indexed_at) == (truncate_times(way), True, None)
    uploads.mark_indexed(["u1"], now=at(3))
    uploads.begin_attempt("u1", key="k", now=at(9), arrival=Arrival(received_at=at(9)))
    again = find(uploads, "u1")
    assert (again.way, again.indexed_at) == (truncate_times(way), truncate_time(at(3)))


def test_a_receipt_of_a_large_file_knows_its_parts(uploads: UploadStore) -> None:
    parts = Parts(multipart_id="m-1", size_bytes=20_000_000, part_bytes=8_388_608)
    assert uploads.create(replace(make_upload("u1"), parts=parts)).parts == parts
    assert find(uploads, "u1").parts == parts


def test_several_receipts_are_found_at_once(uploads: UploadStore) -> None:
    made = [uploads.create(make_upload(name)) for name in ("u1", "u2", "u3")]
    assert uploads.find_many(["u1", "u3", "nothing"]) == {"u1": made[0], "u3": made[2]}
    assert uploads.find_many([]) == {}


def test_receipts_that_no_file_has_followed_on_are_outstanding(uploads: UploadStore) -> None:
    for number in range(4):
        uploads.create(make_upload(f"u{number}", created_at=at(number)))
    uploads.create(make_upload("other", user_id="bob", created_at=at(9)))
    assert uploads.count_outstanding("ann", since=at(-1), limit=99) == 4
    assert uploads.count_outstanding("ann", since=at(-1), limit=3) == 3
    assert uploads.count_outstanding("ann", since=at(1), limit=99) == 2
    uploads.begin_attempt("u3", key="k", now=at(10))
    uploads.mark_failed("u2", key="k", error_code="cancelled", message="No.", now=at(10))
    assert uploads.count_outstanding("ann", since=at(-1), limit=99) == 2
