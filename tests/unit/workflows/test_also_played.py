"""What a song's listeners also played: what is specific to it, what at least two others did, never what one did alone."""

from __future__ import annotations

from chalicelib.workflows.also_played import list_also_played
from tests.fakes.samples import at, attach_track, make_analysis, make_play
from tests.fakes.stores import FakePlayStore, FakeTrackStore


class Room:
    def __init__(self) -> None:
        self.tracks, self.plays = FakeTrackStore(), FakePlayStore()
        self.ids = {name: attach_track(self.tracks, make_analysis(name)).track_id for name in ("seed", "hit", "gem", "alone")}

    def play(self, user: str, *names: str) -> None:
        for name in names:
            number = len(self.plays.plays)
            self.plays.record(make_play(f"e{number}", user_id=user, track_id=self.ids[name], occurred_at=at(number)))

    def ask(self, user: str) -> list[tuple[str, int]]:
        found = list_also_played(self.ids["seed"], user_id=user, plays=self.plays, tracks=self.tracks, limit=5)
        return [(each.track.display_title, each.listeners) for each in found]


def test_a_song_that_everybody_plays_comes_after_one_that_belongs_to_it() -> None:
    room = Room()
    for user in ("bea", "cal"):
        room.play(user, "seed", "hit", "gem")
    for _ in range(200):
        room.tracks.count_start(room.ids["hit"])
    assert room.ask("ann") == [("gem", 2), ("hit", 2)]


def test_what_one_other_played_is_not_shown() -> None:
    room = Room()
    room.play("bea", "seed", "alone", "gem")
    room.play("cal", "seed", "gem")
    assert room.ask("ann") == [("gem", 2)]
    assert room.ask("bea") == []  # for bea there is only cal


def test_a_song_in_the_trash_is_not_shown() -> None:
    room = Room()
    for user in ("bea", "cal"):
        room.play(user, "seed", "gem")
    room.tracks.move_to_trash(room.ids["gem"], now=at(99))
    assert room.ask("ann") == []
