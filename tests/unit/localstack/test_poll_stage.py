"""Finding out what is to be polled for a stage: moto's CloudFormation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from localstack.poll_stage import main, read_mapping, wait_for_mapping

TEMPLATE = {
    "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}},
    "Outputs": {"PlaysMapping": {"Value": '{"function_name": "timbre-trial-recommend"}'}},
}


@pytest.fixture
def cloudformation(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    keys = {"region_name": "eu-central-1", "aws_access_key_id": "test", "aws_secret_access_key": "test"}
    with mock_aws():
        client = boto3.client("cloudformation", **keys)
        yield client
        client.close()


def test_a_stage_that_is_not_deployed_yet_is_waited_for(cloudformation: Any) -> None:
    assert read_mapping(cloudformation, "timbre-trial") is None


def test_an_emulator_that_is_not_up_yet_is_waited_for() -> None:
    keys = {"region_name": "eu-central-1", "aws_access_key_id": "test", "aws_secret_access_key": "test"}
    nobody = boto3.client("cloudformation", endpoint_url="http://127.0.0.1:9", **keys)
    assert read_mapping(nobody, "timbre-trial") is None
    nobody.close()


def test_a_deployed_stage_tells_what_is_to_be_polled(cloudformation: Any) -> None:
    cloudformation.create_stack(StackName="timbre-trial", TemplateBody=json.dumps(TEMPLATE))
    assert json.loads(wait_for_mapping(cloudformation, "timbre-trial")) == {"function_name": "timbre-trial-recommend"}


def test_without_an_emulator_there_is_nothing_to_do(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    assert main(["--stage", "trial"]) == 1
    assert "on AWS Lambda polls Kafka itself" in capsys.readouterr().err
