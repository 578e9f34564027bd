"""Which emulator runs, where its data lies, and what `chalice deploy` is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infrastructure.errors import DeployError
from infrastructure.stage_config import ONE_THREAD
from localstack.emulator_choice import HostLocalStack, MiniStack, UnknownEmulatorError, choose_emulator
from localstack.fresh_data import choose_data_folder, forget_data
from localstack.localstack_api import STAGE, make_stage_config, read_api_id
from localstack.localstack_emulator import describe_localstack

ROOT = Path(__file__).parents[3]


def test_ministack_runs_unless_localstack_is_asked_for() -> None:
    assert isinstance(choose_emulator({}), MiniStack)
    assert isinstance(choose_emulator({"EMULATOR": "localstack"}), HostLocalStack)


def test_an_unknown_emulator_is_named() -> None:
    with pytest.raises(UnknownEmulatorError, match="EMULATOR=moto is not known"):
        choose_emulator({"EMULATOR": "moto"})


def test_the_library_that_is_kept_is_out_of_reach_of_localstack(tmp_path: Path) -> None:
    beside = choose_data_folder(tmp_path, keeps_data=False)
    for folder in (tmp_path, beside):
        (folder / "mongod").mkdir()
        (folder / "demo-music.json").touch()
    forget_data(beside)
    assert (tmp_path / "mongod").is_dir()
    assert (tmp_path / "demo-music.json").is_file()
    assert list(beside.iterdir()) == []


def test_localstack_gets_nothing_of_the_persons_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of a real account")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    spec = describe_localstack(ROOT, tmp_path, port=4566)
    assert not {"AWS_SECRET_ACCESS_KEY", "PYTHONPATH"} & spec.environment.keys()
    assert spec.environment["GATEWAY_LISTEN"] == "127.0.0.1:4566"
    assert "-I" in spec.command, "with our root on its path, LocalStack would find our folder of its name"


def test_the_stage_is_made_of_the_stacks_outputs() -> None:
    outputs = {"SearchLayerArn": "arn:layer", "ApiRoleArn": "arn:role"}
    config = make_stage_config(ROOT, application={"MUSIC_BUCKET": "music"}, outputs=outputs)
    assert config["app_name"] == "timbre"
    assert list(config["stages"]) == [STAGE]
    assert config["stages"][STAGE]["layers"] == ["arn:layer"]
    assert config["stages"][STAGE]["environment_variables"] == {"MUSIC_BUCKET": "music", **ONE_THREAD}


def test_the_api_is_found_in_what_chalice_wrote_down(tmp_path: Path) -> None:
    record = tmp_path / ".chalice" / "deployed" / f"{STAGE}.json"
    record.parent.mkdir(parents=True)
    record.write_text(json.dumps({"resources": [{"resource_type": "rest_api", "rest_api_id": "abc123"}]}))
    assert read_api_id(tmp_path) == "abc123"
    record.write_text(json.dumps({"resources": []}))
    with pytest.raises(DeployError, match="made no REST API"):
        read_api_id(tmp_path)
