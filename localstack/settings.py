"""The settings that the parts on one machine get: the names of `chalicelib.config` for our own processes, the template's parameters for
the stack. A person's own AWS account is out of reach of all of them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from localstack.surroundings import Addresses

STAGE = "local"
KEYS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_DEFAULT_REGION": "us-east-1"}
BUILD_DELAY_S = "3"
PLAY_RESEND_AFTER_S = "15"  # the broker in memory forgets what it held when it dies; the relay looks every minute
NO_PROXY = "127.0.0.1,localhost"
CHOICES = ("MONGODB_DATABASE", "PLAYS_TOPIC", "FEATURE_SPACE", "TASTE", "ARMS", "EXPERIMENT")  # no secret: the run file names them
PASSED_ON = {  # what a person may set for `make run`: variable → the template's parameter
    "MONGODB_DATABASE": "MongodbDatabase",
    "PLAYS_TOPIC": "PlaysTopic",
    "TASTE": "Taste",
    "ARMS": "Arms",
    "EXPERIMENT": "Experiment",
    "INDEX_BUILDS_KEPT": "IndexBuildsKept",
    "KAFKA_SECURITY_PROTOCOL": "KafkaSecurityProtocol",
    "KAFKA_SASL_MECHANISM": "KafkaSaslMechanism",
    "KAFKA_SASL_USERNAME": "KafkaSaslUsername",
    "KAFKA_SASL_PASSWORD": "KafkaSaslPassword",
}


def isolate_from_aws(environ: Mapping[str, str], *, endpoint_url: str) -> dict[str, str]:
    """The environment with the emulator's address and made-up keys, and without anything that could lead to a real account."""
    kept = {name: value for name, value in environ.items() if not name.startswith("AWS_")}
    own = [environ[name] for name in ("NO_PROXY", "no_proxy") if environ.get(name)]
    proxy_free = ",".join([*own[:1], NO_PROXY])
    return kept | {
        "AWS_ENDPOINT_URL": endpoint_url,
        **KEYS,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": proxy_free,
        "no_proxy": proxy_free,
        "PYTHONUNBUFFERED": "1",
    }


def name_choices(environ: Mapping[str, str]) -> dict[str, str]:
    """What was chosen for this machine, for the run file: a `timbre` command from another terminal answers as the functions do."""
    return {name.lower(): environ[name] for name in CHOICES if environ.get(name)}


def make_parameters(environ: Mapping[str, str], addresses: Addresses) -> dict[str, str]:
    """The template's parameters; `addresses` as functions see them. Time-outs are shorter than on AWS, so that a failed upload says so
    sooner."""
    given = {parameter: environ[name] for name, parameter in PASSED_ON.items() if environ.get(name)}
    return given | {
        "MongodbUri": addresses.mongodb_uri,
        "KafkaBootstrapServers": addresses.kafka,
        "AwsEndpointUrl": addresses.endpoint_url,
        "EnableKafkaMapping": "false",
        "MusicBucketName": f"timbre-{STAGE}-music",
        "IndexBucketName": f"timbre-{STAGE}-index",
        "ArtefactsBucket": f"timbre-{STAGE}-artefacts",
        "IndexBuildDelayS": BUILD_DELAY_S,
        "PlayResendAfterS": PLAY_RESEND_AFTER_S,
        "FeatureSpace": environ.get("FEATURE_SPACE") or "timbre",
        "ReanalysedAtOnce": environ.get("REANALYSED_AT_ONCE") or "1",  # the other core is for uploads
        "UploadsMaximumConcurrency": str(max(2, os.cpu_count() or 2)),
    }


def make_application_settings(outputs: Mapping[str, str], *, mongodb_uri: str, kafka: str) -> dict[str, str]:
    return {
        "TIMBRE_STAGE": STAGE,
        "MONGODB_URI": mongodb_uri,
        "KAFKA_BOOTSTRAP_SERVERS": kafka,
        "MUSIC_BUCKET": outputs["MusicBucket"],
        "INDEX_BUCKET": outputs["IndexBucket"],
        "BUILD_QUEUE_URL": outputs["BuildsQueueUrl"],
        "UPLOADS_QUEUE_URL": outputs["UploadsQueueUrl"],
        "INDEX_BUILD_DELAY_S": BUILD_DELAY_S,
        "INDEX_REFRESH_S": "1",
        "SECURE_COOKIES": "false",
    }
