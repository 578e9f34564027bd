"""Lambda, every minute: plays that Kafka does not have, or that had no effect. Idempotent by event_id (see `relay_plays`). Then the lists
that are to be made anew (see `renew_recommendations`), what accounts and library need every minute (see `tend_accounts`, `tend_library`),
and songs of an older feature version (`reanalyse_catalogue`).

Invoked once by each deployment too, which cannot always reach MongoDB itself: a new container looks after the indexes first.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol

from chalicelib import bootstrap
from chalicelib.invocation import observed
from chalicelib.workflows.erase_user import Erasing
from chalicelib.workflows.reanalyse_catalogue import tend_reanalysis
from chalicelib.workflows.relay_plays import PUBLISH_TIMEOUT_S, relay_plays
from chalicelib.workflows.renew_recommendations import relay_renewals
from chalicelib.workflows.tend_accounts import tend_accounts
from chalicelib.workflows.tend_library import tend_library

SPARE_MS = int(PUBLISH_TIMEOUT_S * 1000) + 5_000  # what one more batch can take


class Context(Protocol):
    def get_remaining_time_in_millis(self) -> int: ...


@observed
def handle(_event: dict[str, Any], context: Context) -> dict[str, int]:
    """How many plays were sent."""
    bootstrap.prepared_database()
    is_time_up = partial(_is_time_up, context)
    sent = relay_plays(
        play_store=bootstrap.plays(),
        tracks=bootstrap.tracks(),
        publisher=bootstrap.play_publisher(),
        resend_after_s=bootstrap.settings().play_resend_after_s,
        clock=partial(datetime.now, UTC),
        is_time_up=is_time_up,
    )
    relay_renewals(
        renewals=bootstrap.recommendations(),
        publisher=bootstrap.play_publisher(),
        resend_after_s=bootstrap.settings().play_resend_after_s,
        clock=partial(datetime.now, UTC),
        is_time_up=is_time_up,
    )
    tend_accounts(prepare_erasing(), is_time_up=is_time_up)
    tend_library(
        tracks=bootstrap.tracks(),
        music_bucket=bootstrap.music_bucket(),
        trash_ttl_s=bootstrap.settings().trash_ttl_s,
        clock=partial(datetime.now, UTC),
        is_time_up=is_time_up,
    )
    tend_reanalysis(bootstrap.reanalysing(), is_time_up=is_time_up)
    return {"sent": sent}


def _is_time_up(context: Context) -> bool:
    return context.get_remaining_time_in_millis() < SPARE_MS


def prepare_erasing() -> Erasing:
    stores = bootstrap.account_stores()
    return Erasing(
        stores=stores,
        listening=bootstrap.listening(),
        exports=bootstrap.export_bucket(),
        music_bucket=bootstrap.music_bucket(),
        clock=partial(datetime.now, UTC),
    )
