"""Polls Kafka for a stage that `make deploy` put on an emulator, which does not do it by itself: `localstack.poller`, with what the
stack's output `PlaysMapping` says. May be started before the first deployment: it waits for the stack.

    AWS_ENDPOINT_URL=http://127.0.0.1:4566 python -m localstack.poll_stage --stage dev
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError

from infrastructure.deploy import make_client, name_stack, read_outputs
from localstack import poller

POLL_S = 1.0


def wait_for_mapping(cloudformation: Any, stack: str) -> str:  # boto3's clients have no static type without stubs
    """However long it takes: whoever started it ends it."""
    while True:
        mapping = read_mapping(cloudformation, stack)
        if mapping is not None:
            return mapping
        time.sleep(POLL_S)


def read_mapping(cloudformation: Any, stack: str) -> str | None:
    """None while there is no such stack, or it is still being made."""
    try:
        return read_outputs(cloudformation, stack).get("PlaysMapping")
    except EndpointConnectionError:
        return None
    except ClientError as exc:
        if "does not exist" in str(exc):
            return None
        raise


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stage", required=True)
    given = parser.parse_args(arguments)
    if not os.environ.get("AWS_ENDPOINT_URL"):
        print("AWS_ENDPOINT_URL is not set: on AWS Lambda polls Kafka itself.", file=sys.stderr)
        return 1
    os.environ["MAPPING"] = wait_for_mapping(make_client("cloudformation"), name_stack(given.stage))
    return poller.main()


if __name__ == "__main__":
    sys.exit(main())
