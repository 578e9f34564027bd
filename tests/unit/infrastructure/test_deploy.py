"""Which change `deploy_stack` asks CloudFormation for, from whatever state the stack and its buckets are in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infrastructure.deploy import deploy_stack
from infrastructure.errors import DeployError
from infrastructure.package import Packages
from infrastructure.template_body import TEMPLATE, make_body
from infrastructure.zips import write_archive

BUCKETS = {"MusicBucketName": "music", "IndexBucketName": "index", "ArtefactsBucket": "artefacts"}
EMULATOR = {"AwsEndpointUrl": "http://127.0.0.1:1"}


class Failures:
    ClientError = ClientError


def make_error(code: str, message: str, status: int) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}, "Call")  # type: ignore[typeddict-item]


def name_template(request: dict[str, Any]) -> str:
    """CloudFormation wants one of the two."""
    (name,) = {"TemplateBody", "TemplateURL"} & set(request)
    return str(request[name])


class OnePage:
    def __init__(self, **page: Any) -> None:
        self._page = page

    def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
        yield self._page


class FakeCloudFormation:
    """Keeps one stack; a change set takes effect when it is executed."""

    exceptions = Failures

    def __init__(self, status: str | None = None, *, template: str = "", refuse: str = "", outcome: str = "COMPLETE") -> None:
        self.status, self.template, self.refuse, self.outcome = status, template, refuse, outcome
        self.calls: list[str] = []
        self.imported: list[str] = []
        self._planned: dict[str, Any] = {}
        self._events: list[dict[str, Any]] = []

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803  # AWS's spelling
        if self.status is None:
            raise make_error("ValidationError", f"Stack with id {StackName} does not exist", 400)
        return {"Stacks": [{"StackStatus": self.status, "Outputs": [{"OutputKey": "MusicBucket", "OutputValue": "music"}]}]}

    def create_change_set(self, **request: Any) -> dict[str, str]:
        self._planned = request
        self.calls.append(request["ChangeSetType"])
        return {"Id": "change-set"}

    def describe_change_set(self, ChangeSetName: str) -> dict[str, str]:  # noqa: N803
        if self.refuse:
            return {"Status": "FAILED", "StatusReason": self.refuse}
        if name_template(self._planned) == self.template:
            return {"Status": "FAILED", "StatusReason": "The submitted information didn't contain changes."}
        return {"Status": "CREATE_COMPLETE"}

    def delete_change_set(self, ChangeSetName: str) -> None:  # noqa: N803
        self.calls.append("discard")

    def execute_change_set(self, ChangeSetName: str) -> None:  # noqa: N803
        change, name = self._planned["ChangeSetType"], self._planned["StackName"]
        self.imported += [item["ResourceIdentifier"]["BucketName"] for item in self._planned.get("ResourcesToImport", [])]
        self.template = name_template(self._planned)
        self.status = f"{change}_{self.outcome}"
        if self.outcome != "COMPLETE":
            self._add_event("Recommend", f"{change}_FAILED", "no such layer")
        self._add_event(name, self.status, "")

    def delete_stack(self, StackName: str) -> None:  # noqa: N803
        self.calls.append("delete")
        self.status = None

    def describe_stack_events(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        return {"StackEvents": list(reversed(self._events))}

    def get_paginator(self, _: str) -> OnePage:
        return OnePage(StackResourceSummaries=[])

    def _add_event(self, name: str, status: str, reason: str) -> None:
        event = {"EventId": str(len(self._events)), "LogicalResourceId": name, "ResourceStatus": status, "ResourceStatusReason": reason}
        self._events.append(event)


class FakeS3:
    exceptions = Failures

    def __init__(self, *buckets: str, foreign: str = "") -> None:
        self.buckets, self.foreign = set(buckets), foreign
        self.objects: dict[str, bytes] = {}
        self.sent: list[str] = []
        self.meta = type("Meta", (), {"region_name": "eu-central-1", "endpoint_url": "https://s3.eu-central-1.amazonaws.com"})

    def head_bucket(self, Bucket: str) -> None:  # noqa: N803
        if Bucket == self.foreign:
            raise make_error("403", "Forbidden", 403)
        if Bucket not in self.buckets:
            raise make_error("404", "Not Found", 404)

    def create_bucket(self, Bucket: str, CreateBucketConfiguration: dict[str, str]) -> None:  # noqa: N803
        assert CreateBucketConfiguration == {"LocationConstraint": "eu-central-1"}
        self.buckets.add(Bucket)

    def put_public_access_block(self, **_: Any) -> None: ...

    def put_bucket_lifecycle_configuration(self, **_: Any) -> None: ...

    def put_bucket_policy(self, **_: Any) -> None: ...

    def put_object(self, Bucket: str, Key: str, Body: Any, ContentType: str = "") -> None:  # noqa: N803
        assert Bucket in self.buckets
        self.sent.append(Key)
        self.objects[f"{Bucket}/{Key}"] = Body if isinstance(Body, bytes) else Body.read()

    def get_paginator(self, _: str) -> OnePage:
        return OnePage(Contents=[{"Key": name.partition("/")[2], "Size": len(body)} for name, body in self.objects.items()])


class FakeSts:
    def get_caller_identity(self) -> dict[str, str]:
        return {"Account": "123456789012"}

    meta = type("Meta", (), {"region_name": "eu-central-1"})


@pytest.fixture
def packages(tmp_path: Path) -> Packages:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "handler.py").write_text("def handle(event, context): ...\n")
    names = ("extract_features", "build_index", "recommend", "relay_plays", "record_dead_letter")
    functions = {name: write_archive(tmp_path / "code", name=name, out=tmp_path / "out") for name in names}
    layers = {name: write_archive(tmp_path / "code", name=name, out=tmp_path / "out") for name in ("base", "audio", "search", "build")}
    return Packages("local", "python3.11", functions, layers)


def deploy(
    packages: Packages, cloudformation: FakeCloudFormation, s3: FakeS3, *, template: Path = TEMPLATE, **parameters: str
) -> dict[str, str]:
    clients = {"cloudformation": cloudformation, "s3": s3, "sts": FakeSts()}
    return deploy_stack(
        stage="test", packages=packages, parameters=parameters, report=lambda _: None, clients=clients.__getitem__, template=template
    )


def test_new_stack_is_created_and_its_outputs_come_back(packages: Packages) -> None:
    cloudformation, s3 = FakeCloudFormation(), FakeS3()
    assert deploy(packages, cloudformation, s3, **BUCKETS) == {"MusicBucket": "music"}
    assert cloudformation.calls == ["CREATE"]
    assert s3.buckets == {"artefacts"}


def test_second_deploy_sends_nothing_and_discards_its_empty_change_set(packages: Packages) -> None:
    cloudformation, s3 = FakeCloudFormation(), FakeS3()
    deploy(packages, cloudformation, s3, **BUCKETS)
    sent = list(s3.sent)
    deploy(packages, cloudformation, s3, **BUCKETS)
    assert cloudformation.calls == ["CREATE", "UPDATE", "discard"]
    assert s3.sent == sent
    assert len(sent) == 10  # and the template


def test_the_template_goes_by_the_bucket_that_was_not_there_before(packages: Packages) -> None:
    """By path, in S3's own address of the region, over https: what CloudFormation takes."""
    cloudformation, s3 = FakeCloudFormation(), FakeS3()
    deploy(packages, cloudformation, s3, **BUCKETS)
    start = "https://s3.eu-central-1.amazonaws.com/"
    assert cloudformation.template.startswith(start + "artefacts/packages/template-")
    assert s3.objects[cloudformation.template.removeprefix(start)] == make_body().encode()


