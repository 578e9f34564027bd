"""What pages and API share of the listener's own account: the visit's stores and settings handed to the workflows, and what they give
put into the API's shapes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from chalicelib.account_model import Period
from chalicelib.model import Session, User
from chalicelib.web import shapes_me
from chalicelib.web.presenters import describe_track, present_time
from chalicelib.web.visit import Visit
from chalicelib.workflows import change_account
from chalicelib.workflows.account_ports import AccountStores
from chalicelib.workflows.change_history import bring_back, take_out
from chalicelib.workflows.erase_user import Erasing, begin_erasure, erase
from chalicelib.workflows.export_listener import Exporting, ExportLink, export_to_link
from chalicelib.workflows.renew_recommendations import tell_of_renewal
from chalicelib.workflows.show_statistics import Statistics, show_statistics

_ERASING_S = 3.0  # of the request; the minute's function does the rest


def _own(visit: Visit) -> AccountStores:
    return visit.stores.account_stores()


def pause_history(visit: Visit, *, is_paused: bool) -> User:
    return change_account.set_history_paused(visit.listener, is_paused=is_paused, accounts=_own(visit).accounts, now=visit.now)


def remove_plays(visit: Visit, event_ids: Sequence[str]) -> tuple[str, ...]:
    gone = take_out(visit.listener.user_id, event_ids, history=_own(visit).history, now=visit.now)
    _tell_of_renewal(visit)
    return gone


def restore_plays(visit: Visit, event_ids: Sequence[str]) -> tuple[str, ...]:
    back = bring_back(visit.listener.user_id, event_ids, history=_own(visit).history, now=visit.now)
    _tell_of_renewal(visit)
    return back


def reset_taste(visit: Visit) -> None:
    change_account.reset_taste(visit.listener, accounts=_own(visit).accounts, now=visit.now)
    _tell_of_renewal(visit)


def _tell_of_renewal(visit: Visit) -> None:
    tell_of_renewal(visit.listener.user_id, publisher=visit.stores.play_publisher(), timeout_s=visit.settings.kafka_timeout_s)


def change_password(visit: Visit, current: str, new: str) -> int:
    """How many other sessions ended."""
    change_account.refuse_demo(visit.listener, visit.settings.demo_username)
    _prove(visit, current)
    stores = _own(visit)
    return change_account.change_password(
        visit.listener,
        new,
        keep=visit.own_session,
        passwords=visit.wiring.passwords,
        accounts=stores.accounts,
        sessions=stores.sessions,
    )


def list_sessions(visit: Visit) -> list[Session]:
    """This one first."""
    found = _own(visit).sessions.list_for_user(visit.listener.user_id, now=visit.now, limit=change_account.SESSIONS_SHOWN)
    return sorted(found, key=lambda each: each.token_sha256 != visit.own_session.token_sha256)


def end_session(visit: Visit, session_id: str) -> None:
    change_account.end_session(
        visit.listener, session_id, open_sessions=_own(visit).sessions, sessions=visit.stores.sessions(), now=visit.now
    )


def end_other_sessions(visit: Visit) -> int:
    return _own(visit).sessions.remove_all(visit.listener.user_id, keep=visit.own_session.token_sha256)


def export(visit: Visit) -> ExportLink:
    stores, own = visit.stores, _own(visit)
    exporting = Exporting(
        history=own.history,
        personal=own.personal,
        uploads=stores.uploads(),
        recommendations=stores.recommendations(),
        tracks=stores.tracks(),
        listening=stores.listening(),
        sessions=own.sessions,
        now=visit.now,
    )
    return export_to_link(visit.listener, exporting, bucket=stores.export_bucket(), throttles=stores.throttles())


def erase_account(visit: Visit, password: str, *, takes_uploads: bool) -> None:
    """Begun whatever comes; as much of it as fits into the request is done at once."""
    change_account.refuse_demo(visit.listener, visit.settings.demo_username)
    _prove(visit, password)
    erasing = Erasing(stores=_own(visit), listening=visit.stores.listening(), exports=None, music_bucket=None, clock=visit.wiring.clock)
    begun = begin_erasure(visit.listener, takes_uploads=takes_uploads, erasing=erasing)
    until = time.monotonic() + _ERASING_S
    erase(begun, erasing, is_time_up=lambda: time.monotonic() > until)


def _prove(visit: Visit, password: str) -> None:
    change_account.prove_password(
        visit.listener, password, passwords=visit.wiring.passwords, throttles=visit.stores.throttles(), now=visit.now
    )


def read_statistics(visit: Visit, period: Period, offset_min: int) -> Statistics:
    return show_statistics(
        visit.listener.user_id,
        period,
        statistics=_own(visit).statistics,
        tracks=visit.stores.tracks(),
        now=visit.now,
        offset=timedelta(minutes=offset_min),
    )


def present_me(user: User) -> shapes_me.Me:
    return shapes_me.Me(
        user_id=user.user_id,
        username=user.username,
        roles=user.roles,
        created_at=present_time(user.created_at),
        history_paused_at=_present_or_none(user.history_paused_at),
        taste_reset_at=_present_or_none(user.taste_reset_at),
    )


def present_session(visit: Visit, session: Session) -> shapes_me.Session:
    return shapes_me.Session(
        session_id=session.session_id,
        device=session.device or "Unknown device",
        is_this=session.token_sha256 == visit.own_session.token_sha256,
        created_at=present_time(session.created_at),
        last_seen_at=_present_or_none(session.last_seen_at),
        expires_at=present_time(session.expires_at),
    )


def present_statistics(visit: Visit, found: Statistics) -> shapes_me.Statistics:
    return shapes_me.Statistics(
        period=found.period,
        plays=found.plays,
        bars=tuple(shapes_me.Bar(start=bar.start.isoformat(), plays=bar.plays) for bar in found.bars),
        hours=found.hours,
        artists=tuple(shapes_me.Named(name=each.name, plays=each.plays) for each in found.artists),
        genres=tuple(shapes_me.Named(name=each.name, plays=each.plays) for each in found.genres),
        songs=tuple(shapes_me.TopSong(**describe_track(each.track, visit.urls), plays=each.plays) for each in found.songs),
        song_count=found.song_count,
    )


def _present_or_none(at: datetime | None) -> str | None:
    return present_time(at) if at is not None else None
