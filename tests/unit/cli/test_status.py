from __future__ import annotations

import pytest

from chalicelib.cli.status import list_reanalysis
from chalicelib.workflows.show_status import ReanalysisStatus


def make_status(*, done: int, failed: int = 0, is_finished: bool = False) -> ReanalysisStatus:
    return ReanalysisStatus(version=2, song_count=10_000, done=done, failed=failed, is_finished=is_finished)


@pytest.mark.parametrize(
    ("reanalysis", "told"),
    [
        (None, []),
        (make_status(done=10_000, is_finished=True), []),
        (make_status(done=1_200), ["1,200 of 10,000 songs (version 2)"]),
        (make_status(done=1_200, failed=3), ["1,200 of 10,000 songs (version 2), 3 failed"]),
        (make_status(done=9_997, failed=3, is_finished=True), ["9,997 of 10,000 songs (version 2), 3 failed"]),
    ],
)
def test_a_reanalysis_is_told_of_while_it_lasts_and_as_long_as_songs_failed(reanalysis: ReanalysisStatus | None, told: list[str]) -> None:
    assert list_reanalysis(reanalysis) == [("re-analysis", each) for each in told]
