"""`make destroy STAGE=…`: undoes `make deploy`. The index and the packages go too, since both can be made again; the bucket with the music
only with MUSIC_TOO=yes.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from infrastructure.api_release import ApiStage, read_release, restore_record
from infrastructure.chalice_command import run_chalice
from infrastructure.change_sets import delete_stack, read_status
from infrastructure.deploy import make_client, name_stack
from infrastructure.errors import DeployError, PackageError
from infrastructure.import_buckets import bucket_exists
from infrastructure.stage_config import describe_absent_stage, write_stage
from infrastructure.stage_parameters import read_previous
from infrastructure.target import ROOT, Place, find_destination
from infrastructure.upload import choose_names

Clients = Callable[[str], Any]
DELETED_AT_ONCE = 1000  # what one request takes


def destroy_stage(stage: str, *, place: Place, project: Path, clients: Clients, music_too: bool, report: Callable[[str], None]) -> None:
    """Safe to repeat after a failure half-way: each step looks whether there is something to do."""
    cloudformation, s3 = clients("cloudformation"), clients("s3")
    names = choose_names(stage, read_previous(cloudformation, name_stack(stage)), sts=clients("sts"))
    if place == "localstack" and not music_too and holds_something(s3, names["MusicBucketName"]):
        raise DeployError(
            "LocalStack takes a bucket that its stack is to keep along with it, music and all: MUSIC_TOO=yes says that it may."
        )
    api = ApiStage(stage, project, Path(sys.executable), names["ArtefactsBucket"], clients)
    restore_record(api, read_release(api))
    if api.deployed_file.is_file():
        run_chalice("delete", stage, project, api.python, report)
        api.deployed_file.unlink(missing_ok=True)
    if read_status(cloudformation, name_stack(stage)) is not None:
        report(f"deleting stack {name_stack(stage)}")
        delete_stack(cloudformation, name_stack(stage))
    for parameter in ("IndexBucketName", "ArtefactsBucket", *(["MusicBucketName"] if music_too else [])):
        remove_bucket(s3, names[parameter], report)
    if not music_too and bucket_exists(s3, names["MusicBucketName"]):
        report(f"the music stays in bucket {names['MusicBucketName']}; MUSIC_TOO=yes removes it as well")
    write_stage(project, stage, describe_absent_stage())


def holds_something(s3: Any, bucket: str) -> bool:
    return bucket_exists(s3, bucket) and bool(s3.list_objects_v2(Bucket=bucket, MaxKeys=1).get("Contents"))


def remove_bucket(s3: Any, bucket: str, report: Callable[[str], None]) -> None:  # boto3's clients have no static type without stubs
    if not bucket_exists(s3, bucket):
        return
    report(f"emptying and removing bucket {bucket}")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        keys = [{"Key": item["Key"]} for item in page.get("Contents", [])]
        if keys:
            faults = s3.delete_objects(Bucket=bucket, Delete={"Objects": keys[:DELETED_AT_ONCE], "Quiet": True}).get("Errors", [])
            if faults:
                raise DeployError(f"bucket {bucket} cannot be emptied: {faults[0].get('Message')}")
    for upload in s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []):
        s3.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
    s3.delete_bucket(Bucket=bucket)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stage", required=True)
    parser.add_argument("--project", type=Path, default=ROOT, help="where app.py and .chalice/ are")
    given = parser.parse_args()
    music_too = os.environ.get("MUSIC_TOO", "").lower() == "yes"
    try:
        place = find_destination(os.environ).place
        destroy_stage(given.stage, place=place, project=given.project, clients=cache(make_client), music_too=music_too, report=_say)
    except (DeployError, PackageError) as exc:
        print(exc, file=sys.stderr)
        return 1
    return 0


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
