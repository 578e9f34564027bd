"""Lambda: plays from Kafka. Idempotent by event_id (see `refresh_recommendations`)."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any

from chalicelib import bootstrap
from chalicelib.events.kafka_events import name_failures, parse_play_records
from chalicelib.invocation import observed
from chalicelib.recommend.arms import read_experiment
from chalicelib.workflows.recommend_for_user import recommend_for_users
from chalicelib.workflows.refresh_recommendations import refresh_recommendations
from chalicelib.workflows.refreshing import Refreshing


@observed
def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """AWS's event as it comes; from which offset on each partition must come again."""
    return name_failures(refresh_recommendations(parse_play_records(event), prepare_refreshing()))


def prepare_refreshing() -> Refreshing:
    recommend = partial(
        recommend_for_users,
        listeners=bootstrap.listener_states(),
        tracks=bootstrap.tracks(),
        index=bootstrap.current_index(),
        experiment=read_experiment(bootstrap.settings()),
    )
    return Refreshing(
        plays=bootstrap.plays(),
        tracks=bootstrap.tracks(),
        users=bootstrap.users(),
        recommendations=bootstrap.recommendations(),
        dead_letters=bootstrap.dead_letters(),
        recommend=recommend,
        clock=partial(datetime.now, UTC),
    )
