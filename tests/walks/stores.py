"""What `bootstrap` is to the application, over a real MongoDB. The buckets sign real links and hold what is put into them in memory or in
a folder; Kafka and the queues are memory too: what is asked of them is theirs to measure, not the pages'.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from chalicelib.config import Settings
from chalicelib.errors import ConflictError, NotFoundError
from chalicelib.storage import health_probes
from chalicelib.storage.account_stores import make_account_stores
from chalicelib.storage.dead_letters import MongoDeadLetterStore
from chalicelib.storage.feedback import MongoFeedbackStore
from chalicelib.storage.index_bucket import S3IndexBucket
from chalicelib.storage.index_builds import MongoIndexBuildStore
from chalicelib.storage.listener_states import MongoListenerStore
from chalicelib.storage.listening import MongoListeningStore
from chalicelib.storage.mongo import MongoDatabase
from chalicelib.storage.music_bucket import S3MusicBucket
from chalicelib.storage.passages import MongoPassageStore
from chalicelib.storage.plays import MongoPlayStore
from chalicelib.storage.reanalyses import MongoReanalysisStore
from chalicelib.storage.recommendations import MongoRecommendationStore
from chalicelib.storage.sessions import MongoSessionStore
from chalicelib.storage.sound_queries import MongoQueryStore
from chalicelib.storage.throttles import MongoThrottleStore
from chalicelib.storage.tracks import MongoTrackStore
from chalicelib.storage.uploads import MongoUploadStore
from chalicelib.storage.users import MongoUserStore
from chalicelib.way_model import StoredPart
from chalicelib.workflows.account_ports import AccountStores
from chalicelib.workflows.check_health import Probe
from chalicelib.workflows.current_index import CurrentIndex
from chalicelib.workflows.index_build_ports import StoredBuild
from tests.fakes.account_stores import FakeExportBucket
from tests.fakes.buckets import FakeMusicBucket
from tests.fakes.queues import FakeLagWatch, FakePlayPublisher, FakeQueueWatch

DEMO = "demo"
PASSWORD = "correct horse battery"
SETTINGS = Settings(
    mongodb_uri="given",
    music_bucket="music",
    index_bucket="index",
    kafka_bootstrap_servers="kafka:9092",
    demo_username=DEMO,
    demo_password=PASSWORD,
    sign_ups_per_hour=1_000_000,
    log_ins_per_5_minutes=1_000_000,
    outstanding_uploads=1_000_000,
    queries_per_hour=1_000_000,
)


def make_signing_client() -> Any:  # boto3 has no type of it that is there without its stubs
    """Signs as with a role's credentials, and is never asked anything else."""
    return boto3.client(
        "s3",
        region_name="eu-central-1",
        aws_access_key_id="signs",
        aws_secret_access_key="only",
        aws_session_token="token" * 100,
        config=Config(signature_version="s3v4"),
    )


class SigningMusicBucket(FakeMusicBucket):
    """Signs as the real one does."""

    def __init__(self) -> None:
        super().__init__()
        signing = S3MusicBucket(make_signing_client(), SETTINGS.music_bucket)
        self.presign_get = signing.presign_get  # type: ignore[method-assign]
        self.presign_post = signing.presign_post  # type: ignore[method-assign]
        self.presign_part = signing.presign_part  # type: ignore[method-assign]

    def list_parts(self, key: str, multipart_id: str) -> list[StoredPart] | None:
        """As S3 does, without reading them again."""
        known_key, sent = self.multiparts.get(multipart_id, ("", {}))
        return [StoredPart(number, "etag", len(data)) for number, data in sorted(sent.items())] if known_key == key else None

    def complete_parts(self, key: str, multipart_id: str, _parts: Sequence[StoredPart]) -> bool:
        self.put(key, b"whole")
        return self.multiparts.pop(multipart_id, None) is not None


