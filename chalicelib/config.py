"""The only reader of the environment: typed settings, and one error that names everything that is missing or wrong."""

from __future__ import annotations

import os
import tempfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from chalicelib.errors import ConfigError
from chalicelib.model import Role


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Field names in upper case are the environment's variables; those without a default are required."""

    mongodb_uri: str = ""  # this or the next
    mongodb_uri_secret_arn: str = ""  # of Secrets Manager: the URI as it is, or {"uri":…}; read by `storage/secrets.py`
    music_bucket: str
    index_bucket: str
    timbre_stage: str = "dev"
    aws_lambda_function_name: str = ""  # Lambda sets it; empty elsewhere
    emit_metrics: Literal["auto", "on", "off"] = "auto"  # EMF lines on standard output: `auto` is where Lambda collects them
    mongodb_database: str = "music_database"

    kafka_bootstrap_servers: str = ""  # empty: plays wait in MongoDB for the relay
    kafka_security_protocol: str = "PLAINTEXT"
    kafka_sasl_mechanism: str = ""
    kafka_sasl_username: str = ""
    kafka_sasl_password: str = ""
    kafka_secret_arn: str = ""  # {"username":…,"password":…}: instead of the two above
    plays_topic: str = "plays"
    plays_consumer_group: str = ""  # whose progress is the lag; empty: the template's, of this stage
    kafka_timeout_s: float = 1.0  # how long a listener may wait for the broker; the relay sends what did not make it
    play_resend_after_s: float = 120.0

    aws_endpoint_url: str = ""  # boto3 reads it by itself; kept for the status page
    build_queue_url: str = ""
    uploads_queue_url: str = ""
    index_build_delay_s: int = 60
    index_builds_kept: int = 5  # published ones whose files stay, to go back to; at least 2
    index_refresh_s: float = 1.0  # how old a warm process lets its knowledge of current.json become

    feature_space: Literal["mfcc", "timbre"] = "timbre"  # `mfcc` where a build lacks the other
    taste: Literal["plays", "mean"] = "plays"
    arms: str = ""  # an A/B test, as plays:90,mean:10 (see `recommend/arms.py`); empty: everybody has TASTE
    experiment: str = "default"  # its name: another one deals the listeners anew
    mfcc_engine: Literal["streaming", "librosa"] = "streaming"
    reanalysed_at_once: int = 1  # songs of an older feature version, in the uploads queue and in work; 0: none

    max_upload_bytes: int = 500_000_000
    parts_from_bytes: int = 16 * 1024 * 1024  # files larger than this may be sent in parts, and go on where they stopped
    part_bytes: int = 8 * 1024 * 1024  # S3: at least 5 MiB, all but the last
    outstanding_uploads: int = 200  # permissions of one user that no file has followed on yet
    max_duration_s: float = 4 * 3600.0  # what is called three hours is often some seconds more
    max_query_bytes: int = 50_000_000  # of a recording that asks for songs like it
    max_query_duration_s: float = 1200.0
    queries_per_hour: int = 60  # of one listener
    session_ttl_s: int = 30 * 24 * 3600
    audio_url_ttl_s: int = 6 * 3600
    trash_ttl_s: int = 600  # how long a deleted song can be brought back
    secure_cookies: bool = True  # off where pages come over plain HTTP on loopback
    new_user_roles: Literal["listener", "listener,uploader", "listener,uploader,operator"] = "listener,uploader"
    sign_ups_per_hour: int = 60  # from one address
    log_ins_per_5_minutes: int = 20  # as one username; ten times as many from one address
    demo_username: str = ""  # with the next: whoever comes may listen as this user at one click. Set by `make run` only, and never on AWS
    demo_password: str = ""

    @property
    def roles_of_new_users(self) -> tuple[Role, ...]:
        return msgspec.convert(self.new_user_roles.split(","), tuple[Role, ...])

    @property
    def index_folder(self) -> Path:
        """Of this account and this bucket alone: two machines on one host would take each other's builds away, and of two people the
        second could not write into the first one's folder."""
        place = zlib.crc32(f"{self.aws_endpoint_url} {self.index_bucket}".encode())
        return Path(tempfile.gettempdir()) / f"timbre-index-{os.getuid()}-{place:08x}"

    @property
    def consumer_group(self) -> str:
        return self.plays_consumer_group or f"timbre-{self.timbre_stage}-recommend"


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment. ConfigError names every variable that is missing or has a wrong form, in one sentence."""
    source = os.environ if environ is None else environ
    given: dict[str, object] = {}
    faults: list[str] = []
    for field in msgspec.structs.fields(Settings):
        name = field.name.upper()
        value = source.get(name, "")
        if value == "":
            if field.required:
                faults.append(f"{name} is not set")
            continue
        try:
            given[field.name] = msgspec.convert(value, field.type, strict=False)
        except msgspec.ValidationError as exc:
            is_secret = "uri" in field.name or "password" in field.name
            faults.append(f"{name} is wrong" if is_secret else f"{name}={value!r} is wrong ({exc})")
    if not (given.get("mongodb_uri") or given.get("mongodb_uri_secret_arn")):
        faults.insert(0, "MONGODB_URI is not set (nor MONGODB_URI_SECRET_ARN)")
    if faults:
        raise ConfigError("; ".join(faults) + ".")
    return Settings(**given)  # type: ignore[arg-type]  # each value was converted to its field's type above


RUN_FILE_SETTINGS = {
    "mongodb_uri": "MONGODB_URI",
    "aws_endpoint_url": "AWS_ENDPOINT_URL",
    "music_bucket": "MUSIC_BUCKET",
    "index_bucket": "INDEX_BUCKET",
    "kafka_bootstrap_servers": "KAFKA_BOOTSTRAP_SERVERS",
    "plays_consumer_group": "PLAYS_CONSUMER_GROUP",
    "build_queue_url": "BUILD_QUEUE_URL",
    "uploads_queue_url": "UPLOADS_QUEUE_URL",
    "mongodb_database": "MONGODB_DATABASE",  # from here on only where somebody chose it
    "plays_topic": "PLAYS_TOPIC",
    "feature_space": "FEATURE_SPACE",
    "taste": "TASTE",
    "arms": "ARMS",
    "experiment": "EXPERIMENT",
}


def adopt_running_machine(run_file: Path) -> bool:
    """Where MONGODB_URI is not set and `make run` is up, its run file becomes the environment. True when it did."""
    if os.environ.get("MONGODB_URI") or not run_file.is_file():
        return False
    try:
        running = msgspec.json.decode(run_file.read_bytes(), type=dict[str, object])
    except msgspec.DecodeError as exc:
        raise ConfigError(f"{run_file} cannot be read: {exc}.") from exc
    for name, variable in RUN_FILE_SETTINGS.items():
        if running.get(name):
            os.environ.setdefault(variable, str(running[name]))
    for variable, value in (("AWS_ACCESS_KEY_ID", "local"), ("AWS_SECRET_ACCESS_KEY", "local"), ("AWS_DEFAULT_REGION", "us-east-1")):
        os.environ.setdefault(variable, value)
    return True
