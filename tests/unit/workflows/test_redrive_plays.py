"""Plays sent again: letters that are usable now, plays that had no effect, and what is beyond help."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from chalicelib.events.kafka_events import encode_play, parse_play_payload
from chalicelib.model import Track
from chalicelib.workflows.redrive_plays import PlayRedriving, plan_play_redrive, redrive_plays
from tests.fakes.queues import FakePlayPublisher
from tests.fakes.samples import at, attach_track, make_analysis, make_letter, make_list, make_play, make_user
from tests.fakes.stores import FakeDeadLetterStore, FakePlayStore, FakeRecommendationStore, FakeTrackStore, FakeUserStore


class Scene:
    def __init__(self) -> None:
        self.plays = FakePlayStore()
        self.tracks = FakeTrackStore()
        self.users = FakeUserStore()
        self.letters = FakeDeadLetterStore()
        self.publisher = FakePlayPublisher()
        self.users.add(make_user("ann", "Ann"))
        self.track: Track = attach_track(self.tracks, make_analysis("song"))
        self.redriving = PlayRedriving(
            plays=self.plays,
            tracks=self.tracks,
            users=self.users,
            dead_letters=self.letters,
            publisher=self.publisher,
            parse_play=parse_play_payload,
            resend_after_s=120,
            clock=lambda: at(600),
        )

    def bury(self, event_id: str, *, user_id: str = "ann", track_id: str | None = None) -> None:
        play = make_play(event_id, user_id=user_id, track_id=track_id or self.track.track_id)
        self.letters.add(make_letter(f"plays-{event_id}", payload=encode_play(play, "song").decode()))

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
    plan = plan_play_redrive(scene.redriving)
    assert plan.beyond_help == {
        "its user does not exist": 1,
        "its track is not in the catalogue": 1,
        "no play can be read in it": 1,
        "names Kafka records; the outbox sends its plays again": 1,
    }
    assert (scene.plan_and_redrive(), scene.letters.count()) == (0, 4)


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
