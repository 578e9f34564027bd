"""Each role against the calls that its code makes: every call is allowed, and whatever is allowed is either made or said here why not.

The handlers and the API run over moto's S3, SQS and Secrets Manager with the real adapters; MongoDB is in memory, Kafka is nowhere.
"""

from __future__ import annotations

import io
import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import boto3
import numpy as np
import pytest
import soundfile
from msgspec.structs import replace
from mutagen.id3 import APIC, ID3
from mypy_boto3_s3 import S3Client

from chalicelib import bootstrap, connections
from chalicelib.account_model import Erasure
from chalicelib.config import Settings
from chalicelib.events.queue_watch import SqsQueueWatch
from chalicelib.events.queues import encode_notification
from chalicelib.events.s3_events import OUTDATED
from chalicelib.model import FEATURE_VERSION, Track
from chalicelib.query_model import SoundQuery
from chalicelib.reanalysis_model import Reanalysis
from chalicelib.storage.export_bucket import S3ExportBucket
from chalicelib.storage.health_probes import make_probes
from chalicelib.storage.index_bucket import S3IndexBucket
from chalicelib.storage.music_bucket import S3MusicBucket
from chalicelib.workflows.current_index import CurrentIndex
from functions.build_index import handler as build_index
from functions.extract_features import handler as extract_features
from functions.recommend import handler as recommend
from functions.record_dead_letter import handler as record_dead_letter
from functions.relay_plays import handler as relay_plays
from tests.fakes import stores as fakes
from tests.fakes.account_stores import make_fake_account_stores
from tests.fakes.query_store import FakeQueryStore
from tests.fakes.queues import FakePlayPublisher
from tests.fakes.samples import NOW, attach_track, make_analysis, make_play, make_upload, make_user
from tests.policy.conftest import Recorder
from tests.policy.roles import PARAMETERS, Need, Roles, Statement
from tests.web.site import Browser, Site

EVENTS = Path(__file__).parents[1] / "events"
SAMPLE_RATE = 22_050
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)

# Allowed, and made by somebody else than the code under test, or in a case that it does not run into.
NOT_SEEN_HERE = {
    ("*", "logs:CreateLogStream"): "the Lambda runtime writes the logs",
    ("*", "logs:PutLogEvents"): "the Lambda runtime writes the logs",
    ("*", "kms:Decrypt"): "Secrets Manager decrypts on the caller's behalf, where the secret has a key of the customer",
    ("ExtractFeaturesRole", "sqs:ReceiveMessage"): "the event source mapping reads the queue with the function's role",
    ("ExtractFeaturesRole", "sqs:DeleteMessage"): "the event source mapping",
    ("ExtractFeaturesRole", "sqs:GetQueueAttributes"): "the event source mapping",
    ("BuildIndexRole", "sqs:ReceiveMessage"): "the event source mapping",
    ("BuildIndexRole", "sqs:DeleteMessage"): "the event source mapping",
    ("BuildIndexRole", "sqs:GetQueueAttributes"): "the event source mapping",
    ("RecordDeadLetterRole", "sqs:ReceiveMessage"): "the event source mapping",
    ("RecordDeadLetterRole", "sqs:DeleteMessage"): "the event source mapping",
    ("RecordDeadLetterRole", "sqs:GetQueueAttributes"): "the event source mapping",
    ("RecommendRole", "sqs:SendMessage"): "the on-failure destination of the Kafka mapping",
    ("*", "s3:ListBucket"): "without it S3 answers 403, not 404, for an object that is not there",
    ("RecommendRole", "secretsmanager:GetSecretValue kafka"): "the Kafka mapping logs in with it",
    ("RecommendRole", "kafka:DescribeClusterV2"): "the MSK mapping",
    ("RecommendRole", "kafka:GetBootstrapBrokers"): "the MSK mapping",
    ("RecommendRole", "kafka-cluster:Connect"): "the MSK mapping",
    ("RecommendRole", "kafka-cluster:DescribeGroup"): "the MSK mapping",
    ("RecommendRole", "kafka-cluster:AlterGroup"): "the MSK mapping",
    ("RecommendRole", "kafka-cluster:DescribeTopic"): "the MSK mapping",
    ("RecommendRole", "kafka-cluster:DescribeClusterDynamicConfiguration"): "the MSK mapping",
    ("RecommendRole", "kafka-cluster:ReadData"): "the MSK mapping",
    **{
        ("*", f"ec2:{action}"): "Lambda puts network interfaces into the brokers' VPC"
        for action in (
            "CreateNetworkInterface",
            "DeleteNetworkInterface",
            "DescribeNetworkInterfaces",
            "DescribeSecurityGroups",
            "DescribeSubnets",
            "DescribeVpcs",
        )
    },
}


