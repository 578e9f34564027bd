"""What `API=lambda` means, what it refuses, and what the function is told."""

from __future__ import annotations

import platform

import pytest

from infrastructure.api_package import ROOT, check_platform, list_api_sources
from infrastructure.errors import DeployError, PackageError
from infrastructure.stage_config import ONE_THREAD
from localstack.api_function import choose_settings, wants_api_function
from localstack.children import describe_front


def test_the_api_is_a_function_only_where_it_is_asked_for() -> None:
    assert wants_api_function({"API": "lambda"})
    assert not wants_api_function({"API": ""})
    assert not wants_api_function({})


@pytest.mark.parametrize("environ", [{"API": "fast"}, {"API": "lambda", "EMULATOR": "localstack"}])
def test_what_cannot_be_had_is_refused_in_a_sentence(environ: dict[str, str]) -> None:
    with pytest.raises(DeployError, match=f"API={environ['API']}"):
        wants_api_function(environ)


def test_the_function_is_told_the_settings_and_nothing_else_of_the_environment() -> None:
    environment = {"MONGODB_URI": "mongodb://db", "SECURE_COOKIES": "false", "AWS_ENDPOINT_URL": "http://e", "HOME": "/h", "TASTE": ""}
    told = {"MONGODB_URI": "mongodb://db", "SECURE_COOKIES": "false", "AWS_ENDPOINT_URL": "http://e"}
    assert choose_settings(environment) == told | ONE_THREAD


def test_the_front_serves_pages_with_one_thread_of_arithmetic() -> None:
    assert describe_front({"HOME": "/h", "OPENBLAS_NUM_THREADS": "8"}, port=1).environment == {"HOME": "/h", **ONE_THREAD}


def test_the_front_invokes_only_where_a_function_is_named() -> None:
    assert describe_front({}, port=1, invoke="timbre-local-api").command[-2:] == ("--invoke", "timbre-local-api")
    assert "--invoke" not in describe_front({}, port=1).command


def test_an_api_for_another_python_than_chalices_is_refused() -> None:
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        pytest.skip("Here every Python is refused.")
    check_platform(".".join(platform.python_version_tuple()[:2]))
    with pytest.raises(PackageError, match=r"Python 2\.7"):
        check_platform("2.7")


def test_the_api_is_packed_with_its_pages_and_without_stray_bytecode() -> None:
    names = {path.relative_to(ROOT).as_posix() for path in list_api_sources(ROOT)}
    assert {"app.py", "requirements.txt", "chalicelib/web/templates/login.html", "chalicelib/web/static/site.css"} <= names
    assert not [name for name in names if name.endswith(".pyc")]
