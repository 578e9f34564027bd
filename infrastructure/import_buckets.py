"""Takes buckets that outlived their stack back into it: a change set of type IMPORT with the buckets alone. All else about them (CORS,
notification, …) comes with the update to the full template that follows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from infrastructure.change_sets import Report, apply_change_set
from infrastructure.errors import DeployError

NAME_PARAMETER = {"MusicBucket": "MusicBucketName", "IndexBucket": "IndexBucketName"}  # logical id in the template → its parameter


def list_kept_buckets(s3: Any, parameters: Mapping[str, str]) -> dict[str, str]:  # boto3's clients have no static type without stubs
    """Logical id → name of those of the template's buckets that exist and are ours."""
    names = {logical: parameters[parameter] for logical, parameter in NAME_PARAMETER.items()}
    return {logical: name for logical, name in names.items() if bucket_exists(s3, name)}


def bucket_exists(s3: Any, name: str) -> bool:
    try:
        s3.head_bucket(Bucket=name)
    except s3.exceptions.ClientError as exc:
        status = exc.response["ResponseMetadata"]["HTTPStatusCode"]
        if status == 404:
            return False
        if status == 403:
            raise DeployError(f"the bucket name {name} is taken by another account, or not yours to use.") from exc
        raise
    return True


def import_buckets(cloudformation: Any, *, stack: str, buckets: Mapping[str, str], report: Report) -> None:
    imports = [
        {"ResourceType": "AWS::S3::Bucket", "LogicalResourceId": logical, "ResourceIdentifier": {"BucketName": name}}
        for logical, name in buckets.items()
    ]
    template = {"TemplateBody": json.dumps(describe_buckets(buckets))}
    apply_change_set(cloudformation, stack=stack, change="IMPORT", template=template, parameters={}, imports=imports, report=report)


def describe_buckets(buckets: Mapping[str, str]) -> dict[str, Any]:
    """The least template that an import accepts: names, and that they are kept."""
    resources = {
        logical: {
            "Type": "AWS::S3::Bucket",
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            "Properties": {"BucketName": name},
        }
        for logical, name in buckets.items()
    }
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}
