"""What a person sets for `make run` reaches the functions too, not only the pages: two parts that disagree lose plays."""

from __future__ import annotations

from chalicelib.config import RUN_FILE_SETTINGS
from infrastructure.stage_parameters import PARAMETER_OF, read_defaults
from localstack.settings import CHOICES, PASSED_ON, make_parameters, name_choices
from localstack.surroundings import Addresses

ADDRESSES = Addresses("mongodb://127.0.0.1:1", "127.0.0.1:2", "http://127.0.0.1:3")


def test_an_experiment_reaches_the_functions() -> None:
    given = make_parameters({"ARMS": "plays:1,mean:1", "EXPERIMENT": "autumn", "TASTE": "mean"}, ADDRESSES)
    assert (given["Arms"], given["Experiment"], given["Taste"]) == ("plays:1,mean:1", "autumn", "mean")


def test_functions_and_pages_mean_the_same_database_and_topic() -> None:
    given = make_parameters({"MONGODB_DATABASE": "mine", "PLAYS_TOPIC": "heard"}, ADDRESSES)
    assert (given["MongodbDatabase"], given["PlaysTopic"]) == ("mine", "heard")


def test_what_nobody_set_is_the_templates_default() -> None:
    assert not make_parameters({"ARMS": ""}, ADDRESSES).keys() & {"MongodbDatabase", "PlaysTopic", "Taste", "Arms", "Experiment"}


def test_each_variable_has_the_name_that_a_deployment_gives_it() -> None:
    assert {name: PARAMETER_OF[name] for name in PASSED_ON} == PASSED_ON
    assert set(PASSED_ON.values()) <= read_defaults().keys() | {"KafkaSaslUsername", "KafkaSaslPassword"}


def test_a_command_from_another_terminal_is_told_what_was_chosen() -> None:
    assert name_choices({"ARMS": "plays:1", "TASTE": "", "MONGODB_URI": "mongodb://secret"}) == {"arms": "plays:1"}
    assert {RUN_FILE_SETTINGS[name.lower()] for name in CHOICES} == set(CHOICES)
