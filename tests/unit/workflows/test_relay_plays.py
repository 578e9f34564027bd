from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from chalicelib.workflows.publish_plays import publish_plays
from chalicelib.workflows.relay_plays import relay_plays
from tests.fakes.queues import FakePlayPublisher
from tests.fakes.samples import NOW, at, make_analysis, make_object, make_play, make_track_id
from tests.fakes.stores import FakePlayStore, FakeTrackStore


@dataclass
class World:
    plays: FakePlayStore = field(default_factory=FakePlayStore)
    tracks: FakeTrackStore = field(default_factory=FakeTrackStore)
    publisher: FakePlayPublisher = field(default_factory=FakePlayPublisher)

    def relay(self, after_s: float, *, is_time_up: Callable[[], bool] = lambda: False) -> int:
        return relay_plays(
            play_store=self.plays,
            tracks=self.tracks,
            publisher=self.publisher,
            resend_after_s=120,
            clock=lambda: at(after_s),
            is_time_up=is_time_up,
            batch_size=2,
        )


def make_world(count: int = 5) -> World:
    world = World()
    for number in range(count):
        world.plays.record(make_play(f"e{number}", occurred_at=at(number / 1000)))
    return world


def test_plays_that_were_never_published_are_sent_once_in_bounded_batches() -> None:
    world = make_world()
    assert world.relay(10) == 5
    assert [play.event_id for play, _ in world.publisher.published] == ["e0", "e1", "e2", "e3", "e4"]
    assert world.relay(11) == 0


def test_plays_that_may_still_be_on_their_way_are_left_alone() -> None:
    assert make_world().relay(1) == 0


def test_plays_without_effect_are_sent_again_later() -> None:
    world = make_world(1)
    world.relay(10)
    assert world.relay(100) == 0
    assert world.relay(131) == 1
    assert len(world.publisher.published) == 2


def test_a_broker_that_is_away_ends_the_round_and_loses_nothing() -> None:
    world = make_world()
    world.publisher.is_down = True
    assert world.relay(10) == 0
    assert world.publisher.calls == ["publish"]
    world.publisher.is_down = False
    assert world.relay(70) == 5


def test_the_round_ends_when_time_is_nearly_up() -> None:
    looks = iter([False, True])
    assert make_world().relay(10, is_time_up=lambda: next(looks)) == 2


def test_what_was_acknowledged_is_noted_and_the_rest_is_not() -> None:
    world = make_world(2)
    world.publisher.refused = {"e1"}
    assert world.relay(10) == 1
    assert (world.plays.plays["e0"].published_at, world.plays.plays["e1"].published_at) == (at(10).replace(microsecond=123000), None)


def test_titles_go_along_where_the_song_is_still_there() -> None:
    world = World()
    track_id = make_track_id("Song")
    world.tracks.attach_object(
        make_analysis("Song"), make_object("uploads/song"), cover_key=None, mfcc_standardized=None, scaler_version=None, now=NOW
    )
    plays = [make_play("e1", track_id=track_id), make_play("e2", track_id="gone")]
    for play in plays:
        world.plays.record(play)
    publish = {"publisher": world.publisher, "tracks": world.tracks, "play_store": world.plays}
    assert publish_plays(plays, **publish, timeout_s=1, clock=lambda: NOW) == 2  # type: ignore[arg-type]
    assert [title for _, title in world.publisher.published] == ["song", ""]


def test_a_store_that_is_away_is_no_error_of_the_listener() -> None:
    world = make_world(1)
    world.tracks.is_down = True
    plays = list(world.plays.plays.values())
    assert publish_plays(plays, publisher=world.publisher, tracks=world.tracks, play_store=world.plays, timeout_s=1, clock=lambda: NOW) == 0
