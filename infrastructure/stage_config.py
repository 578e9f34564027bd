"""Writes a stage into `.chalice/config.json`: what the API is told, which role and layers it has, all from the stack's outputs. After it
plain `chalice deploy --stage …` works by itself. Secrets stand there by their ARN, never in clear, but for an emulator's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

CONFIG = Path(".chalice") / "config.json"
NOT_YET = "arn:aws:iam::000000000000:role/run-make-deploy-first"  # before `make deploy`, and after `make destroy`

VARIABLE_OF_OUTPUT = {
    "MusicBucket": "MUSIC_BUCKET",
    "IndexBucket": "INDEX_BUCKET",
    "BuildsQueueUrl": "BUILD_QUEUE_URL",
    "UploadsQueueUrl": "UPLOADS_QUEUE_URL",
}
VARIABLE_OF_PARAMETER = {
    "MongodbUri": "MONGODB_URI",
    "MongodbUriSecretArn": "MONGODB_URI_SECRET_ARN",
    "MongodbDatabase": "MONGODB_DATABASE",
    "KafkaBootstrapServers": "KAFKA_BOOTSTRAP_SERVERS",
    "KafkaSecurityProtocol": "KAFKA_SECURITY_PROTOCOL",
    "KafkaSaslMechanism": "KAFKA_SASL_MECHANISM",
    "KafkaSaslUsername": "KAFKA_SASL_USERNAME",
    "KafkaSaslPassword": "KAFKA_SASL_PASSWORD",
    "KafkaSecretArn": "KAFKA_SECRET_ARN",
    "PlaysTopic": "PLAYS_TOPIC",
    "FeatureSpace": "FEATURE_SPACE",
    "Taste": "TASTE",
    "Arms": "ARMS",
    "Experiment": "EXPERIMENT",
    "IndexBuildDelayS": "INDEX_BUILD_DELAY_S",
    "AwsEndpointUrl": "AWS_ENDPOINT_URL",
}
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}  # products of a page are small: a second thread waits by turning round, for half the CPU
Config = dict[str, Any]  # Chalice's, whose values are of any kind


def describe_stage(stage: str, outputs: Mapping[str, str], parameters: Mapping[str, str]) -> Config:
    variables = {"TIMBRE_STAGE": stage, **ONE_THREAD}
    variables |= {variable: outputs[output] for output, variable in VARIABLE_OF_OUTPUT.items()}
    variables |= {variable: parameters[name] for name, variable in VARIABLE_OF_PARAMETER.items() if parameters.get(name)}
    if parameters.get("AwsEndpointUrl", "").startswith("http://"):
        variables["SECURE_COOKIES"] = "false"
    described: Config = {
        "manage_iam_role": False,
        "iam_role_arn": outputs["ApiRoleArn"],
        "layers": [outputs["SearchLayerArn"]],
        "environment_variables": dict(sorted(variables.items())),
    }
    if parameters.get("SubnetIds"):
        described["subnet_ids"] = parameters["SubnetIds"].split(",")
        described["security_group_ids"] = parameters.get("SecurityGroupIds", "").split(",")
    return described


def describe_absent_stage() -> Config:
    """Says what to do instead of deploying an API without a stack: no role is of that name."""
    return {"manage_iam_role": False, "iam_role_arn": NOT_YET}


def write_stage(project: Path, stage: str, described: Mapping[str, Any]) -> bool:
    """True when the file changed. Other stages and what stands above them are left as they are."""
    path = project / CONFIG
    config: Config = json.loads(path.read_text("utf-8"))
    stages = {**config.get("stages", {}), stage: dict(described)}
    text = json.dumps(config | {"stages": stages}, indent=2) + "\n"
    if text == path.read_text("utf-8"):
        return False
    draft = path.with_suffix(".part")
    draft.write_text(text, "utf-8")
    draft.replace(path)
    return True
