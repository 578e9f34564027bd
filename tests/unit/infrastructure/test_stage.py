"""The steps of `make deploy` and `make destroy` around the stack: where to, with what, what Chalice is told, what is taken away."""

from __future__ import annotations

import http.server
import io
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infrastructure.deploy_stage import prepare_database
from infrastructure.destroy_stage import destroy_stage
from infrastructure.errors import DeployError, PackageError
from infrastructure.lint_template import Finding, LintException, judge, read_exceptions
from infrastructure.package import Packages
from infrastructure.stage_config import describe_absent_stage, describe_stage, write_stage
from infrastructure.stage_parameters import PARAMETER_OF, choose_parameters, read_previous
from infrastructure.target import Destination, find_destination
from infrastructure.template_body import read_template
from infrastructure.upload import provide_bucket, prune_packages, upload_packages
from infrastructure.zips import write_archive

ROOT = Path(__file__).resolve().parents[3]
AWS = Destination("aws", "")
LOCALSTACK = Destination("localstack", "http://127.0.0.1:4566")
SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:mongodb-AbCdEf"
OUTPUTS = {
    "MusicBucket": "music",
    "IndexBucket": "index",
    "BuildsQueueUrl": "https://sqs/builds",
    "UploadsQueueUrl": "https://sqs/uploads",
    "ApiRoleArn": "arn:aws:iam::123456789012:role/api",
    "SearchLayerArn": "arn:aws:lambda:eu-central-1:123456789012:layer:timbre-dev-search:1",
}


class Emulator:
    """Answers a few paths with JSON, and every other with XML, as LocalStack does for buckets."""

    def __init__(self, path: str, **others: object) -> None:
        answers = {path: b"{}"} | {f"/_localstack/{name}": json.dumps(said).encode() for name, said in others.items()}

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # http.server's spelling
                self.send_response(200)
                self.end_headers()
                self.wfile.write(answers.get(self.path, b"<Error/>"))

            def log_message(self, format: str, *arguments: object) -> None: ...  # noqa: A002

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of each service, moto's."""
    for name, value in {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "eu-central-1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        made: list[Any] = []

        @cache
        def client(service: str) -> Any:
            make: Any = boto3.client
            made.append(make(service))
            return made[-1]

        yield client
        for each in made:
            each.close()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / ".chalice").mkdir()
    (tmp_path / ".chalice" / "config.json").write_text((ROOT / ".chalice" / "config.json").read_text())
    return tmp_path


def make_packages(folder: Path, text: str) -> Packages:
    code = folder / "code"
    code.mkdir(exist_ok=True)
    (code / "handler.py").write_text(text)
    functions = {"recommend": write_archive(code, name="recommend", out=folder / "out")}
    return Packages("aws", "python3.12", functions, {})


def test_ministack_is_refused_in_one_sentence() -> None:
    emulator = Emulator("/_ministack/health")
    try:
        with pytest.raises(DeployError, match="MiniStack does not take `chalice deploy`") as caught:
            find_destination({"AWS_ENDPOINT_URL": emulator.url})
    finally:
        emulator.stop()
    assert "\n" not in str(caught.value)


def test_localstack_is_known_by_its_health() -> None:
    emulator = Emulator("/_localstack/health")
    try:
        found = find_destination({"AWS_ENDPOINT_URL": emulator.url + "/"})
    finally:
        emulator.stop()
    assert found == Destination("localstack", emulator.url)
    assert found.target == "local"


def test_localstack_in_a_container_gets_what_lambda_runs_and_the_free_one_is_refused_in_one_sentence() -> None:
    paid = Emulator("/_localstack/health", info={"is_docker": True, "edition": "pro"})
    free = Emulator("/_localstack/health", info={"is_docker": True, "edition": "community"})
    try:
        assert find_destination({"AWS_ENDPOINT_URL": paid.url}).target == "aws"
        with pytest.raises(DeployError, match="free image mounts no layers") as caught:
            find_destination({"AWS_ENDPOINT_URL": free.url})
    finally:
        paid.stop()
        free.stop()
    assert "\n" not in str(caught.value)


