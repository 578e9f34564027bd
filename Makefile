# Finds a Python and calls it: everything else is in localstack/start.py. Works with GNU make 3.81.
SUITABLE := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for p in python3 python3.12 python3.13 python3.11; do \
	if $$p -c '$(SUITABLE)' >/dev/null 2>&1; then echo $$p; exit; fi; done; echo python3)
VENV := .venv/bin/python
STAGE ?= dev

.PHONY: help run test test-long check bench lock deploy poll destroy clean set-up-tests

help:
	@echo "make run            everything on this machine, with demo music (MUSIC=~/Music: your own; PORT=8000)"
	@echo "make test           set up and run all tests"
	@echo "make test-long      what takes many minutes: 2,000 mutated MP3s, songs of an hour"
	@echo "make check          format, lint, types, import rules, unit and contract tests"
	@echo "make bench          the benchmarks, one JSON object a line (LONG=yes: with the index of a million songs, hours)"
	@echo "make lock           every lock file anew from pyproject.toml and layers/*/requirements.in"
	@echo "make deploy         to AWS, or to what AWS_ENDPOINT_URL names (STAGE=dev)"
	@echo "make poll           on an emulator: Kafka for a deployed stage, which AWS polls by itself (STAGE=dev)"
	@echo "make destroy        undoes it (STAGE=dev; the bucket with the music stays unless MUSIC_TOO=yes)"
	@echo "make clean          remove what was built (data in .timbre/ and .venv/ stay)"

run:
	@$(PYTHON) localstack/start.py

set-up-tests:
	@$(PYTHON) localstack/start.py --for test

test: set-up-tests
	@$(VENV) -m pytest $(ARGS)

test-long: set-up-tests
	@$(VENV) -m pytest -m long $(ARGS)

check: set-up-tests
	@$(VENV) -m ruff format --check .
	@$(VENV) -m ruff check .
	@$(VENV) -m mypy
	@.venv/bin/lint-imports
	@$(VENV) -m infrastructure.lint_template
	@$(VENV) -m pytest -q -n auto --dist loadfile tests/unit tests/contract

bench:
	@$(PYTHON) localstack/start.py --for bench
	@LONG=$(LONG) $(VENV) -m tests.bench

lock: set-up-tests
	@$(VENV) -m infrastructure.lock_dependencies

deploy: set-up-tests
	@$(VENV) -m infrastructure.deploy_stage --stage $(STAGE)

poll: set-up-tests
	@$(VENV) -m localstack.poll_stage --stage $(STAGE)

destroy: set-up-tests
	@MUSIC_TOO=$(MUSIC_TOO) $(VENV) -m infrastructure.destroy_stage --stage $(STAGE)

clean:
	@rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -not -path './.venv/*' -not -path './.timbre/*' -prune -exec rm -rf {} +
