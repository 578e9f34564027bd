"""Looks whether what a stack lists is really there. CloudFormation does not look itself, and an emulator that was killed while it saved
its state can remember a stack and have lost what was in it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

CHECKED = {
    "AWS::Lambda::Function": ("lambda", "get_function_configuration", "FunctionName"),
    "AWS::Lambda::LayerVersion": ("lambda", "get_layer_version_by_arn", "Arn"),
    "AWS::Lambda::EventSourceMapping": ("lambda", "get_event_source_mapping", "UUID"),
    "AWS::SQS::Queue": ("sqs", "get_queue_attributes", "QueueUrl"),
    "AWS::S3::Bucket": ("s3", "head_bucket", "Bucket"),
}
MISSING_CODES = (
    "404",
    "ResourceNotFoundException",
    "AWS.SimpleQueueService.NonExistentQueue",
    "QueueDoesNotExist",
    "NoSuchBucket",
    "NotFound",
)


def find_missing_resources(stack: str, *, clients: Callable[[str], Any]) -> list[str]:
    """Logical ids of what the stack lists and its service does not know; also a music bucket that announces nothing."""
    cloudformation = clients("cloudformation")
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    found = [resource for page in pages for resource in page["StackResourceSummaries"]]
    missing = [resource["LogicalResourceId"] for resource in found if not _is_there(resource, clients)]
    music = next((resource["PhysicalResourceId"] for resource in found if resource["LogicalResourceId"] == "MusicBucket"), None)
    if music is not None and "MusicBucket" not in missing and not _announces_uploads(clients("s3"), music):
        missing.append("the notification of MusicBucket")
    return missing


def _is_there(resource: dict[str, Any], clients: Callable[[str], Any]) -> bool:
    if resource["ResourceType"] not in CHECKED:
        return True
    service, operation, argument = CHECKED[resource["ResourceType"]]
    client = clients(service)
    try:
        getattr(client, operation)(**{argument: resource["PhysicalResourceId"]})
    except client.exceptions.ClientError as exc:
        if exc.response["Error"]["Code"] in MISSING_CODES:
            return False
        raise
    return True


def _announces_uploads(s3: Any, bucket: str) -> bool:
    return bool(s3.get_bucket_notification_configuration(Bucket=bucket).get("QueueConfigurations"))
