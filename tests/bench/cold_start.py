"""From a fresh process to the first answer, of each function and of the API's `GET /login`, from the real zips and layers, as JSON lines;
beside each what its third-party imports alone cost, so that the difference is ours. Real mongod, S3 and SQS by moto.

python -m tests.bench.cold_start   (RUNS=5 repeats)
"""

from __future__ import annotations

import json
import logging
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

import boto3
from moto.server import ThreadedMotoServer

from chalicelib.storage.mongo import connect, ensure_indexes
from infrastructure.api_bytecode import provide_bytecode
from infrastructure.api_package import API_LAYERS, build_api_package, copy_project, list_api_sources, package_project
from infrastructure.package import LAYERS_OF_FUNCTION, ROOT, build_packages
from infrastructure.toolchain import compile_bytecode
from infrastructure.zips import Archive
from localstack.gateway_event import HttpRequest, Route, build_event
from localstack.mongod import answers_ping, become_primary, describe_mongod, make_uri
from tests.e2e.machine import find_free_port

RUNS = int(os.environ.get("RUNS", "5"))
LAMBDA_BRINGS = ("boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "six", "urllib3")
OURS = ("chalicelib", "handler", "app")
KEYS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
EVENTS = {  # the least of each that is no empty event: an object that is gone, a play of nobody, a dead letter, an empty catalogue
    "extract_features": "s3_by_sqs_space_and_plus",
    "build_index": "schedule",
    "recommend": "kafka_self_managed",
    "relay_plays": "schedule",
    "record_dead_letter": "dead_plays",
}
ANSWERED = "ANSWERED"
CONTEXT = """
class Context:
    function_name = "timbre"; function_version = "$LATEST"; memory_limit_in_mb = 512; aws_request_id = "cold"
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:timbre"
    def get_remaining_time_in_millis(self): return 30_000
"""
START = f"""
import json, sys
spec = json.loads(sys.argv[1])
sys.path[:0] = spec["folders"]
{CONTEXT}
module, name = spec["handler"]
answer = getattr(__import__(module), name)(spec["event"], Context())
assert answer.get("statusCode", 200) == 200 and not answer.get("batchItemFailures"), answer
print("{ANSWERED}", flush=True)
if spec["lists"]:
    print(json.dumps([name for name, module in list(sys.modules.items()) if getattr(module, "__spec__", None)]))
"""
IMPORT = f"""
import importlib, json, sys
spec = json.loads(sys.argv[1])
sys.path[:0] = spec["folders"]
for name in spec["modules"]:
    try:
        importlib.import_module(name)
    except Exception:  # a module that was put together at run time cannot be imported by its name
        pass
print("{ANSWERED}", flush=True)
"""


@dataclass(frozen=True, slots=True)
class Subject:
    name: str
    folders: tuple[str, ...]
    handler: tuple[str, str]
    event: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Cost:
    wall_s: float
    cpu_s: float


def start_fresh(script: str, spec: Mapping[str, object], settings: Mapping[str, str]) -> tuple[Cost, str]:
    """From the start of the process to its answer; the processor's time is all that it used until its end."""
    python = str(Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.perf_counter()
    with TemporaryFile("w+") as complaints:
        process = subprocess.Popen(
            [python, "-S", "-I", "-B", "-c", script, json.dumps(spec)],
            env=dict(settings),
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
        )
        assert process.stdout is not None
        answered = any(line.strip() == ANSWERED for line in process.stdout)
        wall_s = time.perf_counter() - begin
        rest = process.stdout.read()
        if process.wait() != 0 or not answered:
            complaints.seek(0)
            raise RuntimeError(f"no answer: {complaints.read()[-3000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(wall_s, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime), rest


def measure(subject: Subject, settings: Mapping[str, str]) -> dict[str, object]:
    spec = {"folders": subject.folders, "handler": subject.handler, "event": subject.event, "lists": False}
    _, listed = start_fresh(START, {**spec, "lists": True}, settings)
    modules = [name for name in json.loads(listed) if name.partition(".")[0] not in OURS and name != "__main__"]
    bare_spec = {"folders": subject.folders, "modules": modules}
    pairs = [(start_fresh(START, spec, settings)[0], start_fresh(IMPORT, bare_spec, settings)[0]) for _ in range(RUNS)]
    median = statistics.median
    answer_s, imports_s = median(answer.wall_s for answer, _ in pairs), median(bare.wall_s for _, bare in pairs)
    answer_cpu_s, imports_cpu_s = median(answer.cpu_s for answer, _ in pairs), median(bare.cpu_s for _, bare in pairs)
    return {
        "bench": "cold_start",
        "subject": subject.name,
        "runs": RUNS,
        "answer_median_s": round(answer_s, 3),
        "bare_imports_median_s": round(imports_s, 3),
        "ours_s": round(answer_s - imports_s, 3),
        "answer_cpu_s": round(answer_cpu_s, 3),
        "bare_imports_cpu_s": round(imports_cpu_s, 3),
        "modules": len(modules),
    }


def list_subjects(folder: Path) -> list[Subject]:
    packages = build_packages("local", python=Path(sys.executable), out=ROOT / "build", report=_ignore)
    api = build_api_package(python=Path(sys.executable), out=ROOT / "build", report=_ignore)
    brought = copy_boto3(folder / "boto3")
    layers = {name: f"{unpack(archive, folder / 'layers' / name)}/python" for name, archive in packages.layers.items()}

    def find_folders(archive: Archive, name: str, layer_names: tuple[str, ...]) -> tuple[str, ...]:
        return (unpack(archive, folder / name), *(layers[layer] for layer in layer_names), brought)

    login = build_event(HttpRequest("GET", "/login", "", {"host": "127.0.0.1"}, b"", "127.0.0.1"), Route("/login", {}), binary_types=())
    zips = {"GET /login": api, **deploy_plainly(folder)}
    subjects = [Subject(name, find_folders(zips[name], f"api-{i}", API_LAYERS), ("app", "app"), login) for i, name in enumerate(zips)]
    for name, archive in packages.functions.items():
        subjects.append(Subject(name, find_folders(archive, name, LAYERS_OF_FUNCTION[name]), ("handler", "handle"), read_event(name)))
    return subjects


def deploy_plainly(folder: Path) -> dict[str, Archive]:
    """What `chalice deploy` sends, without what `make deploy` puts beside the sources for it, and with it."""
    project, python = folder / "project", Path(sys.executable)
    copy_project(ROOT, list_api_sources(ROOT), project)
    bare = shutil.copyfile(package_project(project), folder / "bare.zip")
    provide_bytecode(project, target="local", python=python, out=ROOT / "build", report=_ignore)
    compiled = shutil.copyfile(package_project(project), folder / "compiled.zip")
    return {"GET /login by chalice deploy": Archive(compiled, 0), "GET /login by chalice deploy, no bytecode": Archive(bare, 0)}


def read_event(function: str) -> dict[str, object]:
    """As AWS sends it, but of our buckets."""
    recorded = (ROOT / "tests" / "events" / f"{EVENTS[function]}.json").read_text()
    event: dict[str, object] = json.loads(recorded.replace("timbre-dev-music", "music"))
    return event


def unpack(archive: Archive, to: Path) -> str:
    with zipfile.ZipFile(archive.path) as zipped:
        zipped.extractall(to)
    return str(to)


def copy_boto3(folder: Path) -> str:
    """boto3 and what it needs, as Lambda brings it, compiled, and nothing else of our environment."""
    for name in LAMBDA_BRINGS:
        for path in distribution(name).files or ():
            if path.parts[0] != ".." and "__pycache__" not in path.parts:
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(str(path.locate()), folder / path)
    compile_bytecode(folder, python=Path(sys.executable))
    return str(folder)


@contextmanager
def run_mongod(home: Path) -> Iterator[str]:
    port = find_free_port()
    spec = describe_mongod(home, port=port)
    server = subprocess.Popen(spec.command, env=dict(spec.environment), stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not answers_ping(port):
            if time.monotonic() > deadline or server.poll() is not None:
                raise RuntimeError("mongod does not start")
            time.sleep(0.05)
        become_primary(port)
        ensure_indexes(connect(make_uri(port), "music_database"))
        yield make_uri(port)
    finally:
        server.terminate()
        server.wait()


@contextmanager
def run_aws() -> Iterator[dict[str, str]]:
    """The settings that lead to two buckets and two queues."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint_url = f"http://{host}:{port}"
    known = {"endpoint_url": endpoint_url, "region_name": "us-east-1", "aws_access_key_id": "test", "aws_secret_access_key": "test"}
    s3, sqs = boto3.client("s3", **known), boto3.client("sqs", **known)
    for bucket in ("music", "index"):
        s3.create_bucket(Bucket=bucket)
    queues = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("builds", "uploads")}
    try:
        yield {"AWS_ENDPOINT_URL": endpoint_url, "BUILD_QUEUE_URL": queues["builds"], "UPLOADS_QUEUE_URL": queues["uploads"]}
    finally:
        server.stop()


def _ignore(_: str) -> None:
    """The sizes are said by whoever packages."""


def main() -> None:
    with TemporaryDirectory(prefix="timbre-cold-") as name, run_mongod(Path(name) / "home") as mongodb_uri, run_aws() as aws:
        settings = {
            **KEYS,
            **aws,
            "MONGODB_URI": mongodb_uri,
            "MUSIC_BUCKET": "music",
            "INDEX_BUCKET": "index",
            "TMPDIR": name,
            "HOME": name,
        }
        for subject in list_subjects(Path(name)):
            print(json.dumps(measure(subject, settings)), flush=True)


if __name__ == "__main__":
    sys.exit(main())