class Context:
    function_name = "policy"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:policy"
    aws_request_id = "request-1"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


class System:
    """The real adapters over moto, everything of MongoDB in memory."""

    def __init__(self, recorder: Recorder, folder: Path) -> None:
        self.recorder, self.folder = recorder, folder
        self.tracks = fakes.FakeTrackStore()
        self.uploads = fakes.FakeUploadStore()
        self.sound_queries = FakeQueryStore()
        self.users = fakes.FakeUserStore()
        self.plays = fakes.FakePlayStore()
        self.feedback = fakes.FakeFeedbackStore()
        self.listener_states = fakes.FakeListenerStore(self.users, self.plays, self.feedback)
        self.recommendations = fakes.FakeRecommendationStore(self.plays)
        self.index_builds = fakes.FakeIndexBuildStore()
        self.leases = fakes.FakeLeaseStore()
        self.dead_letters = fakes.FakeDeadLetterStore()
        self.passages = fakes.FakePassageStore(self.tracks)
        self.reanalyses = fakes.FakeReanalysisStore(self.tracks)
        self.play_publisher = FakePlayPublisher()
        self.listening = fakes.FakeListeningStore()
        self.account_stores = make_fake_account_stores(
            users=self.users,
            sessions=fakes.FakeSessionStore(),
            plays=self.plays,
            feedback=self.feedback,
            recommendations=self.recommendations,
            uploads=self.uploads,
            tracks=self.tracks,
        )
        self.prepared_database = None
        self.s3: S3Client = boto3.Session().client("s3")  # an uploader's, not recorded

    def calls_of(self, act: Callable[[], None]) -> set[Need]:
        """Every function reads the URI of MongoDB first, which the stores in memory do not ask for."""
        before, self.recorder.needs = self.recorder.needs, set()
        connections.secret.cache_clear()
        assert connections.mongodb_uri().startswith("mongodb://")
        act()
        seen, self.recorder.needs = self.recorder.needs, before
        return seen

    def drop(self, key: str, data: bytes) -> dict[str, Any]:
        self.s3.put_object(Bucket=PARAMETERS["MusicBucketName"], Key=key, Body=data)
        return announce(key, "ObjectCreated:Put")

    def remove(self, key: str) -> dict[str, Any]:
        self.s3.delete_object(Bucket=PARAMETERS["MusicBucketName"], Key=key)
        return announce(key, "ObjectRemoved:Delete")

    def ingest_and_build(self) -> str:
        """A library of five with an index. The track_id of the first."""
        for number in range(5):
            extract_features.handle(self.drop(f"uploads/{number}.mp3", compose(number)), Context())
        assert build_index.handle(load("builds_by_sqs"), Context())["outcome"] == "published"
        return next(iter(self.tracks.tracks))


