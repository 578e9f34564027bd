"""What must hold in template.yaml whatever else changes in it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chalicelib.config import Settings
from infrastructure.import_buckets import NAME_PARAMETER
from infrastructure.layers import LAYER_NAMES
from infrastructure.package import LAYERS_OF_FUNCTION
from infrastructure.stage_config import ONE_THREAD
from infrastructure.template_body import make_body, read_template
from infrastructure.upload import name_keys

ROOT = Path(__file__).resolve().parents[3]
OBJECT_LIMIT = 1_000_000  # what CloudFormation reads of an object


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return read_template()


def select(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """Logical id → properties."""
    return {name: resource.get("Properties", {}) for name, resource in template["Resources"].items() if resource["Type"] == kind}


def default_of(template: dict[str, Any], value: Any) -> Any:
    """A literal, or the default of the parameter that is referred to."""
    return template["Parameters"][value["Ref"]]["Default"] if isinstance(value, dict) else value


def test_every_queue_gives_up_into_a_dead_letter_queue(template: dict[str, Any]) -> None:
    queues = select(template, "AWS::SQS::Queue")
    working = {name: queue for name, queue in queues.items() if not name.endswith("DeadLetterQueue")}
    assert set(working) == {"UploadsQueue", "BuildsQueue"}
    for name, queue in working.items():
        assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": [f"{name.removesuffix('Queue')}DeadLetterQueue", "Arn"]}
        assert default_of(template, queue["RedrivePolicy"]["maxReceiveCount"]) >= 3


def test_no_queue_hands_a_message_out_again_while_its_function_may_still_run(template: dict[str, Any]) -> None:
    queues, functions = select(template, "AWS::SQS::Queue"), select(template, "AWS::Lambda::Function")
    mappings = [
        mapping
        for mapping in select(template, "AWS::Lambda::EventSourceMapping").values()
        if "Fn::GetAtt" in mapping.get("EventSourceArn", {})
    ]
    assert len(mappings) == 5
    for mapping in mappings:
        queue = queues[mapping["EventSourceArn"]["Fn::GetAtt"][0]]
        function = functions[mapping["FunctionName"]["Ref"]]
        assert default_of(template, queue["VisibilityTimeout"]) >= default_of(template, function["Timeout"])


def test_every_mapping_reports_single_failures(template: dict[str, Any]) -> None:
    for mapping in select(template, "AWS::Lambda::EventSourceMapping").values():
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_every_dead_letter_queue_is_read(template: dict[str, Any]) -> None:
    mappings = select(template, "AWS::Lambda::EventSourceMapping").values()
    read = {json.dumps(mapping["EventSourceArn"]) for mapping in mappings if mapping["FunctionName"] == {"Ref": "RecordDeadLetterFunction"}}
    dead = {name for name in select(template, "AWS::SQS::Queue") if name.endswith("DeadLetterQueue")}
    assert read == {json.dumps({"Fn::GetAtt": [name, "Arn"]}) for name in dead}


def test_functions_are_the_folders_below_functions(template: dict[str, Any]) -> None:
    folders = {path.parent.name for path in (ROOT / "functions").glob("*/handler.py")}
    named = {function["FunctionName"]["Fn::Sub"] for function in select(template, "AWS::Lambda::Function").values()}
    assert folders == set(LAYERS_OF_FUNCTION)
    assert named == {f"timbre-${{Stage}}-{folder.replace('_', '-')}" for folder in folders}


def test_each_handler_has_the_function_that_the_template_calls(template: dict[str, Any]) -> None:
    assert {function["Handler"] for function in select(template, "AWS::Lambda::Function").values()} == {"handler.handle"}
    for path in (ROOT / "functions").glob("*/handler.py"):
        assert re.search(r"^def handle\(", path.read_text(), re.MULTILINE), path


def test_each_function_has_the_layers_it_is_packaged_for(template: dict[str, Any]) -> None:
    for name, function in select(template, "AWS::Lambda::Function").items():
        folder = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.removesuffix("Function")).lower()
        condition, named, otherwise = function["Layers"]["Fn::If"]
        assert (condition, otherwise) == ("HasLayers", {"Ref": "AWS::NoValue"})
        assert tuple(layer["Ref"].removesuffix("Layer").lower() for layer in named) == LAYERS_OF_FUNCTION[folder]


def test_layers_and_what_is_told_of_them_are_there_only_where_they_were_packaged(template: dict[str, Any]) -> None:
    """Without keys of layers the same template makes functions that hold what they need."""
    layers = select(template, "AWS::Lambda::LayerVersion")
    assert {template["Resources"][name]["Condition"] for name in layers} == {"HasLayers"}
    assert {name for name, output in template["Outputs"].items() if output.get("Condition") == "HasLayers"} == {
        f"{name}Arn" for name in layers
    }
    assert {template["Parameters"][key]["Default"] for key in name_keys(functions=(), layers=LAYER_NAMES).values()} == {""}


def test_environment_names_are_settings_and_the_required_ones_are_there(template: dict[str, Any]) -> None:
    fields = msgspec.structs.fields(Settings)
    known = {field.name.upper() for field in fields}
    required = {field.name.upper() for field in fields if field.required}
    for function in select(template, "AWS::Lambda::Function").values():
        names = set(function["Environment"]["Variables"])
        assert required | {"MONGODB_URI", "MONGODB_URI_SECRET_ARN"} <= names <= known | set(ONE_THREAD)


def test_lists_are_made_with_one_thread_of_arithmetic(template: dict[str, Any]) -> None:
    variables = template["Resources"]["RecommendFunction"]["Properties"]["Environment"]["Variables"]
    assert {name: variables[name] for name in ONE_THREAD} == ONE_THREAD


def test_buckets_outlive_their_stack_and_are_private_and_encrypted(template: dict[str, Any]) -> None:
    buckets = select(template, "AWS::S3::Bucket")
    assert set(buckets) == set(NAME_PARAMETER)
    for name, bucket in buckets.items():
        resource = template["Resources"][name]
        assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")
        assert bucket["BucketName"] == {"Ref": NAME_PARAMETER[name]}
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        assert bucket["BucketEncryption"]


def test_music_bucket_announces_what_comes_and_goes_below_uploads_and_what_comes_below_queries(template: dict[str, Any]) -> None:
    announced = template["Resources"]["MusicBucket"]["Properties"]["NotificationConfiguration"]["QueueConfigurations"]
    rules = {(item["Event"], *(rule["Name"] + " " + rule["Value"] for rule in item["Filter"]["S3Key"]["Rules"])) for item in announced}
    assert rules == {
        ("s3:ObjectCreated:*", "prefix uploads/"),
        ("s3:ObjectRemoved:*", "prefix uploads/"),
        ("s3:ObjectCreated:*", "prefix queries/"),
    }


def test_no_role_may_do_everything(template: dict[str, Any]) -> None:
    """Every statement names its actions, and resources of this stack."""
    for role in select(template, "AWS::IAM::Role").values():
        for statement in role["Policies"][0]["PolicyDocument"]["Statement"]:
            if "Fn::If" in statement:
                statement = statement["Fn::If"][1]  # noqa: PLW2901  # the statement that the condition guards
            assert "*" not in json.dumps(statement["Action"])
            if statement["Sid"] != "ReachTheBrokers":  # EC2 knows no narrower resource for a function's network interfaces
                assert statement["Resource"] != "*"


def test_every_function_has_logs_that_end(template: dict[str, Any]) -> None:
    groups = {group["LogGroupName"]["Fn::Sub"]: group for group in select(template, "AWS::Logs::LogGroup").values()}
    for function in select(template, "AWS::Lambda::Function").values():
        assert groups[f"/aws/lambda/{function['FunctionName']['Fn::Sub']}"]["RetentionInDays"]


def test_poller_gets_the_values_of_the_event_source_mapping(template: dict[str, Any]) -> None:
    """PlaysMapping is JSON once its parameters are filled in, and each value comes from where the mapping takes it."""
    text = template["Outputs"]["PlaysMapping"]["Value"]["Fn::Sub"]
    filled = json.loads(re.sub(r"\$\{(\w+)\}", lambda found: "7" if f'"{found.group(0)}' not in text else found.group(1), text))
    mapping = template["Resources"]["PlaysKafkaMapping"]["Properties"]
    assert filled["topic"] == mapping["Topics"][0]["Ref"]
    assert filled["starting_position"] == mapping["StartingPosition"]
    assert filled["bootstrap_servers"] == "KafkaBootstrapServers"
    group = mapping["SelfManagedKafkaEventSourceConfig"]["ConsumerGroupId"]["Fn::Sub"]
    assert f'"consumer_group":"{group}"' in text
    for key, name in (
        ("batch_size", "BatchSize"),
        ("maximum_batching_window_s", "MaximumBatchingWindowInSeconds"),
        ("maximum_retry_attempts", "MaximumRetryAttempts"),
    ):
        assert f'"{key}":${{{mapping[name]["Ref"]}}}' in text


def test_template_is_no_larger_than_cloudformation_reads_and_takes_every_package_key(template: dict[str, Any]) -> None:
    assert len(make_body().encode()) < OBJECT_LIMIT
    keys = {name for name in template["Parameters"] if name.endswith("Key")}
    assert keys == set(name_keys(functions=LAYERS_OF_FUNCTION, layers=("base", "audio", "search", "build")).values())
