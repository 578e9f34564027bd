"""What is asked of every route that writes, log-in and what ends things among them. Each finds or makes what it acts on."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import Any

from localstack.gateway_event import HttpResponse
from tests.walks.ground import NOBODY, Asking, Ground, Person, Walk
from tests.walks.stores import PASSWORD

Asked = Generator[Asking, HttpResponse, None]
LARGE = 20 * 1024 * 1024  # a file that is sent in parts
NEW_PASSWORD = "another horse battery"


def sign_up(ground: Ground, _person: Person) -> Asked:
    yield Asking(person=NOBODY, body={"username": f"new.{ground.dice.getrandbits(40):x}", "password": PASSWORD})


def submit_sign_up(ground: Ground, _person: Person) -> Asked:
    yield Asking(person=NOBODY, form={"username": f"new.{ground.dice.getrandbits(40):x}", "password": PASSWORD})


def name_and_password(ground: Ground, person: Person) -> dict[str, str]:
    signed_up = ground.find_user(ground.sign_up() if not person.user_id else person)
    ground.password_for(Person(person.who, signed_up.user_id))
    return {"username": signed_up.username, "password": PASSWORD}


def log_in(ground: Ground, person: Person) -> Asked:
    yield Asking(person=NOBODY, body=name_and_password(ground, person))
    yield Asking(person=NOBODY, body={"username": "nobody.of.this.name", "password": PASSWORD}, may_fail=True)


def submit_log_in(ground: Ground, person: Person) -> Asked:
    yield Asking(person=NOBODY, form=name_and_password(ground, person))


def enter_demo(ground: Ground, _person: Person) -> Asked:
    ground.set_up_demo()
    yield Asking(person=NOBODY, form={})


def ask_without_session(_ground: Ground, _person: Person) -> Asked:
    yield Asking(person=NOBODY)


def log_out(ground: Ground, person: Person) -> Asked:
    yield Asking(person=ground.open_session(person))


def submit_log_out(ground: Ground, person: Person) -> Asked:
    yield Asking(person=ground.open_session(person), form={})


def play(ground: Ground, person: Person) -> Asked:
    for kind in ("start", "complete", "skip"):
        body = {"event_id": ground.draw_id("event"), "track_id": ground.track_id(), "kind": kind, "position_s": 3.5}
        yield Asking(person=person, body=body)
    yield Asking(person=person, body=body)  # again


def give_opinion(ground: Ground, person: Person) -> Asked:
    for opinion in ("like", "dislike", "not_now"):
        yield Asking(person=person, path={"track_id": ground.track_id()}, body={"opinion": opinion})


def withdraw_opinion(ground: Ground, person: Person) -> Asked:
    track_id = ground.track_id()
    ground.stores.feedback().put(person.user_id, track_id, "like", now=ground.now())
    yield Asking(person=person, path={"track_id": track_id})


def save_listening(ground: Ground, person: Person) -> Asked:
    queue = [ground.track_id() for _ in range(60)]
    body = {"queue": queue, "place": 3, "position_s": 12.5, "changed_at": ground.now().isoformat(), "device_id": "device-of-bench"}
    yield Asking(person=person, body=body)


def find_event(ground: Ground, person: Person) -> str:
    """A play of theirs, made where there is none."""
    from chalicelib.model import Play

    known = ground.plays_of(person, limit=1)
    if known:
        return known[0].event_id
    event_id = ground.draw_id("event")
    track_id = ground.track_id()
    ground.stores.plays().record(
        Play(event_id=event_id, user_id=person.user_id, track_id=track_id, kind="start", position_s=0.0, occurred_at=ground.now())
    )
    return event_id


def take_out(ground: Ground, person: Person) -> str:
    event_id = find_event(ground, person)
    ground.stores.account_stores().history.remove(person.user_id, [event_id], now=ground.now())
    return event_id


def remove_play(ground: Ground, person: Person) -> Asked:
    yield Asking(person=person, path={"event_id": find_event(ground, person)})


def restore_play(ground: Ground, person: Person) -> Asked:
    yield Asking(person=person, path={"event_id": take_out(ground, person)})


def submit_removal(ground: Ground, person: Person) -> Asked:
    yield Asking(person=person, form={"event_ids": find_event(ground, person)})


def submit_restoration(ground: Ground, person: Person) -> Asked:
    yield Asking(person=person, form={"event_ids": take_out(ground, person)})


def send(body: Any = None) -> Walk:
    def walk(_ground: Ground, person: Person) -> Asked:
        yield Asking(person=person, body=body)

    return walk


def submit(*forms: Mapping[str, str]) -> Walk:
    def walk(_ground: Ground, person: Person) -> Asked:
        for form in forms:
            yield Asking(person=person, form=form)

    return walk


def pause_and_go_on(_ground: Ground, person: Person) -> Asked:
    for is_paused in (True, False):
        yield Asking(person=person, body={"history_paused": is_paused})


def change_password(ground: Ground, _person: Person) -> Asked:
    passing = ground.sign_up()
    yield Asking(person=passing, body={"current_password": PASSWORD, "new_password": NEW_PASSWORD})


def submit_password(ground: Ground, _person: Person) -> Asked:
    passing = ground.sign_up()
    yield Asking(person=passing, form={"current_password": PASSWORD, "new_password": NEW_PASSWORD})


def end_others(ground: Ground, _person: Person) -> Asked:
    passing = ground.sign_up()
    ground.open_session(passing)
    yield Asking(person=passing)


def find_other_session(ground: Ground, passing: Person) -> str:
    found = ground.stores.account_stores().sessions.list_for_user(passing.user_id, now=ground.now(), limit=9)
    return found[-1].session_id


def end_session(ground: Ground, _person: Person) -> Asked:
    passing = ground.open_session(ground.sign_up())
    yield Asking(person=passing, path={"session_id": find_other_session(ground, passing)})


def submit_session_end(ground: Ground, _person: Person) -> Asked:
    passing = ground.open_session(ground.sign_up())
    yield Asking(person=passing, form={"session_id": find_other_session(ground, passing)})
    yield Asking(person=passing, form={})


def reset_taste(ground: Ground, _person: Person) -> Asked:
    yield Asking(person=ground.take_person())


def submit_taste(ground: Ground, _person: Person) -> Asked:
    yield Asking(person=ground.take_person(), form={})


def erase(ground: Ground, _person: Person) -> Asked:
    taken = ground.take_person()
    yield Asking(person=taken, body={"password": ground.password_for(taken), "with_uploads": False})


def submit_erasure(ground: Ground, _person: Person) -> Asked:
    taken = ground.take_person()
    yield Asking(person=taken, form={"password": ground.password_for(taken), "with_uploads": "yes"})


def change_own_song(ask: Callable[[str], Mapping[str, Any]]) -> Walk:
    """As who may, and as who may not."""

    def walk(ground: Ground, person: Person) -> Asked:
        asked = ask(f"A New {ground.draw_id('title')[:6]}")
        yield Asking(person=person, path={"track_id": ground.own_track(person)}, may_fail=person.who == "listener", **asked)

    return walk


def restore_song(form: Mapping[str, str] | None) -> Walk:
    def walk(ground: Ground, person: Person) -> Asked:
        track_id = ground.own_track(person)
        ground.stores.tracks().move_to_trash(track_id, now=ground.now())
        yield Asking(person=person, path={"track_id": track_id}, form=form, may_fail=person.who == "listener")

    return walk


def describe_file(ground: Ground, *, in_parts: bool) -> dict[str, Any]:
    size = LARGE if in_parts else 4_000_000
    return {"filename": "A Song.mp3", "size_bytes": size, "request_key": ground.draw_id("request"), "in_parts": in_parts}


def request_upload(ground: Ground, person: Person) -> Asked:
    for in_parts in (False, True):
        wanted = describe_file(ground, in_parts=in_parts)
        yield Asking(person=person, body=wanted, may_fail=person.who == "listener")
    yield Asking(person=person, body=wanted, may_fail=person.who == "listener")  # again, after a reload


def request_query(_ground: Ground, person: Person) -> Asked:
    yield Asking(person=person, body={"filename": "hum.wav", "size_bytes": 100_000, "content_type": "audio/wav"})


def begin_in_parts(ground: Ground, person: Person, *, sends: bool = False) -> tuple[Person, str]:
    """By somebody who may. The id of the upload, all its parts sent where `sends`."""
    import json

    uploader = person if person.who != "listener" else ground.sign_up()
    answer = ground.ask("POST", "/api/v1/uploads", Asking(person=uploader, body=describe_file(ground, in_parts=True)))
    assert answer.status == 201, answer.body
    upload = ground.stores.uploads().find(json.loads(answer.body)["upload_id"])
    assert upload is not None
    assert upload.parts is not None
    bucket, parts = ground.stores.music_bucket(), upload.parts
    left, number = parts.size_bytes, 0
    while sends and left > 0:
        number, size = number + 1, min(parts.part_bytes, left)
        bucket.put_part(parts.multipart_id, number, bytes(size))
        left -= size
    return uploader, upload.upload_id


def show_parts(ground: Ground, person: Person) -> Asked:
    uploader, upload_id = begin_in_parts(ground, person)
    yield Asking(person=uploader, path={"upload_id": upload_id})


def permit_parts(ground: Ground, person: Person) -> Asked:
    """As many at once as upload.js asks for."""
    uploader, upload_id = begin_in_parts(ground, person)
    yield Asking(person=uploader, path={"upload_id": upload_id}, body={"numbers": [1, 2, 3]})


def complete_parts(ground: Ground, person: Person) -> Asked:
    uploader, upload_id = begin_in_parts(ground, person, sends=True)
    yield Asking(person=uploader, path={"upload_id": upload_id})


def call_upload_off(ground: Ground, person: Person) -> Asked:
    uploader, upload_id = begin_in_parts(ground, person)
    yield Asking(person=uploader, path={"upload_id": upload_id})


def export_me(_ground: Ground, person: Person) -> Asked:
    yield Asking(person=person)


_TAGS = {"artist": "Ada Bell", "album": "Firsts", "genre": "Folk", "year": "1999", "track_number": "3"}


def write_to_nothing(_ground: Ground, person: Person) -> Asked:
    yield Asking(person=person, path={"proxy+": "no/such/page"}, body={}, may_fail=True)


WRITING: dict[tuple[str, str], Walk] = {
    ("GET", "/login"): ask_without_session,
    ("POST", "/login"): submit_log_in,
    ("POST", "/demo"): enter_demo,
    ("GET", "/signup"): ask_without_session,
    ("POST", "/signup"): submit_sign_up,
    ("POST", "/logout"): submit_log_out,
    ("POST", "/api/v1/users"): sign_up,
    ("POST", "/api/v1/session"): log_in,
    ("DELETE", "/api/v1/session"): log_out,
    ("POST", "/api/v1/plays"): play,
    ("PUT", "/api/v1/tracks/{track_id}/feedback"): give_opinion,
    ("DELETE", "/api/v1/tracks/{track_id}/feedback"): withdraw_opinion,
    ("PUT", "/api/v1/listening"): save_listening,
    ("DELETE", "/api/v1/history/{event_id}"): remove_play,
    ("POST", "/api/v1/history/{event_id}/restoration"): restore_play,
    ("POST", "/history/remove"): submit_removal,
    ("POST", "/history/restore"): submit_restoration,
    ("PATCH", "/api/v1/me/settings"): pause_and_go_on,
    ("PUT", "/api/v1/me/password"): change_password,
    ("DELETE", "/api/v1/me/sessions"): end_others,
    ("DELETE", "/api/v1/me/sessions/{session_id}"): end_session,
    ("DELETE", "/api/v1/me/taste"): reset_taste,
    ("GET", "/api/v1/me/export"): export_me,
    ("DELETE", "/api/v1/me"): erase,
    ("POST", "/settings/theme"): submit({"theme": "dark"}),
    ("POST", "/settings/history"): submit({"history": "paused"}, {"history": "on"}),
    ("POST", "/settings/taste"): submit_taste,
    ("POST", "/settings/password"): submit_password,
    ("POST", "/settings/sessions"): submit_session_end,
    ("POST", "/settings/export"): submit({}),
    ("POST", "/settings/erase"): submit_erasure,
    ("PATCH", "/api/v1/tracks/{track_id}"): change_own_song(lambda title: {"body": {"title": title, "genre": "Folk"}}),
    ("DELETE", "/api/v1/tracks/{track_id}"): change_own_song(lambda _: {}),
    ("POST", "/api/v1/tracks/{track_id}/restore"): restore_song(None),
    ("POST", "/tracks/{track_id}/edit"): change_own_song(lambda title: {"form": {"title": title, **_TAGS}}),
    ("POST", "/tracks/{track_id}/delete"): change_own_song(lambda _: {"form": {}}),
    ("POST", "/tracks/{track_id}/restore"): restore_song({}),
    ("POST", "/api/v1/uploads"): request_upload,
    ("POST", "/api/v1/queries"): request_query,
    ("DELETE", "/api/v1/uploads/{upload_id}"): call_upload_off,
    ("GET", "/api/v1/uploads/{upload_id}/parts"): show_parts,
    ("POST", "/api/v1/uploads/{upload_id}/parts"): permit_parts,
    ("POST", "/api/v1/uploads/{upload_id}/completion"): complete_parts,
    **{(method, "/{proxy+}"): write_to_nothing for method in ("POST", "PUT", "PATCH", "DELETE")},
}