@pytest.fixture
def system(recorder: Recorder, given_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[System]:
    monkeypatch.setattr(bootstrap, "settings", lambda: given_settings)
    monkeypatch.setattr(connections, "settings", lambda: given_settings)
    system = System(recorder, tmp_path)
    for name, store in vars(system).items():
        if hasattr(bootstrap, name):
            monkeypatch.setattr(bootstrap, name, lambda store=store: store)
    index = CurrentIndex(bootstrap.index_bucket(), tmp_path / "index", refresh_s=0.0)
    monkeypatch.setattr(bootstrap, "current_index", lambda: index)
    yield system
    system.s3.close()


def compose(seed: int) -> bytes:
    dice = np.random.default_rng(seed)
    time_s = np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE
    signal = 0.05 * dice.normal(size=time_s.size) + 0.3 * np.sin(2 * np.pi * (110 + 55 * seed) * time_s)
    file = io.BytesIO()
    soundfile.write(file, signal.astype(np.float32), SAMPLE_RATE, format="MP3")
    return file.getvalue()


def add_cover(audio: bytes) -> bytes:
    tags, file = ID3(), io.BytesIO()  # type: ignore[no-untyped-call]
    tags.add(APIC(encoding=0, mime="image/png", type=3, desc="", data=PIXEL))  # type: ignore[no-untyped-call]
    tags.save(file)
    return file.getvalue() + audio


def reanalyse_one(system: System) -> None:
    """One of two outdated songs, which asks for the other."""
    first, second = (make_outdated(system, key) for key in ("uploads/0.mp3", "uploads/1.mp3"))
    system.reanalyses.save_progress(Reanalysis(version=FEATURE_VERSION, song_count=2, done=0, started_at=NOW))
    body = encode_notification(PARAMETERS["MusicBucketName"], first.objects[0], event_name=OUTDATED, track_id=first.track_id)
    record = {"messageId": "m", "receiptHandle": "r", "body": body}
    assert extract_features.handle({"Records": [record]}, Context()) == {"batchItemFailures": []}
    assert system.tracks.tracks[first.track_id].feature_version == FEATURE_VERSION
    assert list(system.tracks.requests) == [second.track_id]


def make_outdated(system: System, key: str) -> Track:
    track = system.tracks.find_by_object(key)
    assert track is not None
    system.tracks.tracks[track.track_id] = outdated = replace(track, feature_version=FEATURE_VERSION - 1)
    return outdated


def announce(key: str, event: str) -> dict[str, Any]:
    record = {"eventName": event, "s3": {"object": {"key": quote_plus(key, safe="/"), "sequencer": "1"}}}
    return {"Records": [{"messageId": "m", "receiptHandle": "h", "body": json.dumps({"Records": [record]})}]}


def load(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return event


def played(track_id: str) -> dict[str, Any]:
    value = {"schema": 1, "event_id": "e1", "user_id": "ann", "track_id": track_id, "occurred_at": "2026-11-20T09:12:33Z"}
    record = {"topic": "plays", "partition": 0, "offset": 5, "value": b64encode(json.dumps(value).encode()).decode()}
    return {"eventSource": "aws:kafka", "records": {"plays-0": [record]}}


def check_role(role: str, made: set[Need]) -> None:
    """Both ways: no call that is not allowed, nothing allowed that is neither made nor explained."""
    statements = Roles().statements(role)
    secrets = {"mongodb": PARAMETERS["MongodbUriSecretArn"], "kafka": PARAMETERS["KafkaSecretArn"]}
    needs = {Need(need.action, secrets.get(need.resource, need.resource)) for need in made}
    refused = [need for need in needs if not any(statement.allows(need) for statement in statements)]
    assert not refused, f"{role} does not allow what its code calls: {sorted(refused)}"
    idle = [
        f"{statement.sid} {action} {resource}"
        for statement in statements
        for action in statement.actions
        for resource in statement.resources
        if not any(is_use_of(action, resource, need) for need in needs) and not explain(role, action, resource)
    ]
    assert not idle, f"{role} allows what nothing calls: {idle}"


def is_use_of(action: str, resource: str, need: Need) -> bool:
    return Statement("", (action,), (resource,)).allows(need)


def explain(role: str, action: str, resource: str) -> str | None:
    name = f"{action} {resource.rpartition(':')[2].partition('-')[0]}" if action.startswith("secretsmanager") else action
    return NOT_SEEN_HERE.get((role, name)) or NOT_SEEN_HERE.get(("*", name))


def hear_one(system: System) -> None:
    """A recording that asks for songs like it."""
    now, key = datetime.now(UTC), f"queries/{'a' * 24}/hum.wav"
    system.sound_queries.create(SoundQuery(query_id="a" * 24, user_id="ann", key=key, created_at=now, expires_at=now + timedelta(hours=1)))
    extract_features.handle(system.drop(key, compose(5)), Context())
    assert system.sound_queries.queries["a" * 24].status == "ready"


def test_extract_features_may_do_what_it_does(system: System) -> None:
    system.ingest_and_build()

    def act() -> None:
        extract_features.handle(system.drop("uploads/covered.mp3", add_cover(compose(9))), Context())
        assert any(track.cover_key for track in system.tracks.tracks.values())
        extract_features.handle(system.drop("uploads/bad.mp3", b"no song at all"), Context())
        extract_features.handle(announce("uploads/gone.mp3", "ObjectCreated:Put"), Context())
        reanalyse_one(system)
        hear_one(system)
        extract_features.handle(system.remove("uploads/covered.mp3"), Context())
        system.uploads.is_down = True
        answer = extract_features.handle(system.drop("uploads/later.mp3", compose(11)), Context())
        assert answer == {"batchItemFailures": [{"itemIdentifier": "m"}]}
        bootstrap.upload_redelivery().send_again("{}", delay_s=1)

    check_role("ExtractFeaturesRole", system.calls_of(act))


def test_build_index_may_do_what_it_does(system: System) -> None:
    system.ingest_and_build()
    extract_features.handle(system.drop("uploads/new.mp3", compose(21)), Context())

    def act() -> None:
        assert build_index.handle(load("builds_by_sqs"), Context())["outcome"] == "published"
        system.leases.is_down = True
        assert build_index.handle(load("builds_by_sqs"), Context())["batchItemFailures"]
        bootstrap.build_queue().request_build(delay_s=1)
        for build in bootstrap.index_bucket().list_builds():  # of an hour ago, it would collect them by itself
            bootstrap.index_bucket().remove_build(build.build_id)

    check_role("BuildIndexRole", system.calls_of(act))


def test_recommend_may_do_what_it_does(system: System) -> None:
    track_id = system.ingest_and_build()
    system.users.add(make_user("ann", "Ann"))
    system.plays.record(make_play("e1", user_id="ann", track_id=track_id))

    def act() -> None:
        assert recommend.handle(played(track_id), Context()) == {"batchItemFailures": []}
        assert system.recommendations.find("ann") is not None

    check_role("RecommendRole", system.calls_of(act))


def test_relay_plays_may_do_what_it_does(system: System) -> None:
    system.plays.record(make_play("e1", occurred_at=datetime.now(UTC) - timedelta(minutes=1)))
    extract_features.handle(system.drop("uploads/covered.mp3", add_cover(compose(9))), Context())
    [track_id] = system.tracks.tracks
    system.tracks.move_to_trash(track_id, now=datetime.now(UTC) - timedelta(hours=1))
    system.uploads.create(make_upload("of-ann", user_id="ann"))
    gone = Erasure(user_id="ann", takes_uploads=True, requested_at=NOW, due_at=NOW)
    system.account_stores.erasures.begin(gone)
    outdated = attach_track(system.tracks, make_analysis("old", feature_version=FEATURE_VERSION - 1))

    def act() -> None:
        assert bootstrap.kafka_settings().kafka_sasl_username == "timbre"
        assert relay_plays.handle(load("schedule"), Context()) == {"sent": 1}
        assert system.tracks.tracks[track_id].status == "removed"
        assert system.tracks.requests, "the outdated song was asked for"
        system.tracks.detach_object(outdated.objects[0].key, now=NOW)
        assert relay_plays.handle(load("schedule"), Context()) == {"sent": 0}
        assert (progress := system.reanalyses.progress()) is not None
        assert progress.finished_at is not None, "a build was asked for"

    check_role("RelayPlaysRole", system.calls_of(act))


def test_record_dead_letter_may_do_what_it_does(system: System) -> None:
    system.drop("uploads/killer.mp3", b"poison")

    def act() -> None:
        for name in ("dead_upload", "dead_build", "dead_plays", "dead_garbage"):
            assert record_dead_letter.handle(load(name), Context()) == {"batchItemFailures": []}

    check_role("RecordDeadLetterRole", system.calls_of(act))


def test_the_api_may_do_what_it_does(system: System, given_settings: Settings) -> None:
    site = Site(system.folder, given_settings)
    s3 = connections.aws_client("s3")
    site.stores.index = S3IndexBucket(s3, given_settings.index_bucket)  # type: ignore[assignment]
    site.stores.opened_index = CurrentIndex(site.stores.index, system.folder / "seen", refresh_s=0.0)
    for name in ("One", "Two", "Three"):
        site.add_track(name, cover=True)
    site.build_index()
    site.stores.music = S3MusicBucket(s3, given_settings.music_bucket)  # type: ignore[assignment]
    site.stores.exports = S3ExportBucket(s3, given_settings.music_bucket)  # type: ignore[assignment]
    site.stores.watch = SqsQueueWatch(connections.aws_client("sqs"), given_settings.uploads_queue_url, timeout_s=5)  # type: ignore[assignment]

    def act() -> None:
        assert bootstrap.kafka_settings().kafka_sasl_password == "secret"
        browse(site)
        probes = make_probes(given_settings, None, s3, timeout_s=1)  # type: ignore[arg-type]  # MongoDB's is not asked
        assert probes["s3"]()
        assert probes["index"]()

    check_role("ApiRole", system.calls_of(act))


def browse(site: Site) -> None:
    """Every kind of route that touches AWS: pages, search, audio, cover, upload, play, status, removal."""
    ann = site.listener("ann")
    for path in ("/", "/search?q=one", "/status", "/history", "/upload"):
        assert ann.get(path).status_code == 200, path
    assert ann.send_json("POST", "/queries", {"filename": "hum.wav", "size_bytes": 4000, "content_type": "audio/wav"}).status_code == 201
    given = ann.send_json("POST", "/uploads", {"filename": "a.mp3", "size_bytes": 4000, "content_type": "audio/mpeg"})
    assert given.status_code == 201, given.body
    send_in_parts(ann)
    track = next(iter(site.stores.track_store.tracks.values()))
    path = f"/tracks/{track.track_id}"
    for part in ("/audio", "/cover"):
        assert ann.get(f"/api/v1{path}{part}").status_code == 302, part
    assert ann.get(f"/api/v1{path}/similar").status_code == 200
    assert ann.get("/api/v1/me/export").status_code == 200
    event = {"event_id": "0" * 32, "track_id": track.track_id, "kind": "start", "position_s": 0.0}
    assert ann.send_json("POST", "/plays", event).status_code == 202
    user = site.user("ann")
    site.stores.user_store.users[user.user_id] = replace(user, roles=("listener", "operator"))
    assert ann.send_json("DELETE", path).status_code == 202


def send_in_parts(ann: Browser) -> None:
    """Moto takes no part of less than 5 MiB that is not the last: here the first is the last."""
    wanted = {"filename": "large.wav", "size_bytes": 20_000_000, "content_type": "audio/wav", "in_parts": True}
    upload_id = ann.send_json("POST", "/uploads", wanted).json_body["upload_id"]
    assert ann.read_json(f"/uploads/{upload_id}/parts")["stored"] == []
    assert ann.send_json("POST", f"/uploads/{upload_id}/parts", {"numbers": [1]}).status_code == 200
    assert ann.send_json("POST", f"/uploads/{upload_id}/completion", {}).status_code == 409
    assert ann.send_json("DELETE", f"/uploads/{upload_id}").status_code == 204


@pytest.mark.parametrize("action", ["s3:DeleteObject", "s3:PutObject"])
def test_a_call_that_is_not_allowed_is_found(action: str) -> None:
    """The test above can fail: a foreign bucket, an action too many."""
    with pytest.raises(AssertionError, match="does not allow"):
        check_role("RecommendRole", {Need(action, "arn:aws:s3:::policy-music/uploads/x")})


def test_every_role_of_the_template_is_looked_at() -> None:
    tested = {"ExtractFeaturesRole", "BuildIndexRole", "RecommendRole", "RelayPlaysRole", "RecordDeadLetterRole", "ApiRole"}
    assert set(Roles().names()) == tested
