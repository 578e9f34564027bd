"""Looks through template.yaml with cfn-lint (is it CloudFormation?) and checkov (is it secure?). What they may say stands, each with its
reason, in `linters/exceptions.yaml`; an exception that nothing needs any more is a fault too.

python -m infrastructure.lint_template
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from infrastructure.build_cache import hash_inputs
from infrastructure.errors import PackageError
from infrastructure.template_body import TEMPLATE
from infrastructure.toolchain import find_uv, run_tool

ROOT = Path(__file__).resolve().parents[1]
FOLDER = Path(__file__).with_name("linters")
EXCEPTIONS = FOLDER / "exceptions.yaml"
LOCK = FOLDER / "requirements.txt"


class Finding(msgspec.Struct, frozen=True, order=True):
    linter: str
    rule: str
    resource: str
    message: str

    def __str__(self) -> str:
        return f"{self.linter} {self.rule} {self.resource}: {self.message}"


class LintException(msgspec.Struct, frozen=True):
    rule: str
    resources: tuple[str, ...]
    reason: str


Exceptions = dict[str, list[LintException]]


def read_exceptions() -> Exceptions:
    return msgspec.yaml.decode(EXCEPTIONS.read_bytes(), type=Exceptions)


def judge(findings: Sequence[Finding], exceptions: Exceptions) -> tuple[list[Finding], list[str]]:
    """Findings that no exception covers, and exceptions ("checkov CKV_1 MusicBucket") that cover nothing."""
    excepted = {(linter, each.rule, resource) for linter, given in exceptions.items() for each in given for resource in each.resources}
    found = {(finding.linter, finding.rule, finding.resource) for finding in findings}
    faults = [finding for finding in findings if (finding.linter, finding.rule, finding.resource) not in excepted]
    return sorted(faults), [" ".join(key) for key in sorted(excepted - found)]


def run_cfn_lint(template: Path = TEMPLATE) -> list[Finding]:
    command = [sys.executable, "-c", "from cfnlint.runner import main; main()", "--format", "json", "--", str(template)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if not done.stdout.strip():
        raise PackageError(f"cfn-lint failed:\n{done.stderr}")
    return [
        Finding("cfn-lint", each["Rule"]["Id"], str((each["Location"].get("Path") or ["", ""])[1]), each["Message"])
        for each in json.loads(done.stdout)
    ]


def run_checkov(python: Path, template: Path = TEMPLATE) -> list[Finding]:
    """Offline: neither its platform nor its policies are asked for. It runs in the template's folder: the path that it is given turns up
    among the values that it looks at, and one of 40 characters is a secret key to it (CKV_AWS_45)."""
    command: list[str | Path] = [python.absolute(), "-m", "checkov.main", "--file", template.name, "--framework", "cloudformation"]
    command += ["--output", "json", "--compact", "--soft-fail", "--skip-download"]
    report = json.loads(run_tool(command, what="checkov", cwd=template.parent))
    if report["summary"]["parsing_errors"] or not report["summary"]["passed"]:
        raise PackageError(f"checkov could not read the template: {report['summary']}")
    return [
        Finding("checkov", each["check_id"], each["resource"].rpartition(".")[2], each["check_name"])
        for each in report["results"]["failed_checks"]
    ]


def provide_checkov(home: Path) -> Path:
    """The Python of an environment with the lock, made at the first call. PackageError where it cannot be had."""
    folder = home / f"linters-{hash_inputs([LOCK.read_bytes()])[:12]}"
    python = folder / "bin" / "python"
    if not (folder / "complete").is_file():
        run_tool([find_uv(), "venv", "-q", "--clear", "--python", sys.executable, folder], what="making an environment for checkov")
        run_tool([find_uv(), "pip", "install", "-q", "--python", python, "--require-hashes", "-r", LOCK], what="installing checkov")
        (folder / "complete").touch()
    return python


def main() -> int:
    findings = run_cfn_lint() + run_checkov(provide_checkov(ROOT / ".timbre"))
    faults, idle = judge(findings, read_exceptions())
    for line in (*map(str, faults), *(f"an exception that nothing needs: {one}" for one in idle)):
        print(line)
    if not faults and not idle:
        print(f"template.yaml: clean, {len(findings)} findings are excepted with their reasons")
    return 1 if faults or idle else 0


if __name__ == "__main__":
    sys.exit(main())
