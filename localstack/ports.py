"""Which port each part gets: the one of last time where it is free, so that addresses that were noted down stay true."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from localstack.preflight import DEFAULT_PORT, is_port_free

S3_PORT = 4566
FIRST, SPAN = 20_000, 10_000  # below the ports that systems give to outgoing connections


class PortTakenError(Exception):
    """A port that was asked for by name is taken."""


@dataclass(frozen=True, slots=True)
class Ports:
    front: int
    s3: int
    mongod: int
    broker: int
    controller: int  # of Apache Kafka, where that is the broker


def choose_ports(home: Path, environ: Mapping[str, str]) -> Ports:
    remembered = _read(home / "ports.json")
    chosen: list[int] = []

    def choose(name: str, *wished: int) -> int:
        candidates: list[int] = [remembered.get(name, 0), *wished, *_spread(f"{home}/{name}")]
        port: int = next(each for each in candidates if each and each not in chosen and is_port_free(each))
        chosen.append(port)
        return port

    front = _demand(int(environ.get("PORT") or DEFAULT_PORT), variable="PORT")
    s3 = _demand(int(environ["S3_PORT"]), variable="S3_PORT") if environ.get("S3_PORT") else choose("s3", S3_PORT)
    chosen += [front, s3]
    ports = Ports(front=front, s3=s3, mongod=choose("mongod"), broker=choose("broker"), controller=choose("controller"))
    record = {"s3": ports.s3, "mongod": ports.mongod, "broker": ports.broker, "controller": ports.controller}
    (home / "ports.json").write_text(json.dumps(record), "utf-8")
    return ports


def _demand(port: int, *, variable: str) -> int:
    if not is_port_free(port):
        raise PortTakenError(
            f"Port {port} is taken by another program: stop it, or choose another, for example: make run {variable}={port + 1}"
        )
    return port


def _spread(seed: str) -> range:
    """A run of ports that differs from folder to folder, so that two systems on one machine do not run for the same."""
    begin = FIRST + zlib.crc32(seed.encode()) % (SPAN - 200)
    return range(begin, begin + 200)


def _read(path: Path) -> dict[str, int]:
    try:
        remembered = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(name): int(port) for name, port in remembered.items()} if isinstance(remembered, dict) else {}
