"""Brings the stack of a stage into the state that `template.yaml` describes, from whatever state it is in: nothing there, already so, a
creation that failed, or an emulator that forgot its stack and kept its buckets. Safe and quick to run at every start.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from infrastructure.change_sets import ChangeType, Report, apply_change_set, delete_stack, read_status, wait_until_idle
from infrastructure.errors import DeployError
from infrastructure.import_buckets import import_buckets, list_kept_buckets
from infrastructure.package import Packages
from infrastructure.template_body import TEMPLATE, make_body
from infrastructure.upload import choose_names, upload_packages, upload_template
from infrastructure.verify import find_missing_resources

Clients = Callable[[str], Any]

BROKEN = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED", "REVIEW_IN_PROGRESS", "IMPORT_ROLLBACK_COMPLETE")
PATIENCE_AWS_S = 1800.0  # for an operation that somebody else began
PATIENCE_EMULATOR_S = 5.0


def make_client(service: str) -> Any:  # boto3's clients are made at run time: they have no static type without stubs
    """From the environment, as the AWS tools read it (AWS_ENDPOINT_URL, AWS_PROFILE, AWS_DEFAULT_REGION, …)."""
    import boto3

    make: Any = boto3.client  # its overloads want a literal
    return make(service)


def name_stack(stage: str) -> str:
    return f"timbre-{stage}"


def deploy_stack(
    *,
    stage: str,
    packages: Packages,
    parameters: Mapping[str, str],
    report: Report,
    clients: Clients = make_client,
    template: Path = TEMPLATE,
) -> dict[str, str]:
    """The stack's outputs. `parameters` are the template's own; names of buckets and packages are filled in where they are not given."""
    clients = cache(clients)
    cloudformation, s3 = clients("cloudformation"), clients("s3")
    given = choose_names(stage, parameters, sts=clients("sts"))
    given |= upload_packages(packages, bucket=given["ArtefactsBucket"], s3=s3, report=report)
    given |= {"Stage": stage, "Runtime": packages.runtime}
    stack = name_stack(stage)
    template_url = upload_template(make_body(template), bucket=given["ArtefactsBucket"], s3=s3)
    on_emulator = bool(given.get("AwsEndpointUrl"))
    _bring_up(cloudformation, s3, stack=stack, template_url=template_url, parameters=given, on_emulator=on_emulator, report=report)
    missing = find_missing_resources(stack, clients=clients)
    if missing and on_emulator:
        report(f"the emulator has lost {', '.join(missing)}: rebuilding the stack around its buckets")
        delete_stack(cloudformation, stack)
        _bring_up(cloudformation, s3, stack=stack, template_url=template_url, parameters=given, on_emulator=True, report=report)
        missing = find_missing_resources(stack, clients=clients)
    if missing:
        raise DeployError(
            f"stack {stack} lists {', '.join(missing)}, but there is no such thing; delete the stack (its buckets stay) and deploy again."
        )
    return read_outputs(cloudformation, stack)


def read_outputs(cloudformation: Any, stack: str) -> dict[str, str]:
    found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}


def _bring_up(
    cloudformation: Any, s3: Any, *, stack: str, template_url: str, parameters: Mapping[str, str], on_emulator: bool, report: Report
) -> None:
    status = _clear_the_way(cloudformation, stack, on_emulator=on_emulator, report=report)
    if status is None:
        kept = list_kept_buckets(s3, parameters)
        if kept:
            report(f"taking {', '.join(kept.values())} back into stack {stack}")
            import_buckets(cloudformation, stack=stack, buckets=kept, report=report)
            status = read_status(cloudformation, stack)
    change: ChangeType = "CREATE" if status is None else "UPDATE"
    template = {"TemplateURL": template_url}
    if not apply_change_set(cloudformation, stack=stack, change=change, template=template, parameters=parameters, report=report):
        report(f"stack {stack}: nothing to change")


def _clear_the_way(cloudformation: Any, stack: str, *, on_emulator: bool, report: Report) -> str | None:
    """The status to start from, after what cannot be updated has been removed. None: there is no stack."""
    status = wait_until_idle(cloudformation, stack, timeout_s=PATIENCE_EMULATOR_S if on_emulator else PATIENCE_AWS_S)
    if status is None:
        return None
    stuck = status.endswith(("_IN_PROGRESS", "_FAILED")) and status not in BROKEN
    if status in BROKEN or (stuck and on_emulator):
        report(f"removing stack {stack}, which is in {status}; its buckets stay")
        delete_stack(cloudformation, stack)
        return None
    if stuck:
        raise DeployError(
            f"stack {stack} is in {status}; wait, or finish it with the AWS tools (continue-update-rollback), then deploy again."
        )
    return status