def test_another_template_has_another_address_and_one_of_the_same_meaning_has_not(packages: Packages, tmp_path: Path) -> None:
    cloudformation, s3 = FakeCloudFormation(), FakeS3()
    deploy(packages, cloudformation, s3, **BUCKETS)
    first, sent = cloudformation.template, list(s3.sent)
    commented, other = tmp_path / "commented.yaml", tmp_path / "other.yaml"
    commented.write_text("# a comment\n" + TEMPLATE.read_text())
    other.write_text(TEMPLATE.read_text() + "\nMetadata: {}\n")
    deploy(packages, cloudformation, s3, template=commented, **BUCKETS)
    assert (cloudformation.template, s3.sent) == (first, sent)
    deploy(packages, cloudformation, s3, template=other, **BUCKETS)
    assert cloudformation.template != first
    assert len(s3.sent) == len(sent) + 1


def test_a_template_that_was_sent_by_half_is_sent_again(packages: Packages) -> None:
    cloudformation, s3 = FakeCloudFormation(), FakeS3()
    deploy(packages, cloudformation, s3, **BUCKETS)
    name = next(name for name in s3.objects if "/template-" in name)
    s3.objects[name] = b"{"
    deploy(packages, cloudformation, s3, **BUCKETS)
    assert s3.objects[name] == make_body().encode()


