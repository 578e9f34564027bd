"""Plays sent again: letters that are usable now, plays that had no effect, and what is beyond help."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from chalicelib.events.dead_messages import parse_record_spans
from chalicelib.events.kafka_events import encode_headers, encode_play, parse_play_payload, read_play_record
from chalicelib.model import Play, Track
from chalicelib.workflows.read_play_letters import NOT_READ, SETTLED, STILL_WAITING
from chalicelib.workflows.redrive_plays import PlayRedriving, plan_play_redrive, redrive_plays
from tests.fakes.queues import FakePlayPublisher, FakeRecordReader
from tests.fakes.samples import at, attach_track, make_analysis, make_letter, make_list, make_play, make_user
from tests.fakes.stores import FakeDeadLetterStore, FakePlayStore, FakeRecommendationStore, FakeTrackStore, FakeUserStore


class Scene:
    def __init__(self) -> None:
        self.plays = FakePlayStore()
        self.tracks = FakeTrackStore()
        self.users = FakeUserStore()
        self.letters = FakeDeadLetterStore()
        self.publisher = FakePlayPublisher()
        self.kafka = FakeRecordReader()
        self.users.add(make_user("ann", "Ann"))
        self.track: Track = attach_track(self.tracks, make_analysis("song"))
        self.redriving = PlayRedriving(
            plays=self.plays,
            tracks=self.tracks,
            users=self.users,
            dead_letters=self.letters,
            publisher=self.publisher,
            record_reader=self.kafka,
            parse_play=parse_play_payload,
            parse_spans=parse_record_spans,
            resend_after_s=120,
            clock=lambda: at(600),
        )

    def bury(self, event_id: str, *, user_id: str = "ann", track_id: str | None = None) -> None:
        play = make_play(event_id, user_id=user_id, track_id=track_id or self.track.track_id)
        self.letters.add(make_letter(f"plays-{event_id}", payload=encode_play(play, "song").decode()))

    def bury_batch(self, *offsets: int) -> None:
        """As AWS's mapping does: it names the places only."""
        info = {"firstRecordOffset": str(offsets[0]), "lastRecordOffset": str(offsets[-1])}
        payload = json.dumps(
            {"requestContext": {"condition": "RetryAttemptsExhausted"}, "KafkaBatchInfo": {"recordsInfo": {"plays-0": info}}}
        )
        self.letters.add(make_letter(f"batch-plays-0-{offsets[0]}", payload=payload, created_at=at(300)))

    def keep(self, offset: int, content: bytes | None, play: Play | None = None) -> None:
        """Kafka still has it."""
        headers = encode_headers(play) if play is not None else []
        self.kafka.records["plays", 0, offset] = read_play_record("plays", 0, offset, content, headers)

    def keep_play(self, offset: int, event_id: str, **fields: str) -> Play:
        play = make_play(event_id, **{"user_id": "ann", "track_id": self.track.track_id, **fields})
        self.keep(offset, encode_play(play, "song"), play)
        return play

    def sent(self) -> list[str]:
        return [play.event_id for play, _ in self.publisher.published]

    def plan_and_redrive(self) -> int:
        return redrive_plays(plan_play_redrive(self.redriving), self.redriving)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_letter_whose_play_is_usable_now_is_sent_and_gone(scene: Scene) -> None:
    scene.bury("e1")
    plan = plan_play_redrive(scene.redriving)
    assert (plan.count, scene.sent()) == (1, [])
    assert redrive_plays(plan, scene.redriving) == 1
    assert (scene.sent(), scene.letters.count()) == (["e1"], 0)
    assert scene.plays.unprocessed(["e1"]) == {"e1"}, "it is in the outbox, so that nothing can lose it any more"
    assert scene.plan_and_redrive() == 0


