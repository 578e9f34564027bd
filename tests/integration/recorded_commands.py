"""What is sent to MongoDB, one sample of each shape, and what explain() says of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pymongo.monitoring import CommandListener, CommandStartedEvent

from chalicelib.storage.mongo import MongoDatabase

QUERIES = {"find", "aggregate", "count", "distinct", "update", "delete", "findAndModify"}
_BATCHES = {"update": "updates", "delete": "deletes"}  # explain() takes one write at a time
_OF_SESSION = {"lsid", "txnNumber", "startTransaction", "autocommit", "readConcern", "writeConcern", "maxTimeMS", "$db", "$clusterTime"}
_SAMPLES = 3  # of one shape: values can make another plan
_SCANS = {"COLLSCAN"}
_SORTS = {"SORT", "$sort"}
_ECHOES = {  # of what was asked, and of plans that were not chosen; in a $lookup's own pipeline a sort shows by how much is read
    "rejectedPlans",
    "command",
    "allPlansExecution",
    "serverParameters",
    "pipeline",
}

Command = dict[str, Any]  # as BSON has it


@dataclass(frozen=True, slots=True)
class Recorded:
    by: str  # who had it sent first: a route, a function
    command: Command


@dataclass(frozen=True, slots=True)
class Plan:
    """`keys` and `documents` were looked at to return `returned`."""

    recorded: Recorded
    stages: frozenset[str]
    keys: int
    documents: int
    returned: int
    limit: int

    @property
    def scans(self) -> bool:
        return bool(self.stages & _SCANS)

    @property
    def sorts_in_memory(self) -> bool:
        return bool(self.stages & _SORTS)


class CommandRecorder(CommandListener):
    """`by` is said by who asks, before they ask."""

    def __init__(self) -> None:
        self.by = "nobody"
        self.is_on = False
        self.found: dict[str, list[Recorded]] = {}

    def started(self, event: CommandStartedEvent) -> None:
        if self.is_on and event.command_name in QUERIES:
            for command in _split(event.command_name, dict(event.command)):
                samples = self.found.setdefault(repr(_describe_shape(command)), [])
                if len(samples) < _SAMPLES and self.by not in {each.by for each in samples}:
                    samples.append(Recorded(self.by, command))

    def succeeded(self, event: object) -> None: ...

    def failed(self, event: object) -> None: ...

    def list_samples(self) -> list[Recorded]:
        return [each for samples in self.found.values() for each in samples]


def explain(database: MongoDatabase, recorded: Recorded) -> Plan:
    answer = database.command({"explain": recorded.command, "verbosity": "executionStats"})
    found = _Found()
    _collect(answer, found)
    return Plan(recorded, frozenset(found.stages), found.keys, found.documents, found.returned, _read_limit(recorded.command))


@dataclass(slots=True)
class _Found:
    stages: set[str] = field(default_factory=set)
    keys: int = 0
    documents: int = 0
    returned: int = 0


def _collect(part: Any, found: _Found) -> None:  # of explain's answer
    if isinstance(part, list):
        for each in part:
            _collect(each, found)
    if not isinstance(part, Mapping):
        return
    _read_facts(part, found)
    for name, value in part.items():
        if name not in _ECHOES:
            _collect(value, found)


def _read_facts(part: Mapping[str, Any], found: _Found) -> None:
    if isinstance(part.get("stage"), str):
        found.stages.add(part["stage"])
    found.stages.update(name for name in part if name == "$sort")  # a stage of a pipeline that no index does
    if int(part.get("collectionScans", 0)):  # of a $lookup
        found.stages.add("COLLSCAN")
    if "totalKeysExamined" in part:
        found.keys += int(part["totalKeysExamined"])
        found.documents += int(part["totalDocsExamined"])
        found.returned += int(part.get("nReturned", 0))


def _split(name: str, command: Command) -> Iterator[Command]:
    command = {key: value for key, value in command.items() if key not in _OF_SESSION}
    batch = _BATCHES.get(name)
    for write in command[batch] if batch else ():
        yield {**command, batch: [write]}  # type: ignore[dict-item]  # there is a batch, as there is a write
    if not batch:
        yield command


def _describe_shape(value: Any) -> Any:  # of a command: values by their types, so that two lists of ids are one shape
    if isinstance(value, Mapping):
        kept = {"hint", "sort", "$sort", "$exists", "status", "kind", "upsert"}
        named = {key: each if key in kept and not isinstance(each, list) else _describe_shape(each) for key, each in value.items()}
        first = next(iter(value), None)
        return {**named, **({first: value[first]} if first in QUERIES else {})}
    if isinstance(value, list | tuple):
        return sorted({repr(_describe_shape(each)) for each in value})
    return type(value).__name__


def _read_limit(command: Command) -> int:
    stages = [stage.get("$limit", 0) for stage in command.get("pipeline", ()) if isinstance(stage, Mapping)]
    return int(command.get("limit") or 0) + int(command.get("skip") or 0) + sum(stages)
