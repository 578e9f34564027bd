"""What is asked of Docker before anything is started, and what is said of each thing that is missing. `docker` is a script of the test's
own.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from localstack.docker_engine import ContainerError, Docker, DockerUnavailableError, find_docker, name_project, needs_token
from localstack.docker_localstack import DockerLocalStack
from localstack.ports import Ports
from localstack.surroundings import Addresses, Surroundings

MakeDocker = Callable[[str], dict[str, str]]
HERE = Addresses("mongodb://127.0.0.1:7/?directConnection=true", "127.0.0.1:8", "http://127.0.0.1:6")


@pytest.fixture
def make_docker(tmp_path: Path) -> MakeDocker:
    """The environment in which `docker` is a shell script with this body."""

    def make(body: str) -> dict[str, str]:
        command = tmp_path / "bin" / "docker"
        command.parent.mkdir()
        command.write_text(f"#!/bin/sh\necho \"$@\" >> '{tmp_path}/calls'\n{body}\n")
        command.chmod(0o755)
        return {"PATH": f"{command.parent}:/usr/bin:/bin"}

    return make


def open_docker(environment: dict[str, str]) -> Docker:
    return Docker(environment["PATH"].split(":")[0] + "/docker", "timbre-test", environment)


def surround(tmp_path: Path, *bring: str) -> Surroundings:
    return Surroundings(tmp_path, tmp_path, Ports(front=1, s3=6, mongod=7, broker=8, controller=9), frozenset(bring), HERE)


def test_without_docker_one_sentence_names_the_way_without(tmp_path: Path) -> None:
    with pytest.raises(DockerUnavailableError, match=r"there is no `docker` here; EMULATOR=localstack does without\.$"):
        find_docker({"PATH": str(tmp_path)})


@pytest.mark.parametrize(
    ("fails", "said"), [("compose", "Docker's compose plugin is missing"), ("info", "no Docker engine answers")], ids=["plugin", "engine"]
)
def test_what_does_not_answer_is_named_in_one_sentence(make_docker: MakeDocker, fails: str, said: str) -> None:
    with pytest.raises(DockerUnavailableError, match=said) as refused:
        find_docker(make_docker(f'[ "$1" != {fails} ]'))
    assert "\n" not in str(refused.value)


def test_an_image_that_wants_an_account_is_refused_without_a_token(make_docker: MakeDocker) -> None:
    environ = make_docker("exit 0") | {"LOCALSTACK_IMAGE": "localstack/localstack:2026.3.0"}
    with pytest.raises(DockerUnavailableError, match="set LOCALSTACK_AUTH_TOKEN"):
        find_docker(environ)
    assert find_docker(environ | {"LOCALSTACK_AUTH_TOKEN": "a token"}).endswith("/bin/docker")


def test_keeping_data_wants_an_account(make_docker: MakeDocker) -> None:
    with pytest.raises(DockerUnavailableError, match="LOCALSTACK_PERSISTENCE=1 wants an account"):
        find_docker(make_docker("exit 0") | {"LOCALSTACK_PERSISTENCE": "1"})


@pytest.mark.parametrize(
    ("image", "wanted"),
    [
        ("localstack/localstack:4.14.0", False),
        ("localstack/localstack:3.8.1", False),
        ("docker.io/localstack/localstack:4.14", False),
        ("localstack/localstack:4.15.0", True),
        ("localstack/localstack:latest", True),
        ("localstack/localstack", True),
        ("localstack/localstack-pro:4.14.0", True),
    ],
)
def test_images_from_march_2026_on_need_a_token(image: str, wanted: bool) -> None:
    assert needs_token(image) is wanted


def test_progress_is_shown_line_by_line(make_docker: MakeDocker, tmp_path: Path) -> None:
    said: list[str] = []
    open_docker(make_docker("echo ' kafka Pulling' >&2; echo ' kafka Healthy'")).up(["kafka"], said.append)
    assert [line.strip() for line in said] == ["kafka Pulling", "kafka Healthy"]
    assert (tmp_path / "calls").read_text().strip().endswith("--project-name timbre-test up --detach --wait kafka")


def test_containers_that_do_not_come_up_are_told_with_their_last_words(make_docker: MakeDocker) -> None:
    environment = make_docker(
        'case "$*" in *logs*) echo "java.lang.OutOfMemoryError";; *) echo "container kafka is unhealthy"; exit 1;; esac'
    )
    with pytest.raises(ContainerError, match=r"(?s)kafka is unhealthy.*OutOfMemoryError"):
        open_docker(environment).up(["kafka"], lambda _: None)


def test_the_end_of_a_container_is_its_exit_code(make_docker: MakeDocker) -> None:
    """137: killed, as by the out-of-memory killer."""
    assert open_docker(make_docker('case "$1" in wait) echo 137;; *) echo 0a1b2c;; esac')).wait("kafka") == 137


def test_a_container_that_is_gone_has_ended(make_docker: MakeDocker) -> None:
    assert open_docker(make_docker("exit 0")).wait("kafka") == 1


def test_two_data_folders_have_containers_and_volumes_of_their_own(tmp_path: Path) -> None:
    assert name_project(tmp_path / "a") == name_project(tmp_path / "a") != name_project(tmp_path / "b")


def test_functions_reach_the_servers_by_name_and_what_a_person_brought_by_its_address(tmp_path: Path) -> None:
    emulator = DockerLocalStack({}, docker="docker", python=tmp_path)
    all_of_it = emulator.reach(surround(tmp_path, "mongod", "broker"))
    assert all_of_it == Addresses("mongodb://mongodb:27017/?directConnection=true", "kafka:19092", "http://localstack:6")
    assert emulator.reach(surround(tmp_path)) == Addresses(HERE.mongodb_uri, HERE.kafka, "http://localstack:6")


def test_only_what_is_wanted_is_brought_up_each_with_a_holder_of_its_own(make_docker: MakeDocker, tmp_path: Path) -> None:
    environ = make_docker("exit 0") | {"AWS_SECRET_ACCESS_KEY": "of a real account", "LOCALSTACK_AUTH_TOKEN": "a token"}
    emulator = DockerLocalStack(environ, docker=find_docker(environ), python=tmp_path)
    around = surround(tmp_path, "mongod")
    emulator.prepare(around, lambda _: None)
    emulator.stop(around)
    calls = (tmp_path / "calls").read_text().splitlines()
    assert calls[-2].endswith("up --detach --wait mongodb localstack")
    assert calls[-1].endswith("stop")
    specs = emulator.describe(around)
    assert [spec.name for spec in specs] == ["mongod", "emulator"]
    for spec in specs:
        assert spec.environment["MONGODB_PORT"] == "7"
        assert "AWS_SECRET_ACCESS_KEY" not in spec.environment
        assert "a token" not in " ".join(spec.command), "everybody on the machine can read a command"


def test_data_is_kept_only_where_localstack_keeps_it(tmp_path: Path) -> None:
    assert DockerLocalStack({"LOCALSTACK_PERSISTENCE": "1"}, docker="docker", python=tmp_path).keeps_data
    assert not DockerLocalStack({"LOCALSTACK_AUTH_TOKEN": "t"}, docker="docker", python=tmp_path).keeps_data
