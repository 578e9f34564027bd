"""The real template, deployed to a real MiniStack: from nothing, again, with new code, and after the emulator was killed.

Functions are probes that write what they were invoked with into the index bucket; layers are the real ones.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote_plus
from uuid import uuid4

import boto3
import pytest

from infrastructure.deploy import deploy_stack, name_stack
from infrastructure.errors import DeployError, PackageError
from infrastructure.package import Packages, build_packages
from infrastructure.template_body import TEMPLATE, make_body, read_template
from infrastructure.zips import write_archive
from localstack.emulator import answers_health, describe_emulator, find_emulator_python, make_endpoint_url
from tests.conftest import _find_free_port, give_up

pytestmark = pytest.mark.integration

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[2]
STAGE = "probe"
MUSIC, INDEX = "probe-music", "probe-index"
VISIBILITY_S = 20  # a function that starts cold on a busy machine takes seconds: twice too late would be a dead letter
REQUEST_LIMIT = 51_200  # bytes of a template within a request
PROBE = """
import json, os, uuid
VERSION = "{version}"
def handle(event, context):
    import boto3
    body = json.dumps({{"event": event, "version": VERSION, "stage": os.environ["TIMBRE_STAGE"]}}).encode()
    key = f"probes/{{context.function_name}}/{{uuid.uuid4().hex}}"
    boto3.client("s3").put_object(Bucket=os.environ["INDEX_BUCKET"], Key=key, Body=body)
    failed = [record["messageId"] for record in event.get("Records", []) if "fail-me" in record.get("body", "")]
    if context.function_name.endswith("record-dead-letter"):
        failed = []
    return {{"batchItemFailures": [{{"itemIdentifier": name}} for name in failed]}}
