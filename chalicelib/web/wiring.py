"""What the views are given: the stores, each built when it is first asked for, the clock and the dice. `bootstrap` is the real
`Stores`; the tests hand over fakes.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from chalicelib.config import Settings
from chalicelib.workflows import account_ports, operator_ports, player_ports, ports
from chalicelib.workflows.passwords import Passwords
from chalicelib.workflows.query_ports import QueryStore

if TYPE_CHECKING:
    from chalicelib.web.routing import Route
    from chalicelib.workflows.check_health import Probe
    from chalicelib.workflows.current_index import CurrentIndex


class Stores(Protocol):
    def settings(self) -> Settings: ...

    def tracks(self) -> ports.TrackStore: ...

    def uploads(self) -> ports.UploadStore: ...

    def users(self) -> ports.UserStore: ...

    def sessions(self) -> ports.SessionStore: ...

    def throttles(self) -> ports.ThrottleStore: ...

    def plays(self) -> ports.PlayStore: ...

    def account_stores(self) -> account_ports.AccountStores: ...

    def export_bucket(self) -> account_ports.ExportBucket: ...

    def listening(self) -> player_ports.ListeningStore: ...

    def sound_queries(self) -> QueryStore: ...

    def feedback(self) -> ports.FeedbackStore: ...

    def recommendations(self) -> ports.RecommendationStore: ...

    def index_builds(self) -> ports.IndexBuildStore: ...

    def dead_letters(self) -> ports.DeadLetterStore: ...

    def reanalyses(self) -> ports.ReanalysisStore: ...

    def music_bucket(self) -> ports.MusicBucket: ...

    def index_bucket(self) -> ports.IndexBucket: ...

    def play_publisher(self) -> ports.PlayPublisher: ...

    def current_index(self) -> CurrentIndex: ...

    def queue_watch(self) -> operator_ports.QueueWatch: ...

    def lag_watch(self) -> operator_ports.LagWatch: ...

    def health_probes(self) -> dict[str, Probe]: ...


def draw_hex_id() -> str:
    """24 hex digits, as uploads and users have them."""
    return secrets.token_hex(12)


def read_clock() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Wiring:
    stores: Stores
    clock: Callable[[], datetime] = read_clock
    draw: Callable[[], float] = random.random
    draw_token: Callable[[], str] = secrets.token_urlsafe
    draw_id: Callable[[], str] = draw_hex_id
    passwords: Passwords = field(default_factory=Passwords)
    routes: tuple[Route, ...] = ()  # all there are: `application` tells them to the description of the API
