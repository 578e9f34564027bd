"""Our publisher and our poller against real Apache Kafka: groups, rebalances in mid-batch, a broker that is killed and comes back."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.config import Settings
from chalicelib.events.kafka_events import parse_play_records
from chalicelib.events.play_publisher import KafkaPlayPublisher
from chalicelib.model import Play
from localstack.poller import PlaysMapping, Poller, open_consumer
from tests.fakes.stub_aws import StubAws, values_of
from tests.integration.brokers import ApacheBroker, send, sum_committed, sum_ends, wait_until

pytestmark = pytest.mark.integration


class Stage:
    """One topic and one group on the session's broker, a stub of Lambda, and as many pollers as a test wants."""

    def __init__(self, broker: ApacheBroker) -> None:
        self.broker = broker
        self.aws = StubAws()
        self.topic = f"plays-{uuid.uuid4().hex[:8]}"
        self.group = f"group-of-{self.topic}"
        self.log: list[dict[str, Any]] = []
        self._pollers: list[tuple[Poller, threading.Thread]] = []
        broker.make_topic(self.topic)

    def start_poller(self, name: str, *, batch_size: int = 10, **options: Any) -> Poller:
        mapping = PlaysMapping(
            function_name="recommend",
            topic=self.topic,
            consumer_group=self.group,
            bootstrap_servers=self.broker.address,
            on_failure_queue_url=self.aws.queue_url,
            batch_size=batch_size,
        )
        poller = Poller(
            mapping,
            target=self.aws.make_target(bootstrap_servers=name),  # the event says by which poller it came
            open_consumer=lambda asked: open_consumer(asked, **options),
            log=lambda event, **fields: self.log.append({"poller": name, "event": event, **fields}),
        )
        thread = threading.Thread(target=poller.run)
        thread.start()
        self._pollers.append((poller, thread))
        return poller

    def send(self, *values: str) -> None:
        """Over all partitions: each has a key of its own."""
        for number, value in enumerate(values):
            send(self.broker.address, self.topic, value, key=str(number % 16).encode())

    def events_of(self, name: str) -> list[dict[str, Any]]:
        return [event for event in list(self.aws.events) if event["bootstrapServers"] == name]

    def assigned_to(self, name: str) -> list[int]:
        entries = [entry for entry in list(self.log) if entry["poller"] == name and entry["event"] == "assigned"]
        return list(entries[-1]["partitions"]) if entries else []

    def sum_committed(self) -> int:
        return sum_committed(self.broker.address, self.topic, self.group)

    def wait_for_commits(self, count: int, *, deadline_s: float = 30) -> None:
        wait_until(lambda: self.sum_committed() == count, what=f"{count} committed messages", deadline_s=deadline_s)

    def stop_pollers(self) -> None:
        for poller, _ in self._pollers:
            poller.stop()
        for _, thread in self._pollers:
            thread.join(30)
            assert not thread.is_alive()
        self._pollers.clear()

    def close(self) -> None:
        self.stop_pollers()
        self.aws.close()


@pytest.fixture
def stage(apache_kafka: ApacheBroker) -> Iterator[Stage]:
    with closing(Stage(apache_kafka)) as stage:
        yield stage


def make_publisher(stage: Stage) -> KafkaPlayPublisher:
    settings = Settings(
        mongodb_uri="unused",
        music_bucket="unused",
        index_bucket="unused",
        kafka_bootstrap_servers=stage.broker.address,
        plays_topic=stage.topic,
    )
    return KafkaPlayPublisher(settings)


def make_play(event_id: str, user: int) -> Play:
    moment = datetime(2026, 11, 22, tzinfo=UTC)
    return Play(event_id=event_id, user_id=f"user-{user}", track_id="a" * 24, kind="start", position_s=1.5, occurred_at=moment)


def event_ids_of(event: dict[str, Any]) -> list[str]:
    return [record.message.event_id for record in parse_play_records(event) if record.message is not None]


def test_plays_of_our_publisher_reach_the_function_in_the_order_of_each_user(stage: Stage) -> None:
    stage.start_poller("only")
    plays = [make_play(f"{number:03d}", number % 5) for number in range(50)]
    with closing(make_publisher(stage)) as publisher:
        assert publisher.publish([(play, "song") for play in plays], timeout_s=20) == [play.event_id for play in plays]
    stage.wait_for_commits(50)
    messages = [record.message for event in stage.aws.events for record in parse_play_records(event)]
    assert all(message is not None for message in messages)
    for user in range(5):
        heard = [message.event_id for message in messages if message is not None and message.user_id == f"user-{user}"]
        assert heard == [play.event_id for play in plays if play.user_id == f"user-{user}"]


def test_two_pollers_share_the_partitions_and_every_message_is_delivered_once(stage: Stage) -> None:
    stage.start_poller("first")
    stage.start_poller("second")
    wait_until(lambda: len(stage.assigned_to("first")) == len(stage.assigned_to("second")) == 2, what="two partitions for each")
    stage.send(*[str(number) for number in range(40)])
    stage.wait_for_commits(40)
    assert sorted(stage.aws.values(), key=int) == [str(number) for number in range(40)]
    for name in ("first", "second"):
        labels = {label for event in stage.events_of(name) for label in event["records"]}
        assert labels <= {f"{stage.topic}-{number}" for number in stage.assigned_to(name)}
        assert labels


