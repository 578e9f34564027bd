"""What an emulator finds when it is started: the folders and ports of this machine, what else it is to bring along, and the addresses of
everything, which can be others from inside a function.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from localstack.ports import Ports


@dataclass(frozen=True, slots=True)
class Addresses:
    mongodb_uri: str
    kafka: str
    endpoint_url: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    root: Path
    home: Path
    ports: Ports
    bring: frozenset[str]  # of "mongod" and "broker", those that are to come with the emulator
    here: Addresses  # seen from this machine