def test_what_cannot_take_effect_is_counted_by_why_and_kept(scene: Scene) -> None:
    scene.bury("e1", user_id="nobody")
    scene.bury("e2", track_id="f" * 24)
    scene.letters.add(make_letter("plays-0-7", payload="{"))
    scene.letters.add(make_letter("batch-plays-0-3", payload='{"KafkaBatchInfo":{}}'))
    scene.letters.add(make_letter("batch-plays-0-4", payload='{"KafkaBatchInfo":{"recordsInfo":{"plays-0":{}}}}'))
    plan = plan_play_redrive(scene.redriving)
    assert plan.beyond_help == {
        "its user does not exist": 1,
        "its track is not in the catalogue": 1,
        "no play can be read in it": 1,
        "it does not say which Kafka records": 2,
    }
    assert (scene.plan_and_redrive(), scene.letters.count()) == (0, 5)


def test_while_kafka_is_away_the_letters_stay_and_the_plays_are_in_the_outbox(scene: Scene) -> None:
    scene.bury("e1")
    scene.bury("e2")
    scene.publisher.is_down = True
    assert scene.plan_and_redrive() == 0
    assert scene.letters.count() == 2
    assert scene.plays.count_unprocessed() == 2
    scene.publisher.is_down = False
    scene.plan_and_redrive()
    assert (scene.letters.count(), set(scene.sent())) == (0, {"e1", "e2"})


def test_a_letter_whose_play_took_effect_meanwhile_is_gone_and_nothing_is_sent(scene: Scene) -> None:
    scene.bury("e1")
    scene.plays.record(make_play("e1", track_id=scene.track.track_id))
    FakeRecommendationStore(scene.plays).save_with_effect(make_list(), ["e1"], now=at(1))
    assert scene.plan_and_redrive() == 1
    assert (scene.letters.count(), scene.sent()) == (0, [])


def test_plays_without_effect_for_too_long_are_sent_again_and_young_ones_are_not(scene: Scene) -> None:
    for event_id in ("old", "young"):
        scene.plays.record(make_play(event_id, track_id=scene.track.track_id))
    scene.plays.mark_published(["old"], at=at(1))
    scene.plays.mark_published(["young"], at=at(590))
    assert plan_play_redrive(scene.redriving).waiting_count == 1
    assert scene.plan_and_redrive() == 1
    assert scene.sent() == ["old"]
    assert scene.plan_and_redrive() == 0


def test_the_event_of_another_user_is_not_taken_over(scene: Scene) -> None:
    scene.users.add(make_user("eve", "Eve"))
    scene.plays.record(replace(make_play("e1", track_id=scene.track.track_id), published_at=at(599)))
    scene.bury("e1", user_id="eve")
    assert (scene.plan_and_redrive(), scene.letters.count()) == (0, 1)


def test_a_play_sent_again_keeps_the_id_of_the_request_that_brought_it(scene: Scene) -> None:
    scene.plays.record(replace(make_play("e1", track_id=scene.track.track_id), request_id="r-outbox", published_at=at(599)))
    scene.bury("e1")
    foreign = make_play("e2", track_id=scene.track.track_id)
    scene.letters.add(replace(make_letter("plays-e2", payload=encode_play(foreign, "song").decode()), request_id="r-letter"))
    assert scene.plan_and_redrive() == 2
    headers = {play.event_id: encode_headers(play) for play, _ in scene.publisher.published}
    assert headers == {"e1": [("request_id", b"r-outbox")], "e2": [("request_id", b"r-letter")]}


def test_a_batch_that_kafka_still_has_is_read_again_and_sent(scene: Scene) -> None:
    scene.plays.record(replace(scene.keep_play(3, "e3"), published_at=at(599)))
    scene.kafka.records["plays", 0, 4] = read_play_record(
        "plays", 0, 4, encode_play(make_play("e4", track_id=scene.track.track_id), ""), [("request_id", b"r4")]
    )
    scene.bury_batch(3, 4)
    assert scene.plan_and_redrive() == 1
    assert (scene.sent(), scene.letters.count()) == (["e3", "e4"], 0)
    assert scene.plays.plays["e4"].request_id == "r4", "another producer's play is in the outbox now, with its request's id"
    assert scene.plan_and_redrive() == 0


