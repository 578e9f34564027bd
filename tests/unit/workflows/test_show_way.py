"""The way of a song is drawn from stored times and from nothing else."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from chalicelib.model import Play, Upload
from chalicelib.way_model import Arrival, IndexSearch, PlayArrival, UploadWay
from chalicelib.workflows.show_way import Way, show_way, trace_play, trace_upload
from tests.fakes.samples import NOW, at, make_play, make_upload
from tests.fakes.stores import FakePlayStore, FakeTrackStore, FakeUploadStore

ARRIVAL = Arrival(object_created_at=at(2), queued_at=at(2.01), first_received_at=at(2.03), received_at=at(2.1))
WAY = UploadWay(arrival=ARRIVAL, downloaded_at=at(2.15), analysed_at=at(2.6), saved_at=at(2.7))


def make_indexed() -> Upload:
    return replace(make_upload("u1"), status="indexed", attempts=1, arrival=ARRIVAL, way=WAY, indexed_at=at(7.7), track_id="t1")


def make_processed() -> Play:
    return replace(
        make_play("e1"),
        recorded_at=at(0.004),
        published_at=at(0.010),
        processed_at=at(0.15),
        arrival=PlayArrival(kafka_at=at(0.005), stamped_by="producer", received_at=at(0.05)),
        search=IndexSearch(duration_ms=12.5, candidates=437),
    )


def durations(way: Way) -> dict[str, float | None]:
    return {step.name: step.duration_ms for step in way.steps}


def states(way: Way) -> str:
    return " ".join(step.state for step in way.steps)


def test_an_upload_tells_what_each_step_took() -> None:
    way = trace_upload(make_indexed())
    assert durations(way) == {"Bucket": 2000.0, "Queue": 100.0, "MFCC": 500.0, "MongoDB": 100.0, "Index": 5000.0}
    assert states(way) == "done done done done done"
    assert (way.total_ms, way.is_travelling) == (700.0, False)
    assert "picked up after 20 ms" in way.steps[1].detail
    assert "Read in 50 ms" in way.steps[2].detail


def test_a_step_between_two_hosts_names_both_clocks() -> None:
    assert [step.clocks for step in trace_upload(make_indexed()).steps[:3]] == [
        ("API", "S3"),
        ("S3", "extract function"),
        ("extract function",),
    ]


def test_clocks_that_disagree_give_no_number_instead_of_a_wrong_one() -> None:
    slow = replace(make_indexed(), way=replace(WAY, arrival=replace(ARRIVAL, object_created_at=at(-1))))
    assert durations(trace_upload(slow))["Bucket"] is None
    ahead = replace(make_indexed(), way=replace(WAY, arrival=replace(ARRIVAL, object_created_at=at(60))))
    assert durations(trace_upload(ahead))["Queue"] is None
    assert trace_upload(ahead).total_ms is None


def test_an_upload_on_its_way_shows_how_far_it_is() -> None:
    asked = make_upload("u1")
    assert states(trace_upload(asked)) == "now waiting waiting waiting waiting"
    taken = replace(asked, attempts=1, arrival=ARRIVAL)
    assert states(trace_upload(taken)) == "done done now waiting waiting"
    saved = replace(taken, status="analysed", way=WAY)
    assert states(trace_upload(saved)) == "done done done done now"
    assert all(trace_upload(each).is_travelling for each in (asked, taken, saved))
    assert trace_upload(saved).steps[-1].detail.startswith("Recommended already")


def test_a_failed_upload_stops_where_it_failed_and_says_why() -> None:
    failed = replace(make_upload("u1"), status="failed", attempts=1, arrival=ARRIVAL, message="There is nothing to hear.")
    way = trace_upload(failed)
    assert states(way) == "done done failed waiting waiting"
    assert (way.is_travelling, way.total_ms, way.message) == (False, None, "There is nothing to hear.")


def test_a_failure_after_a_success_forgets_the_times_of_the_success() -> None:
    way = trace_upload(replace(make_indexed(), status="failed", message="Why."))
    assert durations(way)["MFCC"] is None


def test_a_receipt_of_before_there_were_times_has_no_numbers() -> None:
    way = trace_upload(replace(make_upload("u1"), status="indexed", attempts=1))
    assert set(durations(way).values()) == {None}
    assert states(way) == "done done done done done"


def test_a_play_tells_what_each_step_took() -> None:
    way = trace_play(make_processed(), title="Song")
    assert durations(way) == {"Play": 4.0, "Kafka": 46.0, "Annoy": 12.5, "Home": 87.5}
    assert (way.title, way.total_ms, way.is_travelling) == ("Song", 150.0, False)
    assert "Acknowledged after 6 ms" in way.steps[1].detail
    assert way.steps[2].detail == "437 songs nearby found"


def test_a_play_on_its_way_shows_how_far_it_is() -> None:
    assert states(trace_play(make_play("e1"))) == "now waiting waiting waiting"
    assert states(trace_play(replace(make_play("e1"), recorded_at=at(1)))) == "done now waiting waiting"


def test_a_play_without_a_search_says_so() -> None:
    way = trace_play(replace(make_processed(), search=None))
    assert (way.steps[2].duration_ms, way.steps[2].detail) == (None, "The index was not asked")


def show(*, upload: Upload | None = None, played_at: datetime | None = None) -> Way | None:
    uploads, plays = FakeUploadStore(), FakePlayStore()
    if upload is not None:
        uploads.create(upload)
    if played_at is not None:
        plays.record(make_play("e1", occurred_at=played_at))
    return show_way("ann", uploads=uploads, plays=plays, tracks=FakeTrackStore())


def test_what_moved_last_is_shown() -> None:
    assert show() is None
    kinds = [way.kind for way in (show(upload=make_indexed()), show(played_at=NOW), show(upload=make_indexed(), played_at=at(2))) if way]
    assert kinds == ["upload", "play", "upload"]
    later = show(upload=make_indexed(), played_at=at(3))
    assert later is not None
    assert later.kind == "play"  # although a build took the upload in after that
