"""What is tried again, committed and given up, without Kafka or Lambda."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localstack.backlog import PAYLOAD_LIMIT_BYTES, Backlog
from localstack.kafka_event import KafkaRecord, Partition, build_event, partition_of, read_failures
from tests.fakes.kafka_records import FakeRecord

FIRST = Partition("plays", 0)
SECOND = Partition("plays", 1)


def records(partition: int, *offsets: int) -> list[FakeRecord]:
    return [FakeRecord("plays", partition, offset) for offset in offsets]


def make_backlog(*messages: FakeRecord, batch_size: int = 10, retries: int = 1) -> Backlog:
    backlog = Backlog(batch_size=batch_size, maximum_retry_attempts=retries)
    backlog.add(messages)
    return backlog


def test_everything_before_a_failed_offset_is_committed_and_the_rest_stays() -> None:
    backlog = make_backlog(*records(0, 5, 6, 7), *records(1, 0))
    assert backlog.settle(backlog.next_batch(), {FIRST: 6}) == {FIRST: 6, SECOND: 1}
    assert [record.offset for record in backlog.next_batch()] == [6, 7]


def test_a_message_is_given_up_only_after_its_retries() -> None:
    backlog = make_backlog(*records(0, 5, 6), retries=1)
    for _ in range(2):
        assert backlog.discards(now_ms=0) == []
        backlog.settle(backlog.next_batch(), {FIRST: 5})
        backlog.note_failed_offsets({FIRST: 5})
    ((record, condition, attempts),) = backlog.discards(now_ms=0)
    assert (record.offset, condition, attempts) == (5, "RetryAttemptsExhausted", 2)
    assert backlog.give_up(record) == {FIRST: 6}
    assert [left.offset for left in backlog.next_batch()] == [6]


def test_without_a_limit_nothing_is_ever_given_up() -> None:
    backlog = make_backlog(*records(0, 1), retries=-1)
    for _ in range(50):
        backlog.note_failed_batch(backlog.next_batch())
    assert backlog.discards(now_ms=0) == []


def test_partitions_that_went_to_another_consumer_are_forgotten() -> None:
    backlog = make_backlog(*records(0, 1), *records(1, 1))
    backlog.forget([FIRST])
    assert [partition_of(record) for record in backlog.next_batch()] == [SECOND]


@given(poison=st.sets(st.integers(0, 29), max_size=4), size=st.integers(1, 40))
def test_whatever_is_poisonous_only_that_is_given_up_and_all_else_succeeds_once(poison: set[int], size: int) -> None:
    backlog = make_backlog(*records(0, *range(20)), *records(1, *range(20, 30)), batch_size=size, retries=2)
    succeeded, buried = deliver_all(backlog, lambda batch: any(record.offset in poison for record in batch))
    assert sorted(succeeded) == sorted(set(range(30)) - poison)
    assert sorted(buried) == sorted(poison)


def deliver_all(backlog: Backlog, crashes: Callable[[list[KafkaRecord]], bool]) -> tuple[list[int], list[int]]:
    succeeded: list[int] = []
    buried: list[int] = []
    while batch := backlog.next_batch():
        if crashes(batch):
            backlog.note_failed_batch(batch)
        else:
            backlog.settle(batch, {})
            succeeded += [record.offset for record in batch]
        for record, _, _ in backlog.discards(now_ms=0):
            backlog.give_up(record)
            buried.append(record.offset)
    return succeeded, buried


def test_an_answer_that_names_what_was_not_sent_fails_the_whole_batch() -> None:
    sent = records(0, 1, 2)
    for odd in ({"partition": "plays-9", "offset": 1}, {"partition": "plays-0", "offset": 9}, "", None, {}):
        assert read_failures({"batchItemFailures": [{"itemIdentifier": odd}]}, sent) is None


def test_an_answer_of_another_form_fails_the_whole_batch() -> None:
    for odd in ("done", ["done"], 7, {"batchItemFailures": "plays-0"}, {"batchItemFailures": [7]}):
        assert read_failures(odd, records(0, 1)) is None


@pytest.mark.parametrize("offset", [None, "1", {}, [1]])
def test_an_offset_that_is_no_number_fails_the_whole_batch(offset: object) -> None:
    items = [{"itemIdentifier": {"partition": "plays-0", "offset": offset}}]
    assert read_failures({"batchItemFailures": items}, records(0, 1)) is None


def test_a_batch_ends_where_an_invocation_would_be_too_large() -> None:
    megabyte = b"x" * 1_000_000
    backlog = make_backlog(*[FakeRecord("plays", 0, offset, value=megabyte) for offset in range(10)], batch_size=100)
    batch = backlog.next_batch()
    assert len(json.dumps(build_event(batch, bootstrap_servers="broker:9092"))) <= PAYLOAD_LIMIT_BYTES
    assert len(batch) == 4, "of 4/3 MB each, by base64"
    backlog.settle(batch, {})
    assert [record.offset for record in backlog.next_batch()] == [4, 5, 6, 7]


def test_a_message_that_fits_into_no_invocation_is_discarded_unsent() -> None:
    backlog = make_backlog(FakeRecord("plays", 0, 0, value=b"x" * 5_000_000), *records(0, 1))
    ((record, condition, attempts),) = backlog.discards(now_ms=0)
    assert (record.offset, condition, attempts) == (0, "MaximumPayloadSizeExceeded", 0)


def test_a_message_older_than_allowed_is_discarded_and_a_younger_one_is_not() -> None:
    backlog = Backlog(batch_size=10, maximum_retry_attempts=-1, maximum_record_age_s=60)
    backlog.add([FakeRecord("plays", 0, 0, timestamp=1_000), FakeRecord("plays", 1, 0, timestamp=40_000)])
    ((record, condition, _),) = backlog.discards(now_ms=70_000)
    assert (record.partition, condition) == (0, "RecordAgeExceeded")


def test_the_lowest_failed_offset_of_a_partition_counts() -> None:
    items = [{"itemIdentifier": {"partition": "plays-0", "offset": offset}} for offset in (3, 2)]
    assert read_failures({"batchItemFailures": items}, records(0, 1, 2, 3)) == {FIRST: 2}


def test_an_answer_without_failures_is_a_success() -> None:
    for answer in (None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}, {"statusCode": 200}):
        assert read_failures(answer, records(0, 1)) == {}
