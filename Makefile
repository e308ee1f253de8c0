# `make` alone lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ROOMS := runner dashboard services memory_report benchmarks

.DEFAULT_GOAL := help
.PHONY: help install run test again lint format types report gate bench lock clean all

help: ## List the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

install: $(VENV)/installed ## Make the environment: what running needs, compiled

run: install ## Serve on http://127.0.0.1:3000 (HOST, PORT)
	@$(BIN)/python -m compileall -q $(ROOMS)
	@exec $(BIN)/python -m runner

test: $(VENV)/installed-test ## Install what the tests need, and pass them
	@tools/install_programs.sh
	@$(BIN)/python -m compileall -q $(ROOMS)
# Any code but 1 ended the run early: `again` must not pass for what was not run.
	$(BIN)/python -m pytest -q || { code=$$?; test $$code = 1 || rm -rf .pytest_cache; exit $$code; }

again: $(VENV)/installed-test ## Run the tests that failed last once more, by name
	@echo "These tests failed, and run once more by themselves:"
	$(BIN)/python -m pytest -v --last-failed --last-failed-no-failures none

lint: $(VENV)/installed-test ## Check form, types and the walls of the house
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_house.py tests/test_docs.py

format: $(VENV)/installed-test ## Bring the code into form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

report: $(VENV)/installed-test ## Measure the memory of all arrangements (8 minutes), print the report and keep it
	@$(BIN)/python -m compileall -q $(ROOMS)
	@tools/report.sh $(BIN)/python

gate: install ## The same in short, failing when it saves less than 50 %
	@$(BIN)/python -m compileall -q $(ROOMS)
	@$(BIN)/python -m memory_report measure --quick --min-saving 50 --max-pss 58

bench: $(VENV)/installed-test ## Time both arrangements side by side (minutes)
	@$(BIN)/python -m compileall -q $(ROOMS)
	@$(BIN)/python -m benchmarks

lock: ## Pin all dependencies with their hashes anew (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url -q pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url -q pyproject.toml --extra libsql --extra queue --extra report --extra png --extra test --extra lint -c requirements.lock -o requirements-test.lock

clean: ## Remove what was installed and built, not your data
	rm -rf $(VENV) build *.egg-info .mypy_cache .pytest_cache .ruff_cache

all: lint test report ## Everything that CI does, and the full report

$(VENV)/installed: requirements.lock tools/install.sh
	@tools/install.sh "$(PYTHON)" $(VENV) requirements.lock
	@touch $@

$(VENV)/installed-test: requirements-test.lock tools/install.sh
	@tools/install.sh "$(PYTHON)" $(VENV) requirements-test.lock
	@touch $@ $(VENV)/installed
