"""Links and their prefix, security headers, static files, health, and who is served in which thread."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from msgspec.structs import replace

from chalicelib.reanalysis_model import Reanalysis
from chalicelib.web.urls import Urls, safe_path, urls_of
from tests.fakes.samples import NOW, at, make_build, make_letter, make_list, make_play
from tests.web.site import SETTINGS, Browser, Site


@pytest.mark.parametrize(
    ("path", "resource", "prefix"),
    [
        ("/timbre/login", "/login", "/timbre"),
        ("/login", "/login", ""),
        ("/", "/", ""),
        ("/timbre", "/", "/timbre"),
        ("/timbre/", "/", "/timbre"),
        ("/a/b/tracks/x%2Fy", "/tracks/{track_id}", "/a/b"),
        ("/timbre/login/", "/login", "/timbre"),
        ("//evil.test/login", "/login", "/evil.test"),
        ("/%2F%2Fevil.test/login", "/login", ""),
        ("/a b/login", "/login", ""),
    ],
)
def test_the_prefix_is_what_the_path_has_in_front_of_the_route(path: str, resource: str, prefix: str) -> None:
    assert urls_of({"path": path, "resourcePath": resource}) == Urls(prefix)


@pytest.mark.parametrize(("path", "rest"), [("/timbre/a/b/c", "a/b/c"), ("/timbre/a", "a"), ("/timbre/a/", "a/")])
def test_the_prefix_is_found_too_where_a_route_takes_all_that_is_left(path: str, rest: str) -> None:
    assert urls_of({"path": path, "resourcePath": "/{proxy+}"}, rest) == Urls("/timbre")


@pytest.mark.parametrize("path", ["//x", "https://x", "/\\x", "x", "", "/a\\b", "/a\nb"])
def test_a_path_to_return_to_stays_within_the_application(path: str) -> None:
    assert safe_path(path) == "/"


def test_behind_a_stage_every_link_cookie_and_redirect_has_its_prefix(site: Site, ann: Browser) -> None:
    answer = site.proxy("/timbre/login", "/login")
    targets = re.findall(r'(?:href|src|action)="([^"#]+)"', answer["body"])
    assert targets
    assert all(target.startswith("/timbre/") for target in targets)
    assert "; Path=/timbre;" in answer["multiValueHeaders"]["Set-Cookie"][0]
    assert site.proxy("/timbre/history", "/history")["headers"]["Location"] == "/timbre/login?next=%2Fhistory"
    signed_in = site.proxy("/timbre/", "/", cookie=f"timbre_session={ann.cookies['timbre_session']}")
    assert signed_in["statusCode"] == 200
    assert all(t.startswith("/timbre/") for t in re.findall(r'(?:href|src|action)="([^"#]+)"', signed_in["body"]))
    assert 'data-prefix="/timbre"' in signed_in["body"]


def test_the_gateways_request_id_is_the_errors(site: Site) -> None:
    assert '"request_id":"gateway-1"' in site.proxy("/timbre/api/v1/history", "/api/v1/history")["body"]


def test_pages_may_load_nothing_but_our_own_files_and_the_music(site: Site, ann: Browser) -> None:
    policy = ann.get("/").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "media-src 'self' http://music.invalid;" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "music.invalid" not in site.visitor().get("/login").headers["Content-Security-Policy"]


def test_no_page_has_a_script_or_style_in_line(site: Site, ann: Browser) -> None:
    track = site.add_track("song", cover=True)
    pages = [site.visitor().get("/login"), site.visitor().get("/signup")]
    pages += [ann.get(path) for path in ("/", "/search", f"/tracks/{track.track_id}", "/upload", "/history", "/status", "/tracks/none")]
    for page in pages:
        body = page.body.decode()
        assert not re.search(r"<script(?![^>]* src=)", body)
        assert not re.search(r"<[^>]+ (?:style|on\w+)=", body)


@pytest.mark.parametrize("path", ["/", "/login", "/history", "/api/v1/history", "/api/v1/health"])
def test_what_is_a_listeners_is_kept_by_no_cache(ann: Browser, path: str) -> None:
    headers = ann.get(path).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Strict-Transport-Security"] == "max-age=31536000"


def test_static_files_are_kept_for_ever_under_their_version_only(site: Site) -> None:
    visitor = site.visitor()
    found = re.search(r'href="(/static/site\.css\?v=\w+)"', visitor.get("/login").body.decode())
    assert found
    answer = visitor.get(found.group(1))
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/css; charset=utf-8")
    assert "immutable" in answer.headers["Cache-Control"]
    assert "immutable" not in visitor.get("/static/site.css?v=other").headers["Cache-Control"]


@pytest.mark.parametrize("name", ["none.css", "..%2fapp.py", "..", "site.css%00", "assets.py"])
def test_no_other_file_is_served(site: Site, name: str) -> None:
    assert site.visitor().get(f"/static/{name}").status_code == 404


def test_health_names_every_part(site: Site) -> None:
    site.add_track("song")
    site.build_index()
    answer = site.visitor().get("/api/v1/health")
    assert (answer.status_code, answer.json_body["status"]) == (200, "ok")
    assert {name: check["status"] for name, check in answer.json_body["checks"].items()} == {
        "mongodb": "ok",
        "s3": "ok",
        "kafka": "ok",
        "index": "ok",
    }


def test_health_without_an_index_or_kafka_is_degraded_but_up(tmp_path: Path) -> None:
    site = Site(tmp_path, replace(SETTINGS, kafka_bootstrap_servers=""))
    answer = site.visitor().get("/api/v1/health")
    assert (answer.status_code, answer.json_body["status"]) == (200, "degraded")
    assert answer.json_body["checks"]["kafka"]["status"] == "absent"
    assert answer.json_body["checks"]["index"]["status"] == "absent"


@pytest.mark.parametrize(("part", "status", "code"), [("s3", "down", 503), ("kafka", "degraded", 200)])
def test_health_says_503_for_what_is_needed_and_warns_of_what_is_not(site: Site, part: str, status: str, code: int) -> None:
    site.add_track("song")
    site.build_index()
    site.stores.failing_parts = {part}
    answer = site.visitor().get("/api/v1/health")
    assert (answer.status_code, answer.json_body["status"]) == (code, status)
    assert {name for name, check in answer.json_body["checks"].items() if check["status"] != "ok"} == {part}
    assert len(answer.json_body["warnings"]) == (1 if part == "kafka" else 0)


def test_health_waits_for_no_part_longer_than_a_second(site: Site) -> None:
    site.stores.hanging_s = 3.0
    started = time.monotonic()
    answer = site.visitor().get("/api/v1/health")
    assert time.monotonic() - started < 1.5
    assert answer.status_code == 503
    assert {check["status"] for check in answer.json_body["checks"].values()} == {"late"}


def test_health_without_mongodb_is_down_also_for_someone_with_a_cookie(site: Site, ann: Browser) -> None:
    site.stores.switch_mongodb(is_down=True)
    answer = ann.get("/api/v1/health")
    assert (answer.status_code, answer.json_body["status"]) == (503, "down")
    assert answer.json_body["checks"]["mongodb"]["status"] == "failed"


def test_the_status_page_shows_the_numbers(site: Site, ann: Browser) -> None:
    site.add_track("song")
    site.stores.build_store.add(make_build("build-7", is_current=True))
    page = ann.get("/status").body.decode()
    for words in ("build-7", "Plays waiting", "Dead letters", "0.990", "Songs in it"):
        assert words in page


def test_operators_see_the_builds_and_what_each_is_good_for(site: Site, ann: Browser) -> None:
    for number, build_id in enumerate(("b1", "b2", "b3")):
        site.stores.build_store.add(replace(make_build(build_id, created_at=at(number)), spaces=("mfcc", "timbre"), size_bytes=2_500_000))
    site.stores.build_store.begin_collection("b1", held_before=site.now, now=site.now)
    site.stores.build_store.set_current("b2", is_pinned=True)
    assert "timbre rollback" not in ann.get("/status").body.decode()
    user = site.user("ann")
    site.stores.user_store.users[user.user_id] = replace(user, roles=("listener", "operator"))
    page = " ".join(ann.get("/status").body.decode().split())
    for build_id, state in (("b3", "kept"), ("b2", "pinned"), ("b1", "collected")):
        assert re.search(rf"<code>{build_id}</code>.*?<td>{state}</td>", page)
    assert "2.5 MB" in page
    assert "timbre rollback --release" in page


def bury_and_wait(site: Site) -> None:
    """A dead letter, a queue of 12, one play with its effect and one without."""
    track = site.add_track("song")
    site.stores.letter_store.add(make_letter("l1", payload="<secret payload>", source="uploads"))
    site.stores.watch.waiting = {"uploads": 12}
    site.stores.play_store.record(make_play("done", track_id=track.track_id, occurred_at=at(-300)))
    site.stores.recommendation_store.save_with_effect(make_list(), ["done"], now=at(-298.5))
    site.stores.play_store.record(make_play("waits", track_id=track.track_id, occurred_at=at(-120)))


def test_the_status_page_shows_queues_lag_and_latency(site: Site, ann: Browser) -> None:
    bury_and_wait(site)
    page = ann.get("/status").body.decode()
    assert "1.50 s" in page
    assert "2 minutes" in page
    assert re.search(r"uploads</th>\s*<td>12</td>", page)
    assert "unknown" in page, "the queues that cannot be asked"


def test_the_status_page_shows_what_waits_in_kafka_and_only_operators_why_it_is_not_known(site: Site, ann: Browser) -> None:
    site.stores.lag.waiting = [0, 1200, 34, 0]
    page = " ".join(ann.get("/status").body.decode().split())
    assert re.search(r"Waiting in Kafka</th><td>1,234 <span class=\"fine\">in partition 1: 1,200, 2: 34</span>", page)
    site.stores.lag.waiting = None
    page = ann.get("/status").body.decode()
    assert re.search(r"Waiting in Kafka</th><td>unknown</td>", page)
    user = site.user("ann")
    site.stores.user_store.users[user.user_id] = replace(user, roles=("listener", "operator"))
    assert "the broker is away" in ann.get("/status").body.decode()


def test_only_an_operator_sees_what_is_in_a_dead_letter(site: Site, ann: Browser) -> None:
    bury_and_wait(site)
    assert "secret payload" not in ann.get("/status").body.decode()
    assert "not JSON" not in ann.get("/status").body.decode()
    user = site.user("ann")
    site.stores.user_store.users[user.user_id] = replace(user, roles=("listener", "operator"))
    page = ann.get("/status").body.decode()
    assert "&lt;secret payload&gt;" in page
    assert "not JSON" in page


def test_requests_served_at_once_never_see_each_others_listener(site: Site) -> None:
    browsers = {name: site.listener(name) for name in ("ann", "bob", "cora", "dave")}
    for name, browser in browsers.items():
        track = site.add_track(f"song of {name}")
        play = {"event_id": f"event-of-{name}", "track_id": track.track_id, "kind": "start"}
        assert browser.send_json("POST", "/plays", play).status_code == 202

    def read_names(name: str) -> tuple[str, list[str]]:
        token = browsers[name].cookies["timbre_session"]
        answer = site.proxy("/api/v1/history", "/api/v1/history", authorization=f"Bearer {token}")
        return name, re.findall(r'"event_id":"event-of-(\w+)"', answer["body"])

    with ThreadPoolExecutor(8) as pool:
        for name, seen in pool.map(read_names, list(browsers) * 50):
            assert seen == [name]


def test_the_status_page_tells_of_songs_that_are_analysed_anew(site: Site, ann: Browser) -> None:
    site.add_track("a")
    site.build_index()
    assert "Analysed anew" not in ann.get("/status").body.decode()
    site.stores.reanalysis_store.save_progress(Reanalysis(version=2, song_count=1_234, done=56, started_at=NOW))
    page = ann.get("/status").body.decode()
    assert "56 of 1,234 songs" in page
    assert "failed" not in page.split("Analysed anew")[1].split("</tr>")[0]