"""


class Emulator:
    """MiniStack as `make run` starts it, with data of its own."""

    def __init__(self, home: Path) -> None:
        self.port = _find_free_port()
        self.url = make_endpoint_url(self.port)
        self._log = home / "emulator.log"
        self._spec = describe_emulator(ROOT, home, port=self.port)
        (home / "tmp").mkdir()
        self._environment = {**self._spec.environment, "TMPDIR": str(home / "tmp")}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(self._spec.command, env=self._environment, stdout=log, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + 60
        while not answers_health(self.port):
            if self.process.poll() is not None or time.monotonic() > deadline:
                give_up(f"MiniStack does not start here: {self._log.read_text(errors='replace')[-500:]}")
            time.sleep(0.05)

    def stop(self, sign: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(sign)
            self.process.wait(timeout=60)

    def client(self, service: str) -> Any:
        make: Any = boto3.client
        return make(service, endpoint_url=self.url, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    if not find_emulator_python(ROOT).exists():
        give_up("MiniStack is not installed: `make test` puts it into .timbre/emulator.")
    emulator = Emulator(tmp_path_factory.mktemp("emulator"))
    emulator.start()
    yield emulator
    emulator.stop(signal.SIGTERM)


@pytest.fixture(scope="module")
def real_packages() -> Packages:
    try:
        return build_packages("local", python=Path(sys.executable), out=ROOT / "build", report=print)
    except PackageError as exc:
        give_up(f"The packages cannot be built here: {exc}")


def make_probes(real: Packages, folder: Path, *, version: str) -> Packages:
    source = folder / f"source-{version}"
    source.mkdir()
    (source / "handler.py").write_text(PROBE.format(version=version))
    functions = {name: write_archive(source, name=name, out=folder) for name in real.functions}
    return Packages("local", real.runtime, functions, real.layers)


@pytest.fixture(scope="module")
def probes(real_packages: Packages, tmp_path_factory: pytest.TempPathFactory) -> Packages:
    return make_probes(real_packages, tmp_path_factory.mktemp("probes"), version="one")


def deploy(
    emulator: Emulator, packages: Packages, *, lines: list[str] | None = None, template: Path = TEMPLATE, **more: str
) -> dict[str, str]:
    parameters = {
        "MongodbUri": "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100",
        "KafkaBootstrapServers": "127.0.0.1:1",
        "AwsEndpointUrl": emulator.url,
        "MusicBucketName": MUSIC,
        "IndexBucketName": INDEX,
        "ArtefactsBucket": "probe-artefacts",
        "ExtractTimeoutS": str(VISIBILITY_S),
        "UploadsVisibilityTimeoutS": str(VISIBILITY_S),
        "MaxReceiveCount": "2",
    }
    report: Callable[[str], None] = print if lines is None else lines.append
    return deploy_stack(
        stage=STAGE, packages=packages, parameters=parameters | more, report=report, clients=emulator.client, template=template
    )


@pytest.fixture(scope="module")
def outputs(emulator: Emulator, probes: Packages) -> Mapping[str, str]:
    return deploy(emulator, probes)


def wait_for(look: Callable[[], T | None], *, what: str, timeout_s: float = 60.0) -> T:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{what} did not happen within {timeout_s:.0f} s")


def read_probes(emulator: Emulator, function: str, *, holding: str) -> list[dict[str, Any]]:
    """What a function was invoked with, where the text occurs in it."""
    s3 = emulator.client("s3")
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket=INDEX, Prefix=f"probes/timbre-{STAGE}-{function}/").get("Contents", [])]
    bodies = [s3.get_object(Bucket=INDEX, Key=key)["Body"].read() for key in keys]
    return [json.loads(body) for body in bodies if holding in body.decode()]


def put_and_wait(emulator: Emulator, *, prefix: str = "uploads/") -> dict[str, Any]:
    mark = uuid4().hex
    emulator.client("s3").put_object(Bucket=MUSIC, Key=f"{prefix}{mark} a+b ü.MP3", Body=b"sound")
    return wait_for(lambda: read_probes(emulator, "extract-features", holding=mark), what="the notification of an upload")[0]


def test_outputs_name_everything_that_the_other_parts_need(outputs: Mapping[str, str]) -> None:
    assert (outputs["MusicBucket"], outputs["IndexBucket"]) == (MUSIC, INDEX)
    mapping = json.loads(outputs["PlaysMapping"])
    assert mapping["function_name"] == outputs["RecommendFunctionName"] == f"timbre-{STAGE}-recommend"
    assert mapping["on_failure_queue_url"] == outputs["PlaysDeadLetterQueueUrl"]
    assert mapping["bootstrap_servers"] == "127.0.0.1:1"
    assert (mapping["batch_size"], mapping["starting_position"]) == (100, "TRIM_HORIZON")


def test_deploying_the_same_again_changes_nothing(emulator: Emulator, probes: Packages, outputs: Mapping[str, str]) -> None:
    lines: list[str] = []
    assert deploy(emulator, probes, lines=lines) == outputs
    assert lines == [f"stack timbre-{STAGE}: nothing to change"]


def write_padded_template(folder: Path, *, padding: int) -> Path:
    """The real one, and a queue with a long story."""
    template = read_template()
    template["Resources"]["Padded"] = {"Type": "AWS::SQS::Queue", "Metadata": {"Story": "x" * padding}}
    template["Outputs"]["PaddedUrl"] = {"Value": {"Ref": "Padded"}}
    path = folder / "template.json"
    path.write_text(json.dumps(template))  # JSON is YAML
    return path


def test_a_template_larger_than_a_request_is_deployed(
    emulator: Emulator, probes: Packages, outputs: Mapping[str, str], tmp_path: Path
) -> None:
    template = write_padded_template(tmp_path, padding=60_000)
    assert len(make_body(template).encode()) > 2 * REQUEST_LIMIT
    padded = deploy(emulator, probes, template=template)
    try:
        assert emulator.client("sqs").get_queue_attributes(QueueUrl=padded["PaddedUrl"])["ResponseMetadata"]["HTTPStatusCode"] == 200
    finally:
        assert deploy(emulator, probes) == outputs


def test_a_template_larger_than_cloudformation_reads_is_refused_with_its_words(
    emulator: Emulator, probes: Packages, outputs: Mapping[str, str], tmp_path: Path
) -> None:
    with pytest.raises(DeployError, match="1000000"):
        deploy(emulator, probes, template=write_padded_template(tmp_path, padding=1_000_000))
    assert deploy(emulator, probes) == outputs


def test_dropped_object_invokes_the_function_with_a_key_that_can_be_read_back(emulator: Emulator, outputs: Mapping[str, str]) -> None:
    probe = put_and_wait(emulator)
    notice = json.loads(probe["event"]["Records"][0]["body"])["Records"][0]
    assert unquote_plus(notice["s3"]["object"]["key"]).endswith(" a+b ü.MP3")
    assert notice["s3"]["object"]["sequencer"]
    assert notice["s3"]["bucket"]["name"] == outputs["MusicBucket"]


def test_removed_object_is_announced_too(emulator: Emulator, outputs: Mapping[str, str]) -> None:
    mark = uuid4().hex
    s3 = emulator.client("s3")
    s3.put_object(Bucket=outputs["MusicBucket"], Key=f"uploads/{mark}", Body=b"sound")
    s3.delete_object(Bucket=outputs["MusicBucket"], Key=f"uploads/{mark}")
    seen = wait_for(
        lambda: [probe for probe in read_probes(emulator, "extract-features", holding=mark) if "ObjectRemoved" in json.dumps(probe)],
        what="the notification of a removal",
    )
    assert seen


def test_object_outside_the_drop_zone_is_not_announced(emulator: Emulator, outputs: Mapping[str, str]) -> None:
    mark = uuid4().hex
    emulator.client("s3").put_object(Bucket=outputs["MusicBucket"], Key=f"covers/{mark}.jpg", Body=b"picture")
    put_and_wait(emulator)  # what was announced later has arrived, so the cover would have too
    assert read_probes(emulator, "extract-features", holding=mark) == []


def test_message_that_fails_every_time_ends_in_the_dead_letters(emulator: Emulator, outputs: Mapping[str, str]) -> None:
    mark = f"fail-me-{uuid4().hex}"
    emulator.client("sqs").send_message(QueueUrl=outputs["UploadsQueueUrl"], MessageBody=mark)
    letters = wait_for(lambda: read_probes(emulator, "record-dead-letter", holding=mark), what="a dead letter", timeout_s=150)
    assert letters[0]["event"]["Records"][0]["eventSourceARN"].endswith(f"timbre-{STAGE}-uploads-dead-letters")
    assert len(read_probes(emulator, "extract-features", holding=mark)) == 2


@pytest.mark.parametrize("queue", ["BuildsDeadLetterQueueUrl", "PlaysDeadLetterQueueUrl"])
def test_every_dead_letter_queue_has_a_reader(emulator: Emulator, outputs: Mapping[str, str], queue: str) -> None:
    mark = uuid4().hex
    emulator.client("sqs").send_message(QueueUrl=outputs[queue], MessageBody=mark)
    assert wait_for(lambda: read_probes(emulator, "record-dead-letter", holding=mark), what="a dead letter")


def test_build_request_reaches_its_function_after_its_delay(emulator: Emulator, outputs: Mapping[str, str]) -> None:
    mark = uuid4().hex
    sent_at = time.monotonic()
    emulator.client("sqs").send_message(QueueUrl=outputs["BuildsQueueUrl"], MessageBody=mark, DelaySeconds=2)
    assert wait_for(lambda: read_probes(emulator, "build-index", holding=mark), what="a build request")
    assert time.monotonic() - sent_at >= 2


def test_real_handlers_answer_from_the_layers_of_the_stack(emulator: Emulator, real_packages: Packages, probes: Packages) -> None:
    """New code is swapped in by an update, and the probes again after it."""
    outputs = deploy(emulator, real_packages)
    try:
        for function in ("ExtractFeatures", "Recommend", "RecordDeadLetter"):
            name = outputs[f"{function}FunctionName"]
            # MiniStack removes the folder of a process that was just starting when its code was swapped: that one call fails
            wait_for(lambda name=name: invoke_empty(emulator, name) == {"batchItemFailures": []}, what=f"an answer of {name}")  # type: ignore[misc]
    finally:
        deploy(emulator, probes)


def invoke_empty(emulator: Emulator, function_name: str) -> Any:
    answer = emulator.client("lambda").invoke(FunctionName=function_name, Payload=b'{"Records": [], "records": {}}')
    return json.loads(answer["Payload"].read())


def test_killed_emulator_is_deployed_again_around_its_buckets(emulator: Emulator, probes: Packages, outputs: Mapping[str, str]) -> None:
    """After kill -9 the stack is gone and the buckets are there: objects stay, and new ones are announced."""
    s3 = emulator.client("s3")
    s3.put_object(Bucket=MUSIC, Key="uploads/kept.mp3", Body=b"kept", Metadata={"from": "before"})
    emulator.stop(signal.SIGKILL)
    emulator.start()
    assert deploy(emulator, probes) == outputs
    kept = s3.get_object(Bucket=MUSIC, Key="uploads/kept.mp3")
    assert (kept["Body"].read(), kept["Metadata"]) == (b"kept", {"from": "before"})
    assert put_and_wait(emulator)["version"] == "one"


def test_emulator_killed_again_takes_new_code(emulator: Emulator, real_packages: Packages, tmp_path: Path) -> None:
    emulator.stop(signal.SIGKILL)
    emulator.start()
    deploy(emulator, make_probes(real_packages, tmp_path, version="two"))
    assert put_and_wait(emulator)["version"] == "two"


def test_killed_emulator_is_deployed_again_though_the_packages_are_gone_from_this_machine(
    emulator: Emulator, real_packages: Packages, tmp_path: Path
) -> None:
    """Another process built anew, or somebody cleaned up: the bucket has them."""
    packages = make_probes(real_packages, tmp_path, version="three")
    deploy(emulator, packages)
    emulator.stop(signal.SIGKILL)
    for archive in packages.functions.values():
        archive.path.unlink()
    emulator.start()
    function = deploy(emulator, packages)["RecommendFunctionName"]

    def look() -> bool:
        invoke_empty(emulator, function)
        return bool(read_probes(emulator, "recommend", holding='"version": "three"'))

    wait_for(look, what="an answer of the function")


def test_stopped_emulator_works_after_its_next_start(emulator: Emulator, probes: Packages, outputs: Mapping[str, str]) -> None:
    emulator.stop(signal.SIGTERM)
    emulator.start()
    assert deploy(emulator, probes) == outputs
    assert put_and_wait(emulator)["version"] == "one"


def test_stack_that_lost_a_function_and_a_queue_is_rebuilt(emulator: Emulator, probes: Packages, outputs: Mapping[str, str]) -> None:
    """An emulator that was killed while it saved its state remembers the stack and has lost what was in it."""
    emulator.client("lambda").delete_function(FunctionName=outputs["ExtractFeaturesFunctionName"])
    emulator.client("sqs").delete_queue(QueueUrl=outputs["UploadsQueueUrl"])
    rebuilt = deploy(emulator, probes)
    assert {name for name in outputs if rebuilt[name] != outputs[name]} <= {name for name in outputs if name.endswith("LayerArn")}
    assert put_and_wait(emulator)


def test_refused_change_is_told_with_its_reason_and_the_next_deploy_goes_through(
    emulator: Emulator, probes: Packages, outputs: Mapping[str, str]
) -> None:
    with pytest.raises(DeployError) as caught:
        deploy(emulator, probes, FeatureSpace="nonsense")
    assert "FeatureSpace" in str(caught.value)
    assert deploy(emulator, probes)["MusicBucket"] == outputs["MusicBucket"]
    assert emulator.client("cloudformation").describe_stacks(StackName=name_stack(STAGE))["Stacks"][0]["StackStatus"] == "UPDATE_COMPLETE"


def test_emulator_listens_on_the_loopback_only(emulator: Emulator) -> None:
    assert emulator.process is not None
    if not Path("/proc/net/tcp").exists():
        pytest.skip("This system has no /proc to look at.")
    hexadecimal = f":{emulator.port:04X}"
    lines = Path("/proc/net/tcp").read_text().splitlines() + Path("/proc/net/tcp6").read_text().splitlines()
    listening = {line.split()[1] for line in lines[1:] if line.split()[1].endswith(hexadecimal) and line.split()[3] == "0A"}
    assert listening == {f"0100007F{hexadecimal}"}
