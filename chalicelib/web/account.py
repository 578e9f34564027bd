"""Signing up and logging in as pages and API share them: the visit's stores and settings handed to the workflows."""

from __future__ import annotations

from chalicelib.model import User
from chalicelib.web.devices import describe_device
from chalicelib.web.visit import Visit
from chalicelib.workflows.log_in import OpenedSession, log_in, log_in_as_demo, open_session
from chalicelib.workflows.register_user import register_user


def register(visit: Visit, username: str, password: str) -> User:
    return register_user(
        user_id=visit.wiring.draw_id(),
        username=username,
        password=password,
        address=visit.address,
        users=visit.stores.users(),
        throttles=visit.stores.throttles(),
        passwords=visit.wiring.passwords,
        limit_per_address=visit.settings.sign_ups_per_hour,
        roles=visit.settings.roles_of_new_users,
        now=visit.now,
    )


def verify_credentials(visit: Visit, username: str, password: str) -> User:
    return log_in(
        username=username,
        password=password,
        address=visit.address,
        users=visit.stores.users(),
        throttles=visit.stores.throttles(),
        passwords=visit.wiring.passwords,
        limit_per_username=visit.settings.log_ins_per_5_minutes,
        now=visit.now,
    )


def enter_demo(visit: Visit) -> User:
    return log_in_as_demo(
        username=visit.settings.demo_username,
        password=visit.settings.demo_password,
        address=visit.address,
        users=visit.stores.users(),
        throttles=visit.stores.throttles(),
        passwords=visit.wiring.passwords,
        now=visit.now,
    )


def open_for(visit: Visit, user: User) -> OpenedSession:
    return open_session(
        user,
        token=visit.wiring.draw_token(),
        csrf_token=visit.wiring.draw_token(),
        device=describe_device(visit.header("user-agent")),
        sessions=visit.stores.sessions(),
        ttl_s=visit.settings.session_ttl_s,
        now=visit.now,
    )