def test_an_address_where_nobody_answers_is_refused_with_the_address() -> None:
    with pytest.raises(DeployError, match=r"http://127\.0\.0\.1:9 is no LocalStack"):
        find_destination({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"})


def test_without_an_address_it_is_aws() -> None:
    assert find_destination({}) == AWS
    assert AWS.target == "aws"


@pytest.mark.parametrize("name", ["MONGODB_URI", "KAFKA_SASL_PASSWORD"])
def test_a_secret_in_clear_is_refused_on_aws(name: str) -> None:
    with pytest.raises(DeployError, match=f"{name} would stand in clear") as caught:
        choose_parameters({"MONGODB_URI_SECRET_ARN": SECRET, name: "hunter2"}, AWS, previous={})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(("destination", "missing"), [(AWS, "MONGODB_URI_SECRET_ARN"), (LOCALSTACK, "MONGODB_URI")])
def test_a_stage_without_its_database_is_refused(destination: Destination, missing: str) -> None:
    with pytest.raises(DeployError, match=f"^{missing} is not set"):
        choose_parameters({}, destination, previous={})


def test_what_is_not_given_stays_as_the_stack_has_it() -> None:
    previous = {"MongodbUriSecretArn": SECRET, "KafkaBootstrapServers": "kafka:9092", "MongodbUri": "****", "RecommendKey": "old"}
    chosen = choose_parameters({"TASTE": "mean"}, AWS, previous=previous)
    assert (chosen["MongodbUriSecretArn"], chosen["KafkaBootstrapServers"], chosen["MongodbUri"]) == (SECRET, "kafka:9092", "")
    assert (chosen["Taste"], chosen["EnableKafkaMapping"]) == ("mean", "true")
    assert "RecommendKey" not in chosen


def test_the_second_deployment_says_what_the_first_said() -> None:
    """What the stack then has is no difference: else CloudFormation would change it, and the API with it."""
    first = choose_parameters({"MONGODB_URI_SECRET_ARN": SECRET}, AWS, previous={})
    assert choose_parameters({}, AWS, previous=first | {"MongodbUri": "****"}) == first


def test_kafka_is_polled_by_aws_and_by_no_emulator() -> None:
    given = {"MONGODB_URI": "mongodb://m/", "KAFKA_BOOTSTRAP_SERVERS": "kafka:9092"}
    assert choose_parameters(given, LOCALSTACK, previous={})["EnableKafkaMapping"] == "false"


def test_every_parameter_that_the_environment_gives_is_the_templates() -> None:
    assert set(PARAMETER_OF.values()) <= set(read_template()["Parameters"])


def test_a_stack_that_is_not_there_has_no_parameters(aws: Any) -> None:
    assert read_previous(aws("cloudformation"), "timbre-dev") == {}


def test_a_written_stage_has_the_role_layer_and_settings_of_the_stack_and_no_secret(project: Path) -> None:
    described = describe_stage(
        "dev", OUTPUTS, {"MongodbUriSecretArn": SECRET, "MongodbUri": "", "SubnetIds": "a,b", "SecurityGroupIds": "c"}
    )
    assert write_stage(project, "dev", described)
    stage = json.loads((project / ".chalice" / "config.json").read_text())["stages"]["dev"]
    assert stage["iam_role_arn"] == OUTPUTS["ApiRoleArn"]
    assert stage["layers"] == [OUTPUTS["SearchLayerArn"]]
    assert (stage["subnet_ids"], stage["security_group_ids"]) == (["a", "b"], ["c"])
    assert stage["environment_variables"] == {
        "BUILD_QUEUE_URL": "https://sqs/builds",
        "INDEX_BUCKET": "index",
        "MONGODB_URI_SECRET_ARN": SECRET,
        "MUSIC_BUCKET": "music",
        "OPENBLAS_NUM_THREADS": "1",
        "TIMBRE_STAGE": "dev",
        "UPLOADS_QUEUE_URL": "https://sqs/uploads",
    }


def test_writing_the_same_stage_again_changes_nothing_and_other_stages_stay(project: Path) -> None:
    described = describe_stage("prod", OUTPUTS, {"MongodbUriSecretArn": SECRET})
    assert write_stage(project, "prod", described)
    assert not write_stage(project, "prod", described)
    config = json.loads((project / ".chalice" / "config.json").read_text())
    assert config["stages"]["dev"] == describe_absent_stage()
    assert config["api_gateway_stage"] == "timbre"
    assert config["minimum_compression_size"] == 1024  # API Gateway compresses pages, modules and JSON: a third of the bytes


def test_packages_in_force_are_never_pruned_and_old_ones_are(aws: Any, tmp_path: Path) -> None:
    s3, lines = aws("s3"), []
    s3.create_bucket(Bucket="artefacts", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    old, new = make_packages(tmp_path, "A = 1\n"), make_packages(tmp_path, "A = 2\n")
    upload_packages(old, bucket="artefacts", s3=s3, report=lambda _: None)
    upload_packages(new, bucket="artefacts", s3=s3, report=lambda _: None)
    prune_packages(new, bucket="artefacts", s3=s3, report=lines.append)
    assert lines == [], "a day old: somebody may want to go back"
    prune_packages(new, bucket="artefacts", s3=s3, report=lines.append, now=datetime.now(UTC) + timedelta(days=60))
    kept = [item["Key"] for item in s3.list_objects_v2(Bucket="artefacts")["Contents"]]
    assert kept == [f"packages/{new.functions['recommend'].path.name}"]


def test_a_package_in_the_bucket_is_deployed_without_its_file(aws: Any, tmp_path: Path) -> None:
    packages, lines = make_packages(tmp_path, "A = 1\n"), []
    aws("s3").create_bucket(Bucket="artefacts", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    upload_packages(packages, bucket="artefacts", s3=aws("s3"), report=lines.append)
    path = packages.functions["recommend"].path
    path.unlink()
    assert upload_packages(packages, bucket="artefacts", s3=aws("s3"), report=lines.append) == {"RecommendKey": f"packages/{path.name}"}
    assert len(lines) == 1, "uploaded once"


def test_a_package_that_is_nowhere_any_more_is_named(aws: Any, tmp_path: Path) -> None:
    packages = make_packages(tmp_path, "A = 1\n")
    packages.functions["recommend"].path.unlink()
    with pytest.raises(PackageError, match=packages.functions["recommend"].path.name):
        upload_packages(packages, bucket="artefacts", s3=aws("s3"), report=lambda _: None)


def test_the_artefacts_bucket_is_private_and_refuses_plain_http(aws: Any) -> None:
    s3 = aws("s3")
    provide_bucket(s3, "artefacts")
    assert set(s3.get_public_access_block(Bucket="artefacts")["PublicAccessBlockConfiguration"].values()) == {True}
    (statement,) = json.loads(s3.get_bucket_policy(Bucket="artefacts")["Policy"])["Statement"]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def fill_stage(aws: Any) -> dict[str, str]:
    names = {kind: f"timbre-dev-{kind}-123456789012-eu-central-1" for kind in ("music", "index", "artefacts")}
    for name in names.values():
        aws("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        aws("s3").put_object(Bucket=name, Key="a/key", Body=b"x")
    return names


def list_buckets(aws: Any) -> set[str]:
    return {bucket["Name"] for bucket in aws("s3").list_buckets()["Buckets"]}


def test_destroying_takes_the_index_and_packages_and_leaves_the_music(aws: Any, project: Path) -> None:
    names, lines = fill_stage(aws), []
    destroy_stage("dev", place="aws", project=project, clients=aws, music_too=False, report=lines.append)
    assert list_buckets(aws) == {names["music"]}
    assert any("the music stays" in line for line in lines)
    destroy_stage("dev", place="aws", project=project, clients=aws, music_too=True, report=lines.append)
    assert list_buckets(aws) == set()
    destroy_stage("dev", place="aws", project=project, clients=aws, music_too=True, report=lines.append)


def test_localstack_which_keeps_no_bucket_is_not_let_at_the_music(aws: Any, project: Path) -> None:
    names = fill_stage(aws)
    with pytest.raises(DeployError, match="MUSIC_TOO=yes"):
        destroy_stage("dev", place="localstack", project=project, clients=aws, music_too=False, report=lambda _: None)
    assert list_buckets(aws) == set(names.values())


def test_every_function_has_an_alarm() -> None:
    resources = read_template()["Resources"]
    alarms = [each["Properties"] for each in resources.values() if each["Type"] == "AWS::CloudWatch::Alarm"]
    assert len(alarms) == 13
    failing = {json.dumps(alarm["Dimensions"]) for alarm in alarms if alarm["MetricName"] == "Errors"}
    for function in [name for name, each in resources.items() if each["Type"] == "AWS::Lambda::Function"]:
        assert any(function in dimensions for dimensions in failing), function


def test_every_alarm_says_where_it_goes_and_what_silence_means() -> None:
    for name, resource in read_template()["Resources"].items():
        if resource["Type"] == "AWS::CloudWatch::Alarm":
            properties = resource["Properties"]
            assert properties["TreatMissingData"] == "notBreaching", name
            assert properties["AlarmActions"]["Fn::If"][0] == "HasAlarmTopic", name


def test_dashboard_is_json_of_the_functions_and_queues() -> None:
    text = read_template()["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    titles = [widget["properties"]["title"] for widget in json.loads(text)["widgets"]]
    assert {"Errors", "Dead letters", "Plays waiting in Kafka"} <= set(titles)


def test_both_kafka_mappings_report_single_failures_and_give_up_into_the_queue() -> None:
    resources = read_template()["Resources"]
    ours, msk = (resources[name]["Properties"] for name in ("PlaysKafkaMapping", "PlaysMskMapping"))
    assert ours["SourceAccessConfigurations"]["Fn::If"][1][0]["Type"] == "SASL_SCRAM_512_AUTH"
    assert "SourceAccessConfigurations" not in msk, "without a secret Lambda logs in with IAM"
    for name in ("FunctionResponseTypes", "DestinationConfig", "ProvisionedPollerConfig", "MaximumRetryAttempts", "Topics", "BatchSize"):
        assert ours[name] == msk[name], name


def test_a_finding_without_a_reason_and_a_reason_without_a_finding_are_told() -> None:
    found = [Finding("checkov", "CKV_1", "MusicBucket", "is public"), Finding("checkov", "CKV_2", "Queue", "is open")]
    faults, idle = judge(found, {"checkov": [LintException("CKV_1", ("MusicBucket", "IndexBucket"), "because")]})
    assert [fault.rule for fault in faults] == ["CKV_2"]
    assert idle == ["checkov CKV_1 IndexBucket"]


def test_every_exception_has_a_reason() -> None:
    for given in read_exceptions().values():
        for each in given:
            assert len(each.reason) > 40, each.rule


class StubLambda:
    """Answers an invocation as Lambda does."""

    def __init__(self, **answer: Any) -> None:
        self.answer, self.invoked = answer, list[str]()

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803  # boto3's names
        assert json.loads(Payload) == {}
        self.invoked.append(FunctionName)
        return self.answer


def test_a_deployment_has_a_function_prepare_mongodb() -> None:
    client, said = StubLambda(StatusCode=200), list[str]()
    prepare_database("timbre-dev-relay-plays", client, said.append)
    assert client.invoked == ["timbre-dev-relay-plays"]
    assert said


def test_a_deployment_whose_mongodb_does_not_answer_fails_with_the_functions_words() -> None:
    client = StubLambda(FunctionError="Unhandled", Payload=io.BytesIO(b'{"errorMessage": "MongoDB does not answer"}'))
    with pytest.raises(DeployError, match="MongoDB does not answer"):
        prepare_database("timbre-dev-relay-plays", client, lambda _: None)