def test_of_a_batch_only_the_plays_without_effect_are_sent(scene: Scene) -> None:
    scene.plays.record(scene.keep_play(3, "e3"))
    scene.plays.record(replace(scene.keep_play(4, "e4"), published_at=at(599)))
    FakeRecommendationStore(scene.plays).save_with_effect(make_list(), ["e3"], now=at(1))
    scene.bury_batch(3, 4)
    assert (scene.plan_and_redrive(), scene.sent(), scene.letters.count()) == (1, ["e4"], 0)


def test_what_is_beyond_help_in_a_batch_gets_letters_of_its_own_and_the_others_are_sent(scene: Scene) -> None:
    scene.keep(3, b"{")
    scene.keep(4, None)
    scene.keep_play(5, "e5", user_id="nobody")
    scene.keep_play(6, "e6")
    scene.bury_batch(3, 6)
    [usable] = plan_play_redrive(scene.redriving).letters
    assert [letter.letter_id for letter in usable.remains] == ["plays-0-3", "plays-e5"]
    assert (scene.plan_and_redrive(), scene.sent()) == (1, ["e6"])
    assert {letter.letter_id for letter in scene.letters.list_newest(limit=9)} == {"plays-0-3", "plays-e5"}


def test_a_song_taken_down_since_was_still_played(scene: Scene) -> None:
    gone = make_play("e3", track_id="f" * 24)
    scene.plays.record(replace(gone, published_at=at(599)))
    scene.keep(3, encode_play(gone, "song"), gone)
    scene.bury_batch(3)
    assert (scene.plan_and_redrive(), scene.sent(), scene.letters.count()) == (1, ["e3"], 0)


def test_another_users_event_in_a_batch_is_not_taken_over(scene: Scene) -> None:
    scene.users.add(make_user("eve", "Eve"))
    scene.plays.record(replace(make_play("e3", track_id=scene.track.track_id), published_at=at(599)))
    scene.keep_play(3, "e3", user_id="eve")
    scene.bury_batch(3)
    assert (scene.plan_and_redrive(), scene.sent()) == (1, [])
    [letter] = scene.letters.list_newest(limit=9)
    assert "somebody else's" in letter.reason


def test_a_batch_that_kafka_lost_is_settled_once_no_play_from_before_it_waits(scene: Scene) -> None:
    scene.bury_batch(3, 4)
    scene.plays.record(replace(make_play("e1", track_id=scene.track.track_id, occurred_at=at(299)), published_at=at(599)))
    plan = plan_play_redrive(scene.redriving)
    assert (plan.letters, plan.beyond_help) == ((), {STILL_WAITING: 1})
    FakeRecommendationStore(scene.plays).save_with_effect(make_list(), ["e1"], now=at(1))
    scene.plays.record(replace(make_play("e2", track_id=scene.track.track_id, occurred_at=at(301)), published_at=at(599)))
    [usable] = plan_play_redrive(scene.redriving).letters
    assert usable.why == SETTLED
    assert (scene.plan_and_redrive(), scene.sent(), scene.letters.count()) == (1, [], 0)


def test_while_kafka_cannot_be_read_a_batch_keeps_its_letter_and_is_asked_for_once(scene: Scene) -> None:
    scene.bury_batch(3)
    scene.bury_batch(4)
    scene.kafka.is_down = True
    plan = plan_play_redrive(scene.redriving)
    assert (plan.letters, plan.beyond_help) == ((), {NOT_READ: 2})
    assert scene.kafka.calls.count("read") == 1
    assert scene.letters.count() == 2


def test_a_batch_that_kafka_does_not_take_keeps_its_letter(scene: Scene) -> None:
    scene.keep_play(3, "e3")
    scene.keep(4, b"{")
    scene.bury_batch(3, 4)
    scene.publisher.is_down = True
    assert scene.plan_and_redrive() == 0
    assert [letter.letter_id for letter in scene.letters.list_newest(limit=9)] == ["batch-plays-0-3"]
    assert scene.plays.count_unprocessed() == 1
