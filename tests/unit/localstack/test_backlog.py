"""What is tried again, committed and given up, without Kafka or Lambda."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from localstack.backlog import Backlog
from localstack.kafka_event import KafkaRecord, Partition, partition_of, read_failures
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
        assert backlog.exhausted() == []
        backlog.settle(backlog.next_batch(), {FIRST: 5})
        backlog.note_failed_offsets({FIRST: 5})
    ((record, attempts),) = backlog.exhausted()
    assert (record.offset, attempts) == (5, 2)
    assert backlog.give_up(record) == {FIRST: 6}
    assert [left.offset for left in backlog.next_batch()] == [6]


def test_without_a_limit_nothing_is_ever_given_up() -> None:
    backlog = make_backlog(*records(0, 1), retries=-1)
    for _ in range(50):
        backlog.note_failed_batch(backlog.next_batch())
    assert backlog.exhausted() == []


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
        for record, _ in backlog.exhausted():
            backlog.give_up(record)
            buried.append(record.offset)
    return succeeded, buried


def test_an_answer_that_names_what_was_not_sent_fails_the_whole_batch() -> None:
    sent = records(0, 1, 2)
    for odd in ({"partition": "plays-9", "offset": 1}, {"partition": "plays-0", "offset": 9}, "", None, {}):
        assert read_failures({"batchItemFailures": [{"itemIdentifier": odd}]}, sent) is None


def test_the_lowest_failed_offset_of_a_partition_counts() -> None:
    items = [{"itemIdentifier": {"partition": "plays-0", "offset": offset}} for offset in (3, 2)]
    assert read_failures({"batchItemFailures": items}, records(0, 1, 2, 3)) == {FIRST: 2}


def test_an_answer_without_failures_is_a_success() -> None:
    for answer in (None, {}, {"batchItemFailures": []}, {"statusCode": 200}, "done"):
        assert read_failures(answer, records(0, 1)) == {}
