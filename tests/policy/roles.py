"""What the template's roles allow, in plain ARNs of an imagined account; and what a call of an SDK needs to be allowed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlsplit

from infrastructure.template_body import read_template

ACCOUNT, REGION = "123456789012", "us-east-1"
PARAMETERS = {
    "Stage": "test",
    "MusicBucketName": "policy-music",
    "IndexBucketName": "policy-index",
    "PlaysTopic": "plays",
    "MongodbUriSecretArn": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:mongodb-AbCdEf",
    "KafkaSecretArn": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:kafka-AbCdEf",
    "SecretsKmsKeyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555",
    "MskClusterArn": f"arn:aws:kafka:{REGION}:{ACCOUNT}:cluster/music/11111111-2222-3333-4444-555555555555-1",
    "AWS::Partition": "aws",
    "AWS::AccountId": ACCOUNT,
    "AWS::Region": REGION,
}


@dataclass(frozen=True, slots=True, order=True)
class Need:
    action: str
    resource: str


@dataclass(frozen=True, slots=True)
class Statement:
    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]

    def allows(self, need: Need) -> bool:
        return need.action in self.actions and any(fnmatchcase(need.resource, pattern) for pattern in self.resources)


class Roles:
    """With every condition met: secrets, a key, MSK, a VPC. What depends on none of them is allowed all the more."""

    def __init__(self) -> None:
        self._template = read_template()

    def statements(self, role: str) -> list[Statement]:
        (policy,) = self._template["Resources"][role]["Properties"]["Policies"]
        found = [self._resolve(statement) for statement in policy["PolicyDocument"]["Statement"]]
        assert {statement["Effect"] for statement in found} == {"Allow"}
        return [Statement(each["Sid"], tuple(each["Action"]), tuple(_listed(each["Resource"]))) for each in found]

    def names(self) -> list[str]:
        return [name for name, resource in self._template["Resources"].items() if resource["Type"] == "AWS::IAM::Role"]

    def _resolve(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self._resolve(each) for each in node]
        if not isinstance(node, dict):
            return node
        if len(node) == 1 and (name := next(iter(node))).startswith(("Fn::", "Ref")):
            return self._call(name, node[name])
        return {key: self._resolve(value) for key, value in node.items()}

    def _call(self, name: str, given: Any) -> Any:
        if name == "Ref":
            return PARAMETERS[given]
        if name == "Fn::GetAtt":
            return self._name_arn(given[0])
        if name == "Fn::Sub":
            return re.sub(r"\$\{([^}]+)\}", lambda found: PARAMETERS[found.group(1)], given)
        if name == "Fn::If":
            return self._resolve(given[1])
        if name == "Fn::Split":
            return self._resolve(given[1]).split(given[0])
        assert name == "Fn::Join", name
        return str(given[0]).join(self._resolve(given[1]))

    def _name_arn(self, logical: str) -> str:
        resource = self._template["Resources"][logical]
        properties = resource["Properties"]
        if resource["Type"] == "AWS::SQS::Queue":
            return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{self._resolve(properties['QueueName'])}"
        assert resource["Type"] == "AWS::Logs::LogGroup", resource["Type"]
        return f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{self._resolve(properties['LogGroupName'])}:*"


S3_OBJECT_ACTIONS = {
    "GetObject": "s3:GetObject",
    "HeadObject": "s3:GetObject",
    "PutObject": "s3:PutObject",
    "CreateMultipartUpload": "s3:PutObject",
    "UploadPart": "s3:PutObject",
    "CompleteMultipartUpload": "s3:PutObject",
    "AbortMultipartUpload": "s3:AbortMultipartUpload",
    "ListParts": "s3:ListMultipartUploadParts",
    "DeleteObject": "s3:DeleteObject",
}
S3_BUCKET_ACTIONS = {"ListObjectsV2": "s3:ListBucket", "HeadBucket": "s3:ListBucket"}


def name_needs(service: str, operation: str, parameters: Mapping[str, Any]) -> Iterator[Need]:
    """As AWS's service authorization reference has it. An operation that it does not know here fails the test, not the role."""
    if service == "s3":
        bucket = f"arn:aws:s3:::{parameters['Bucket']}"
        if operation in S3_BUCKET_ACTIONS:
            yield Need(S3_BUCKET_ACTIONS[operation], bucket)
        elif operation == "CreateBucket":  # botocore's name for signing a form, whose key is not among its parameters
            yield Need("s3:PutObject", f"{bucket}/uploads/some-id/a form.mp3")
            yield Need("s3:PutObject", f"{bucket}/queries/some-id/a form.wav")
        else:
            yield Need(S3_OBJECT_ACTIONS[operation], f"{bucket}/{parameters['Key']}")
    elif service == "sqs":
        yield Need(f"sqs:{operation}", f"arn:aws:sqs:{REGION}:{ACCOUNT}:{urlsplit(parameters['QueueUrl']).path.rpartition('/')[2]}")
    else:
        assert (service, operation) == ("secretsmanager", "GetSecretValue"), f"{service} {operation} has no IAM action here"
        yield Need("secretsmanager:GetSecretValue", parameters["SecretId"])


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