def test_buckets_without_a_stack_are_imported_before_the_full_template(packages: Packages) -> None:
    cloudformation = FakeCloudFormation()
    deploy(packages, cloudformation, FakeS3("music", "index"), **BUCKETS)
    assert cloudformation.calls == ["IMPORT", "UPDATE"]
    assert sorted(cloudformation.imported) == ["index", "music"]


def test_only_the_bucket_that_is_left_is_imported(packages: Packages) -> None:
    cloudformation = FakeCloudFormation()
    deploy(packages, cloudformation, FakeS3("index"), **BUCKETS)
    assert cloudformation.imported == ["index"]


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS", "ROLLBACK_FAILED", "DELETE_FAILED"])
def test_stack_that_never_came_up_is_deleted_and_built_around_its_buckets(packages: Packages, status: str) -> None:
    cloudformation = FakeCloudFormation(status)
    deploy(packages, cloudformation, FakeS3("music", "index"), **BUCKETS)
    assert cloudformation.calls == ["delete", "IMPORT", "UPDATE"]


@pytest.mark.parametrize("status", ["UPDATE_ROLLBACK_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"])
def test_stack_that_rests_is_updated(packages: Packages, status: str) -> None:
    cloudformation = FakeCloudFormation(status)
    deploy(packages, cloudformation, FakeS3("music", "index"), **BUCKETS)
    assert cloudformation.calls == ["UPDATE"]


def test_stack_stuck_in_a_failed_update_is_replaced_on_an_emulator(packages: Packages) -> None:
    cloudformation = FakeCloudFormation("UPDATE_ROLLBACK_FAILED")
    deploy(packages, cloudformation, FakeS3("music", "index"), **BUCKETS, **EMULATOR)
    assert cloudformation.calls == ["delete", "IMPORT", "UPDATE"]


def test_stack_stuck_in_a_failed_update_is_left_to_a_person_on_aws(packages: Packages) -> None:
    """Its queues hold messages that nobody may throw away by himself."""
    cloudformation = FakeCloudFormation("UPDATE_ROLLBACK_FAILED")
    with pytest.raises(DeployError, match="UPDATE_ROLLBACK_FAILED"):
        deploy(packages, cloudformation, FakeS3("music", "index"), **BUCKETS)
    assert cloudformation.calls == []


def test_refused_change_set_is_told_with_its_reason(packages: Packages) -> None:
    with pytest.raises(DeployError, match="Parameters: \\[Stage\\] must have values"):
        deploy(packages, FakeCloudFormation(refuse="Parameters: [Stage] must have values"), FakeS3(), **BUCKETS)


def test_failed_change_is_told_with_the_resource_that_failed(packages: Packages) -> None:
    with pytest.raises(DeployError, match="Recommend: no such layer"):
        deploy(packages, FakeCloudFormation("UPDATE_COMPLETE", outcome="ROLLBACK_COMPLETE"), FakeS3("music", "index"), **BUCKETS)


def test_bucket_of_somebody_else_is_not_taken(packages: Packages) -> None:
    with pytest.raises(DeployError, match="music is taken"):
        deploy(packages, FakeCloudFormation(), FakeS3(foreign="music"), **BUCKETS)


def test_bucket_names_default_to_the_account_and_region(packages: Packages) -> None:
    s3 = FakeS3()
    deploy(packages, FakeCloudFormation(), s3)
    assert s3.buckets == {"timbre-test-artefacts-123456789012-eu-central-1"}


def test_template_of_the_import_holds_the_buckets_and_keeps_them(packages: Packages) -> None:
    templates: list[str] = []

    class Watching(FakeCloudFormation):
        def create_change_set(self, **request: Any) -> dict[str, str]:
            templates.append(name_template(request))
            return super().create_change_set(**request)

    deploy(packages, Watching(), FakeS3("music", "index"), **BUCKETS)
    resources = json.loads(templates[0])["Resources"]
    assert {name: resource["Properties"]["BucketName"] for name, resource in resources.items()} == {
        "MusicBucket": "music",
        "IndexBucket": "index",
    }
    assert {resource["DeletionPolicy"] for resource in resources.values()} == {"Retain"}
