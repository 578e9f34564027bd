from __future__ import annotations

from msgspec.structs import replace

from chalicelib.recommend.pruning import drop_reasons
from tests.fakes.samples import make_list, make_recommended


def test_songs_go_with_their_only_reason_and_keep_the_others() -> None:
    items = (make_recommended("a", "gone"), make_recommended("b", "gone", "stays"), make_recommended("c", "stays"), make_recommended("d"))
    left = drop_reasons(replace(make_list(), items=items, play_event_ids=("e1", "e2")), events={"e1"}, tracks={"gone"})
    assert [(item.track_id, [reason.track_id for reason in item.reasons]) for item in left.items] == [
        ("b", ["stays"]),
        ("c", ["stays"]),
        ("d", []),
    ]
    assert left.play_event_ids == ("e2",)


def test_nothing_taken_away_changes_nothing() -> None:
    made = replace(make_list(), items=(make_recommended("a", "stays"),))
    assert drop_reasons(made, events=set(), tracks=set()) == made
