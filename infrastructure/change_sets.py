"""One change of a CloudFormation stack: make a change set, execute it, report each resource as it is finished, and say why it failed.
Which change is needed is decided in `deploy.py`.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

from infrastructure.errors import DeployError

ChangeType = Literal["CREATE", "UPDATE", "IMPORT"]
Report = Callable[[str], None]

NO_CHANGES = ("didn't contain changes", "No updates are to be performed")
DONE = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE")
FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 3.0


def apply_change_set(
    cloudformation: Any,  # boto3's clients are made at run time: they have no static type without stubs
    *,
    stack: str,
    change: ChangeType,
    template: Mapping[str, str],
    parameters: Mapping[str, str],
    report: Report,
    imports: Sequence[Mapping[str, Any]] = (),
    timeout_s: float = 1800.0,
) -> bool:
    """True when something was changed, False when the stack is already so. DeployError with CloudFormation's own reason otherwise.

    `template` is {"TemplateURL": …}, of an object of up to 1,000,000 bytes, or {"TemplateBody": …}, of up to 51,200.
    """
    name = f"timbre-{uuid.uuid4().hex[:12]}"
    request: dict[str, Any] = {
        "StackName": stack,
        "ChangeSetName": name,
        "ChangeSetType": change,
        **template,
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in sorted(parameters.items())],
        "Capabilities": ["CAPABILITY_IAM"],
    }
    if imports:
        request["ResourcesToImport"] = list(imports)
    change_set_id = _plan(cloudformation, request)
    if not _wait_until_planned(cloudformation, change_set_id, timeout_s=timeout_s):
        cloudformation.delete_change_set(ChangeSetName=change_set_id)
        return False
    seen = _list_event_ids(cloudformation, stack)
    cloudformation.execute_change_set(ChangeSetName=change_set_id)
    wait_until_settled(cloudformation, stack, seen=seen, report=report, timeout_s=timeout_s)
    return True


def _plan(cloudformation: Any, request: Mapping[str, Any]) -> str:
    try:
        return str(cloudformation.create_change_set(**request)["Id"])
    except cloudformation.exceptions.ClientError as exc:
        if exc.response["Error"]["Code"] == "ValidationError":
            raise DeployError(f"CloudFormation refuses the change: {exc.response['Error']['Message']}") from exc
        raise


def wait_until_settled(cloudformation: Any, stack: str, *, seen: set[str], report: Report, timeout_s: float) -> None:
    """Reports each resource as it is finished until the stack itself is. The stack's own events tell, because its status may still be the
    one from before. DeployError when it ends anywhere but where it should, with the reasons of the resources that failed.
    """
    reasons: list[str] = []
    for _ in _poll(timeout_s, what=f"stack {stack}"):
        for event in _new_events(cloudformation, stack, seen):
            name, status = event["LogicalResourceId"], event["ResourceStatus"]
            if status.endswith("_FAILED"):
                reasons.append(f"{name}: {event.get('ResourceStatusReason', 'no reason given')}")
            if not status.endswith("_IN_PROGRESS"):
                report(f"{name}: {status.lower().replace('_', ' ')}")
            if name == stack and status in DONE:
                return
            if name == stack and not status.endswith("_IN_PROGRESS"):
                raise DeployError(f"stack {stack} ended in {status}: {'; '.join(reasons) or 'no reason given'}")


def wait_until_idle(cloudformation: Any, stack: str, *, timeout_s: float) -> str | None:
    """The status once no operation is under way; the last one when the time is up (an emulator that was stopped half-way never gets on)."""
    deadline = time.monotonic() + timeout_s
    pause_s = FIRST_PAUSE_S
    while True:
        status = read_status(cloudformation, stack)
        busy = status is not None and status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS"
        if not busy or time.monotonic() >= deadline:
            return status
        time.sleep(pause_s)
        pause_s = min(pause_s * 1.5, LONGEST_PAUSE_S)


def delete_stack(cloudformation: Any, stack: str, *, timeout_s: float = 600.0) -> None:
    """Buckets stay: their DeletionPolicy says so."""
    cloudformation.delete_stack(StackName=stack)
    for _ in _poll(timeout_s, what=f"deletion of stack {stack}"):
        status = read_status(cloudformation, stack)
        if status is None:
            return
        if status == "DELETE_FAILED":
            raise DeployError(f"stack {stack} cannot be deleted; look at its events.")


def read_status(cloudformation: Any, stack: str) -> str | None:
    """None where there is no such stack."""
    try:
        found = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    except cloudformation.exceptions.ClientError as exc:
        if "does not exist" in str(exc):
            return None
        raise
    status = str(found[0]["StackStatus"])
    return None if status == "DELETE_COMPLETE" else status


def _wait_until_planned(cloudformation: Any, change_set_id: str, *, timeout_s: float) -> bool:
    """False when the change set is empty."""
    for _ in _poll(timeout_s, what="change set"):
        found = cloudformation.describe_change_set(ChangeSetName=change_set_id)
        if found["Status"] == "CREATE_COMPLETE":
            return True
        if found["Status"] == "FAILED":
            reason = found.get("StatusReason", "")
            if any(words in reason for words in NO_CHANGES):
                return False
            raise DeployError(f"CloudFormation refuses the change: {reason or 'no reason given'}")
    raise AssertionError("unreachable: polling ends by an answer or by DeployError")


def _poll(timeout_s: float, *, what: str) -> Iterator[None]:
    """Yields at growing intervals; DeployError when the time is up."""
    deadline = time.monotonic() + timeout_s
    pause_s = FIRST_PAUSE_S
    while time.monotonic() < deadline:
        yield
        time.sleep(pause_s)
        pause_s = min(pause_s * 1.5, LONGEST_PAUSE_S)
    raise DeployError(f"{what} did not finish within {timeout_s:.0f} s")


def _list_event_ids(cloudformation: Any, stack: str) -> set[str]:
    return {event["EventId"] for event in cloudformation.describe_stack_events(StackName=stack)["StackEvents"]}


def _new_events(cloudformation: Any, stack: str, seen: set[str]) -> list[dict[str, Any]]:
    """Oldest first; the newest page is enough, since it is asked for every few seconds."""
    events = [event for event in cloudformation.describe_stack_events(StackName=stack)["StackEvents"] if event["EventId"] not in seen]
    seen.update(event["EventId"] for event in events)
    return list(reversed(events))
