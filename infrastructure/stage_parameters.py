"""The template's parameters of a stage, from the environment of who deploys. What is not given stays as the stack has it, so that a
second deployment from a shell that knows less takes nothing away.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infrastructure.errors import DeployError
from infrastructure.target import Destination
from infrastructure.template_body import read_template

PARAMETER_OF = {
    "MONGODB_URI": "MongodbUri",
    "MONGODB_URI_SECRET_ARN": "MongodbUriSecretArn",
    "MONGODB_DATABASE": "MongodbDatabase",
    "KAFKA_BOOTSTRAP_SERVERS": "KafkaBootstrapServers",
    "KAFKA_SECURITY_PROTOCOL": "KafkaSecurityProtocol",
    "KAFKA_SASL_MECHANISM": "KafkaSaslMechanism",
    "KAFKA_SASL_USERNAME": "KafkaSaslUsername",
    "KAFKA_SASL_PASSWORD": "KafkaSaslPassword",
    "KAFKA_SECRET_ARN": "KafkaSecretArn",
    "MSK_CLUSTER_ARN": "MskClusterArn",
    "SECRETS_KMS_KEY_ARN": "SecretsKmsKeyArn",
    "SUBNET_IDS": "SubnetIds",
    "SECURITY_GROUP_IDS": "SecurityGroupIds",
    "MUSIC_BUCKET": "MusicBucketName",
    "INDEX_BUCKET": "IndexBucketName",
    "ARTEFACTS_BUCKET": "ArtefactsBucket",
    "PLAYS_TOPIC": "PlaysTopic",
    "FEATURE_SPACE": "FeatureSpace",
    "TASTE": "Taste",
    "ARMS": "Arms",
    "EXPERIMENT": "Experiment",
    "INDEX_BUILD_DELAY_S": "IndexBuildDelayS",
    "INDEX_BUILDS_KEPT": "IndexBuildsKept",
    "PLAY_RESEND_AFTER_S": "PlayResendAfterS",
    "REANALYSED_AT_ONCE": "ReanalysedAtOnce",
    "LOG_RETENTION_DAYS": "LogRetentionDays",
    "RESERVE_CONCURRENCY": "ReserveConcurrency",
    "ALARM_TOPIC_ARN": "AlarmTopicArn",
}
SECRET_ON_AWS = {"MONGODB_URI": "MONGODB_URI_SECRET_ARN", "KAFKA_SASL_PASSWORD": "KAFKA_SECRET_ARN"}
HIDDEN = "****"  # what CloudFormation says of a NoEcho parameter


def choose_parameters(environ: Mapping[str, str], destination: Destination, *, previous: Mapping[str, str]) -> dict[str, str]:
    """DeployError, in one sentence, for what is missing and for a secret in clear on AWS."""
    kept = {name: value for name, value in previous.items() if name in PARAMETER_OF.values() and value != HIDDEN}
    given = read_defaults() | kept | {parameter: environ[name] for name, parameter in PARAMETER_OF.items() if environ.get(name)}
    if destination.place == "aws":
        for name, instead in SECRET_ON_AWS.items():
            if environ.get(name):
                raise DeployError(f"{name} would stand in clear in the functions' settings: put it into Secrets Manager and set {instead}.")
        if not given.get("MongodbUriSecretArn"):
            raise DeployError("MONGODB_URI_SECRET_ARN is not set: the secret of Secrets Manager that holds the URI of your MongoDB.")
    elif not (given.get("MongodbUri") or given.get("MongodbUriSecretArn")):
        raise DeployError("MONGODB_URI is not set: the address of the MongoDB that the functions are to use.")
    has_consumer = destination.place == "aws" and (given.get("KafkaBootstrapServers") or given.get("MskClusterArn"))
    return given | {"AwsEndpointUrl": destination.endpoint_url, "EnableKafkaMapping": "true" if has_consumer else "false"}


def read_defaults() -> dict[str, str]:
    """Said from the first deployment on, so that the second, which finds them in the stack, says the same."""
    parameters = read_template()["Parameters"]
    return {name: str(parameters[name]["Default"]) for name in PARAMETER_OF.values() if "Default" in parameters[name]}


def read_previous(cloudformation: Any, stack: str) -> dict[str, str]:  # boto3's clients have no static type without stubs
    try:
        found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    except cloudformation.exceptions.ClientError as exc:
        if "does not exist" in str(exc):
            return {}
        raise
    return {each["ParameterKey"]: each.get("ParameterValue", "") for each in found.get("Parameters", [])}
