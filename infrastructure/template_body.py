"""Reads `template.yaml`, with CloudFormation's short forms, and writes it as compact JSON, in which two of one meaning are one: a comment
changes no stack.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

TEMPLATE = Path(__file__).with_name("template.yaml")


class CloudFormationLoader(yaml.SafeLoader):
    """Reads `!Ref x` as {"Ref": x}, `!GetAtt A.b` as {"Fn::GetAtt": ["A", "b"]} and so on."""


def _construct_intrinsic(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value = str(loader.construct_scalar(node))
        return {name: value.split(".", 1) if suffix == "GetAtt" else value}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)  # noqa: S101  # YAML knows no fourth kind of node
    return {name: loader.construct_mapping(node, deep=True)}


CloudFormationLoader.add_multi_constructor("!", _construct_intrinsic)


def read_template(path: Path = TEMPLATE) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load(path.read_text("utf-8"), CloudFormationLoader)  # noqa: S506  # a SafeLoader, with tags of our own
    return loaded


def make_body(path: Path = TEMPLATE) -> str:
    """The same for the same template, so that CloudFormation sees that nothing changed."""
    return json.dumps(read_template(path), separators=(",", ":"), ensure_ascii=False)