def test_a_rebalance_in_the_middle_of_a_batch_loses_nothing_and_repeats_nothing(stage: Stage) -> None:
    """The second poller joins while the first one's batch is under way; the broker waits for it, and takes its commit."""
    release = threading.Event()
    stage.aws.answer = lambda _event: release.wait(20) and None
    stage.send(*[str(number) for number in range(30)])
    stage.start_poller("first", batch_size=30)
    wait_until(lambda: stage.aws.events, what="the first batch")
    stage.start_poller("second", batch_size=30)
    wait_until(lambda: [entry for entry in stage.log if entry["poller"] == "second"], what="the second poller")
    release.set()
    stage.wait_for_commits(30)
    wait_until(lambda: len(stage.assigned_to("second")) == 2, what="partitions for the second poller")
    stage.send("31", "32", "33", "34")
    stage.wait_for_commits(34)
    assert sorted(stage.aws.values(), key=int) == [str(number) for number in [*range(30), 31, 32, 33, 34]]


def test_a_poller_that_the_group_has_given_up_in_mid_batch_commits_nothing_over_the_new_owner(stage: Stage) -> None:
    """Its batch takes longer than it may stay away: another poller delivers the same messages, and its own late commit is refused."""
    release = threading.Event()

    def hold_the_first_poller(event: dict[str, Any]) -> None:
        if event["bootstrapServers"] == "slow":
            release.wait(30)

    stage.aws.answer = hold_the_first_poller
    stage.send(*[str(number) for number in range(8)])
    stage.start_poller("slow", max_poll_interval_ms=2_000)
    wait_until(lambda: stage.events_of("slow"), what="the batch of the slow poller")
    stage.start_poller("quick")
    stage.wait_for_commits(8)
    stage.send("8", "9")
    stage.wait_for_commits(10)
    release.set()
    wait_until(lambda: any(entry["event"] == "consumer_replaced" for entry in stage.log), what="the refusal of the late commit")
    wait_until(lambda: len(stage.assigned_to("slow")) == 2, what="its return to the group")
    stage.send("10", "11", "12", "13")
    stage.wait_for_commits(14)
    assert {int(value) for value in stage.aws.succeeded} == set(range(14))


def test_nothing_acknowledged_is_lost_when_the_broker_is_killed_in_the_middle_of_a_stream_of_plays(stage: Stage) -> None:
    plays = [make_play(uuid.uuid4().hex, number % 7) for number in range(240)]
    acknowledged: list[str] = []
    stage.start_poller("first")
    stage.start_poller("second")
    listening = threading.Thread(target=publish_all, args=(stage, plays, acknowledged.extend))
    listening.start()
    for count in (60, 140):
        wait_until(lambda count=count: len(acknowledged) >= count, what=f"{count} acknowledged plays", deadline_s=60)
        stage.broker.kill()
        assert listening.is_alive()
        stage.broker.start()
    listening.join(60)
    assert set(acknowledged) == {play.event_id for play in plays}
    wait_until(lambda: len({each for event in list(stage.aws.events) for each in event_ids_of(event)}) == 240, what="the delivery of all")
    stage.wait_for_commits(sum_ends(stage.broker.address, stage.topic), deadline_s=60)
    assert stage.aws.buried == []


def publish_all(stage: Stage, plays: list[Play], note: Callable[[list[str]], None]) -> None:
    """As the relay does: what was not acknowledged is sent again."""
    waiting = list(plays)
    with closing(make_publisher(stage)) as publisher:
        while waiting:
            done = publisher.publish([(play, "song") for play in waiting[:5]], timeout_s=3)
            note(done)
            waiting = [play for play in waiting if play.event_id not in set(done)]
            time.sleep(0.02)


def test_messages_and_offsets_survive_a_kill_and_delivery_goes_on_where_it_was(stage: Stage) -> None:
    stage.start_poller("before")
    stage.send("0", "1", "2")
    stage.wait_for_commits(3)
    stage.stop_pollers()
    stage.send("3", "4")
    stage.broker.kill()
    stage.broker.start()
    assert sum_ends(stage.broker.address, stage.topic) == 5
    assert stage.sum_committed() == 3
    stage.start_poller("after")
    stage.wait_for_commits(5)
    assert sorted(text for event in stage.events_of("after") for text in values_of(event)) == ["3", "4"]


def test_offsets_are_committed_only_after_the_function_has_succeeded(stage: Stage) -> None:
    seen: list[int] = []

    def look_at_the_offsets(_event: dict[str, Any]) -> None:
        seen.append(stage.sum_committed())

    stage.aws.answer = look_at_the_offsets
    stage.start_poller("only", batch_size=4)
    send(stage.broker.address, stage.topic, *[str(number) for number in range(12)], key=b"one user")
    stage.wait_for_commits(12)
    delivered = [sum(len(values_of(each)) for each in stage.aws.events[:number]) for number in range(len(stage.aws.events))]
    assert seen == delivered, "before each batch exactly the batches before it were committed"
