"""cfn-lint and checkov over the real template, checkov out of its own locked environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from infrastructure.errors import PackageError
from infrastructure.lint_template import judge, provide_checkov, read_exceptions, run_cfn_lint, run_checkov
from infrastructure.template_body import TEMPLATE
from tests.conftest import give_up

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def checkov() -> Path:
    try:
        return provide_checkov(ROOT / ".timbre")
    except PackageError as exc:
        give_up(f"checkov cannot be installed here: {exc}")


def test_the_template_has_no_finding_without_a_reason(checkov: Path) -> None:
    faults, idle = judge(run_cfn_lint() + run_checkov(checkov), read_exceptions())
    assert not faults, "\n".join(map(str, faults))
    assert not idle


def test_a_public_bucket_and_a_wrong_property_would_be_found(checkov: Path, tmp_path: Path) -> None:
    template = tmp_path / "open.yaml"
    template.write_text(
        "Resources:\n"
        "  Open:\n"
        "    Type: AWS::S3::Bucket\n"
        "    Properties:\n"
        "      BucketNme: open\n"
        "  Closed:\n"
        "    Type: AWS::SQS::Queue\n"
        "    Properties:\n"
        "      KmsMasterKeyId: alias/mine\n"
    )
    assert {"CKV_AWS_53", "CKV_AWS_54"} <= {finding.rule for finding in run_checkov(checkov, template)}
    assert "E3002" in {finding.rule for finding in run_cfn_lint(template)}


def test_a_checkout_whose_path_looks_like_a_secret_key_changes_nothing(checkov: Path, tmp_path: Path) -> None:
    folder = tmp_path / f"-{'a' * 31}"
    folder.mkdir()
    template = folder / "template.yaml"
    template.write_bytes(TEMPLATE.read_bytes())
    assert set(run_checkov(checkov, template)) == set(run_checkov(checkov))