class FolderIndexBucket:
    """The index bucket as a folder, so that a large build is made once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._folder.mkdir(parents=True, exist_ok=True)
        self._signing = S3IndexBucket(make_signing_client(), SETTINGS.index_bucket)

    def publish_files(self, build_id: str, folder: Path) -> None:
        shutil.copytree(folder, self._folder / build_id)

    def fetch_file(self, build_id: str, name: str, to: Path) -> None:
        if not (self._folder / build_id / name).is_file():
            raise NotFoundError(f"The index build {build_id} has no file {name}.", code="build_not_found")
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self._folder / build_id / name, to)

    def read_current(self) -> tuple[bytes, str] | None:
        current = self._folder / "current.json"
        return (current.read_bytes(), str(current.stat().st_mtime_ns)) if current.is_file() else None

    def swap_current(self, content: bytes, *, expected_etag: str | None) -> None:
        present = self.read_current()
        if (present[1] if present else None) != expected_etag:
            raise ConflictError("Another build was published meanwhile.", code="current_changed")
        (self._folder / "current.json").write_bytes(content)

    def presign_get(self, build_id: str, name: str, *, expires_s: int) -> str:
        return self._signing.presign_get(build_id, name, expires_s=expires_s)

    def list_builds(self) -> list[StoredBuild]:
        """One is made, and never removed."""
        return []


class MongoStores:
    def __init__(self, database: MongoDatabase, folder: Path) -> None:
        self.database = database
        self._folder = folder

    def settings(self) -> Settings:
        return SETTINGS

    def tracks(self) -> MongoTrackStore:
        return MongoTrackStore(self.database)

    def uploads(self) -> MongoUploadStore:
        return MongoUploadStore(self.database)

    def users(self) -> MongoUserStore:
        return MongoUserStore(self.database)

    def sessions(self) -> MongoSessionStore:
        return MongoSessionStore(self.database)

    def throttles(self) -> MongoThrottleStore:
        return MongoThrottleStore(self.database)

    def plays(self) -> MongoPlayStore:
        return MongoPlayStore(self.database)

    def account_stores(self) -> AccountStores:
        return make_account_stores(self.database)

    def listening(self) -> MongoListeningStore:
        return MongoListeningStore(self.database)

    def sound_queries(self) -> MongoQueryStore:
        return MongoQueryStore(self.database)

    def feedback(self) -> MongoFeedbackStore:
        return MongoFeedbackStore(self.database)

    def listener_states(self) -> MongoListenerStore:
        return MongoListenerStore(self.database)

    def recommendations(self) -> MongoRecommendationStore:
        return MongoRecommendationStore(self.database)

    def index_builds(self) -> MongoIndexBuildStore:
        return MongoIndexBuildStore(self.database)

    def passages(self) -> MongoPassageStore:
        return MongoPassageStore(self.database)

    def reanalyses(self) -> MongoReanalysisStore:
        return MongoReanalysisStore(self.database)

    def dead_letters(self) -> MongoDeadLetterStore:
        return MongoDeadLetterStore(self.database)

    @cached_property
    def _music(self) -> SigningMusicBucket:
        return SigningMusicBucket()

    @cached_property
    def _index(self) -> FolderIndexBucket:
        return FolderIndexBucket(self._folder / "bucket")

    @cached_property
    def _opened_index(self) -> CurrentIndex:
        return CurrentIndex(self._index, self._folder / "opened", refresh_s=SETTINGS.index_refresh_s)

    @cached_property
    def _exports(self) -> FakeExportBucket:
        return FakeExportBucket()

    @cached_property
    def _publisher(self) -> FakePlayPublisher:
        return FakePlayPublisher()

    def music_bucket(self) -> SigningMusicBucket:
        return self._music

    def index_bucket(self) -> FolderIndexBucket:
        return self._index

    def export_bucket(self) -> FakeExportBucket:
        return self._exports

    def play_publisher(self) -> FakePlayPublisher:
        return self._publisher

    def current_index(self) -> CurrentIndex:
        return self._opened_index

    def queue_watch(self) -> FakeQueueWatch:
        return FakeQueueWatch()

    def lag_watch(self) -> FakeLagWatch:
        return FakeLagWatch()

    def health_probes(self) -> dict[str, Probe]:
        return {
            "mongodb": lambda: health_probes.is_mongodb_there(self.database, timeout_s=0.8),
            "s3": lambda: True,
            "kafka": lambda: True,
            "index": lambda: self._index.read_current() is not None,
        }
