"""Puts packages and the template where CloudFormation fetches them: a bucket outside the stack, keys that are content hashes, nothing sent
twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from infrastructure.build_cache import hash_inputs
from infrastructure.change_sets import Report
from infrastructure.errors import PackageError
from infrastructure.import_buckets import bucket_exists
from infrastructure.package import Packages

PREFIX = "packages/"
KEPT_DAYS = 30  # so long can one go back by deploying an old commit without building it again
DEFAULT_REGION = "us-east-1"  # the only one that must not be named when a bucket is created


def choose_names(stage: str, parameters: Mapping[str, str], *, sts: Any) -> dict[str, str]:  # boto3's clients have no static type
    """The parameters with bucket names where none were given: bucket names are global, so the account and region are in them."""
    given = dict(parameters)
    missing = {"MusicBucketName": "music", "IndexBucketName": "index", "ArtefactsBucket": "artefacts"}.items()
    if any(not given.get(parameter) for parameter, _ in missing):
        suffix = f"{sts.get_caller_identity()['Account']}-{sts.meta.region_name}"
        for parameter, purpose in missing:
            given[parameter] = given.get(parameter) or f"timbre-{stage}-{purpose}-{suffix}"
    return given


def upload_packages(packages: Packages, *, bucket: str, s3: Any, report: Report) -> dict[str, str]:
    """Parameter of the template → key, for every layer and function. A key that is there is whole, and its name says what it holds, so its
    file is not asked for. PackageError where a package is neither here nor there any more: build it again."""
    provide_bucket(s3, bucket)
    parameters = name_keys(functions=packages.functions, layers=packages.layers)
    paths = {parameters[name]: archive.path for name, archive in (*packages.functions.items(), *packages.layers.items())}
    present = _list_sizes(s3, bucket)
    for path in paths.values():
        size = _measure(path)
        there = present.get(f"{PREFIX}{path.name}")
        if there is None and size is None:
            raise PackageError(f"{path.name} is gone from {path.parent} and was not uploaded yet")
        if size is not None and there != size:
            report(f"uploading {path.name} ({size / 1e6:.1f} MB)")
            _send(s3, bucket, path)
    return {parameter: f"{PREFIX}{path.name}" for parameter, path in paths.items()}


def upload_template(body: str, *, bucket: str, s3: Any) -> str:
    """The address for CloudFormation, which reads it with the rights of who deploys: among the packages, which it reads in the same way.
    Goes with them when it is old: CloudFormation keeps a copy of its own. The bucket must be there."""
    key = f"{PREFIX}template-{hash_inputs([body.encode()])[:32]}.json"
    if _list_sizes(s3, bucket, prefix=key).get(key) != len(body.encode()):
        s3.put_object(Bucket=bucket, Key=key, Body=body.encode(), ContentType="application/json")
    return f"{s3.meta.endpoint_url}/{bucket}/{key}"


def prune_packages(packages: Packages, *, bucket: str, s3: Any, report: Report, now: datetime | None = None) -> None:
    """Removes packages that are not in force and older than a month. Not by a lifecycle rule: that would take those in force too, which
    CloudFormation needs when it rolls back."""
    oldest = (now or datetime.now(UTC)) - timedelta(days=KEPT_DAYS)
    in_force = {f"{PREFIX}{archive.path.name}" for archive in (*packages.functions.values(), *packages.layers.values())}
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=PREFIX)
    found = [item for page in pages for item in page.get("Contents", [])]
    for key in [item["Key"] for item in found if item["Key"] not in in_force and item["LastModified"] < oldest]:
        report(f"removing the old package {key}")
        s3.delete_object(Bucket=bucket, Key=key)


def name_keys(*, functions: Iterable[str], layers: Iterable[str]) -> dict[str, str]:
    """Function or layer → the template's parameter for the key of its package."""
    names = {name: f"{name.title().replace('_', '')}Key" for name in functions}
    return names | {name: f"{name.capitalize()}LayerKey" for name in layers}


def _measure(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def _send(s3: Any, bucket: str, path: Path) -> None:
    with path.open("rb") as body:
        s3.put_object(Bucket=bucket, Key=f"{PREFIX}{path.name}", Body=body)


def _list_sizes(s3: Any, bucket: str, *, prefix: str = PREFIX) -> dict[str, int]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return {item["Key"]: item["Size"] for page in pages for item in page.get("Contents", [])}


def provide_bucket(s3: Any, bucket: str) -> None:
    if bucket_exists(s3, bucket):
        return
    region = s3.meta.region_name
    place = {} if region == DEFAULT_REGION else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=bucket, **place)  # S3 encrypts every new bucket by itself (AES-256)
    s3.put_public_access_block(
        Bucket=bucket,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": True,
            "RestrictPublicBuckets": True,
        },
    )
    s3.put_bucket_lifecycle_configuration(
        Bucket=bucket,
        LifecycleConfiguration={
            "Rules": [
                {
                    "ID": "abandoned-multipart-uploads",
                    "Status": "Enabled",
                    "Filter": {"Prefix": ""},
                    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2},
                }
            ]
        },
    )
    if s3.meta.endpoint_url.startswith("https://"):
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(refuse_plain_http(bucket)))


def refuse_plain_http(bucket: str) -> dict[str, Any]:
    statement = {
        "Sid": "RefusePlainHttp",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}
