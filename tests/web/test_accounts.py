"""Signing up, logging in and out: sessions, form tokens, throttles."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from chalicelib.workflows.log_in import hash_token
from tests.web.site import PASSWORD, Browser, Site


def test_signing_up_by_the_form_signs_in_and_leads_home(site: Site) -> None:
    browser = site.visitor()
    answer = browser.submit("/signup", {"username": "Ann", "password": PASSWORD})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert browser.get("/").status_code == 200
    assert site.user("ann").username == "Ann"


@pytest.mark.usefixtures("ann")
def test_a_password_is_stored_as_an_argon2id_hash_only(site: Site) -> None:
    assert site.user().password_hash.startswith("$argon2id$")
    assert PASSWORD not in str(site.stores.user_store.users)


def test_only_the_hash_of_a_session_token_is_stored(site: Site, ann: Browser) -> None:
    token = ann.cookies["timbre_session"]
    assert list(site.stores.session_store.sessions) == [hash_token(token)]
    assert token not in str(site.stores.session_store.sessions)


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(site: Site) -> None:
    browser = site.visitor()
    cookie = browser.submit("/signup", {"username": "ann", "password": PASSWORD}).headers["Set-Cookie"][0]
    assert cookie.startswith("timbre_session=")
    for part in ("HttpOnly", "SameSite=Lax", "Path=/", "Secure", "Max-Age=2592000"):
        assert f"; {part}" in cookie


def test_the_cookie_is_not_secure_where_pages_come_over_plain_http(site: Site, tmp_path: Path) -> None:
    plain = Site(tmp_path, msgspec.structs.replace(site.stores.given_settings, secure_cookies=False))
    answer = plain.visitor().get("/login")
    assert "Secure" not in answer.headers["Set-Cookie"][0]
    assert "Strict-Transport-Security" not in answer.headers


@pytest.mark.usefixtures("ann")
def test_a_wrong_password_and_an_unknown_name_are_answered_alike(site: Site) -> None:
    wrong = site.visitor().submit("/login", {"username": "ann", "password": "not the password"})
    unknown = site.visitor().submit("/login", {"username": "eve", "password": "not the password"})
    assert wrong.status_code == unknown.status_code == 401
    assert b"The username or the password is wrong." in wrong.body
    assert b"The username or the password is wrong." in unknown.body


@pytest.mark.usefixtures("ann")
def test_the_password_is_not_given_back_by_a_form_that_failed(site: Site) -> None:
    answer = site.visitor().submit("/login", {"username": "ann", "password": "my secret guess"})
    assert b"my secret guess" not in answer.body
    assert b'value="ann"' in answer.body


@pytest.mark.parametrize(
    ("username", "password", "sentence"),
    [
        ("an", PASSWORD, "3 to 32 characters"),
        ("a" * 33, PASSWORD, "3 to 32 characters"),
        ("ann bob", PASSWORD, "3 to 32 characters"),
        ("<script>", PASSWORD, "3 to 32 characters"),
        ("ann", "short", "at least 8"),
        ("ann", "x" * 201, "at most 200"),
        ("annannann", "AnnAnnAnn", "must not be the username"),
    ],
)
def test_names_and_passwords_outside_the_rules_are_refused_with_a_sentence(site: Site, username: str, password: str, sentence: str) -> None:
    answer = site.visitor().submit("/signup", {"username": username, "password": password})
    assert answer.status_code == 400
    assert sentence in answer.body.decode()
    assert not site.stores.user_store.users


@pytest.mark.usefixtures("ann")
def test_a_name_that_is_taken_in_any_case_is_refused(site: Site) -> None:
    answer = site.visitor().submit("/signup", {"username": "ANN", "password": PASSWORD})
    assert answer.status_code == 409
    assert "taken" in answer.body.decode()


def test_logging_out_ends_the_session_on_the_server(ann: Browser) -> None:
    kept = dict(ann.cookies)
    answer = ann.submit("/logout", {}, seen_on="/")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")
    assert "timbre_session" not in ann.cookies
    ann.cookies = kept
    assert ann.get("/").headers["Location"] == "/login"


def test_a_session_ends_by_itself(site: Site, ann: Browser) -> None:
    site.pass_time(30 * 24 * 3600 + 1)
    assert ann.get("/").headers["Location"] == "/login"


@pytest.mark.usefixtures("ann")
def test_without_a_session_a_page_leads_to_the_log_in_and_back(site: Site) -> None:
    visitor = site.visitor()
    assert visitor.get("/history").headers["Location"] == "/login?next=%2Fhistory"
    answer = visitor.submit("/login", {"username": "ann", "password": PASSWORD, "next": "/history"})
    assert answer.headers["Location"] == "/history"


@pytest.mark.parametrize("elsewhere", ["https://evil.test/", "//evil.test", "/\\evil.test", "javascript:alert(1)", "/a\nb"])
@pytest.mark.usefixtures("ann")
def test_the_log_in_never_leads_to_another_site(site: Site, elsewhere: str) -> None:
    answer = site.visitor().submit("/login", {"username": "ann", "password": PASSWORD, "next": elsewhere})
    assert answer.headers["Location"] == "/"


def test_someone_signed_in_is_led_past_the_log_in(ann: Browser) -> None:
    assert ann.get("/login").headers["Location"] == "/"


@pytest.mark.parametrize("path", ["/login", "/signup"])
def test_a_form_without_the_token_of_this_browser_is_refused(site: Site, path: str) -> None:
    visitor = site.visitor()
    visitor.get(path)
    fields = {"username": "ann", "password": PASSWORD}
    assert visitor.post_form(path, fields).status_code == 403
    assert visitor.post_form(path, {**fields, "csrf_token": "forged"}).status_code == 403
    stolen = site.visitor().find_form_token(path)
    assert visitor.post_form(path, {**fields, "csrf_token": stolen}).status_code == 403
    assert not site.stores.user_store.users


def test_a_log_out_without_the_sessions_token_is_refused(ann: Browser, bob: Browser) -> None:
    assert ann.post_form("/logout", {"csrf_token": bob.find_form_token("/")}).status_code == 403
    assert ann.get("/").status_code == 200


def test_a_form_sent_from_another_site_is_refused(site: Site) -> None:
    fields = {"username": "ann", "password": PASSWORD}
    assert site.visitor().submit("/signup", fields, Origin="https://evil.test").status_code == 403


@pytest.mark.usefixtures("ann")
def test_guessing_one_users_password_is_throttled_and_says_for_how_long(site: Site) -> None:
    guess = {"username": "ANN", "password": "a wrong guess"}
    statuses = [site.visitor().send_json("POST", "/session", guess).status_code for _ in range(20)]
    assert set(statuses) == {401}
    refused = site.visitor().send_json("POST", "/session", {"username": "ann", "password": PASSWORD})
    assert refused.status_code == 429
    wait_s = int(refused.headers["Retry-After"])
    assert 0 < wait_s <= 300
    site.pass_time(wait_s)
    assert site.visitor().send_json("POST", "/session", {"username": "ann", "password": PASSWORD}).status_code == 201


@pytest.mark.usefixtures("ann")
def test_the_form_shows_that_it_is_throttled(site: Site) -> None:
    visitor = site.visitor()
    for _ in range(20):
        visitor.submit("/login", {"username": "ann", "password": "a wrong guess"})
    answer = visitor.submit("/login", {"username": "ann", "password": PASSWORD})
    assert answer.status_code == 429
    assert "Retry-After" in answer.headers
    assert b"too many attempts" in answer.body


def test_guessing_from_one_address_is_throttled_over_all_names(site: Site) -> None:
    statuses = [
        site.visitor().send_json("POST", "/session", {"username": f"user{n}", "password": "a wrong guess"}).status_code for n in range(201)
    ]
    assert statuses[:200] == [401] * 200
    assert statuses[200] == 429


def test_signing_up_is_throttled_by_address(site: Site) -> None:
    statuses = [site.visitor().send_json("POST", "/users", {"username": f"user{n}", "password": PASSWORD}).status_code for n in range(61)]
    assert statuses[:60] == [201] * 60
    assert statuses[60] == 429


def test_the_api_gives_a_token_that_works_as_bearer(site: Site) -> None:
    visitor = site.visitor()
    made = visitor.send_json("POST", "/users", {"username": "ann", "password": PASSWORD})
    assert made.status_code == 201
    assert set(made.json_body) == {"user_id", "username", "created_at"}
    opened = visitor.send_json("POST", "/session", {"username": "ann", "password": PASSWORD})
    assert set(opened.json_body) == {"token", "expires_at"}
    client = site.visitor()
    bearer = {"Authorization": f"Bearer {opened.json_body['token']}"}
    assert client.get("/api/v1/history", **bearer).status_code == 200
    assert client.request("DELETE", "/api/v1/session", **bearer).status_code == 204
    assert client.get("/api/v1/history", **bearer).status_code == 401


def test_a_write_by_cookie_needs_the_origin_of_our_own_pages(site: Site, ann: Browser) -> None:
    track = site.add_track("song")
    path = f"/api/v1/tracks/{track.track_id}/feedback"
    body = b'{"opinion":"like"}'
    json_type = {"Content_Type": "application/json"}
    assert ann.request("PUT", path, body=body, **json_type).status_code == 403
    assert ann.request("PUT", path, body=body, Origin="https://evil.test", **json_type).status_code == 403
    assert ann.request("PUT", path, body=body, Origin="null", **json_type).status_code == 403
    assert not site.stores.feedback_store.opinions
    assert ann.request("PUT", path, body=body, Sec_Fetch_Site="same-origin", **json_type).status_code == 200


def test_a_write_by_bearer_token_needs_no_origin(site: Site, ann: Browser) -> None:
    track = site.add_track("song")
    bearer = f"Bearer {ann.cookies['timbre_session']}"
    answer = site.visitor().request(
        "PUT",
        f"/api/v1/tracks/{track.track_id}/feedback",
        body=b'{"opinion":"like"}',
        Authorization=bearer,
        Content_Type="application/json",
    )
    assert answer.status_code == 200


@pytest.mark.usefixtures("ann")
def test_another_site_cannot_log_a_browser_in(site: Site) -> None:
    answer = site.visitor().send_json("POST", "/session", {"username": "ann", "password": PASSWORD}, Origin="https://evil.test")
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "cookie", ["timbre_session=", "timbre_session=x", "timbre_session=" + "x" * 5000, "=;;=a b\x01", "timbre_session=“"]
)
def test_a_broken_cookie_is_as_good_as_none(site: Site, cookie: str) -> None:
    assert site.visitor().get("/", Cookie=cookie).status_code == 303
