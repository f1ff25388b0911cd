# One command each: `make run`, `make test`, `make viz`. Every target sets itself up.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:

VENV ?= .venv
BIN := $(VENV)/bin
# Tests that need Spark share one process and its JVM (tests/conftest.py); the other process does the
# rest.
PYTEST = $(BIN)/pytest --numprocesses=2 --dist=loadgroup
# Seconds: fixtures of these tests are many runs.
LONG := 2400
# Options of `kedro run`, for example: make run ARGS="--params=images=/my/photos"
ARGS ?=

.PHONY: help run test viz app mlflow jupyter lock lint format types unit test-faults test-cluster test-tools bench docs audit accuracy clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.installed ## Run the whole job (kedro run), on the sample or on ARGS="--params=images=FOLDER"
	$(BIN)/kedro run $(ARGS)

test: lint types unit ## Lint, check types and run the tests

viz: $(VENV)/.installed ## Open Kedro-Viz in the browser
	$(BIN)/kedro viz run $(ARGS)

app: $(VENV)/.installed ## Serve the app of the last run on this machine
	$(BIN)/kedro fruits app $(ARGS)

mlflow: $(VENV)/.installed ## Compare recorded runs in the browser
	$(BIN)/kedro fruits mlflow $(ARGS)

jupyter: $(VENV)/.installed ## Open JupyterLab with the catalog loaded
	$(BIN)/kedro jupyter lab $(ARGS)

lint: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

format: $(VENV)/.installed-dev ## Format the code and fix what ruff can fix
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

types: $(VENV)/.installed-dev
	$(BIN)/mypy

unit: $(VENV)/.installed-dev
	@bash tools/require.sh chromium
	$(PYTEST) $(ARGS)

test-faults: $(VENV)/.installed-dev ## Kill, starve and damage real runs, and look at what is left (4 to 8 minutes)
	timeout --signal=INT 35m $(PYTEST) --timeout=$(LONG) -m faults tests/faults $(ARGS)

test-cluster: $(VENV)/.installed-dev ## The job on a real S3 server and real Spark clusters, compared with local (7 to 10 minutes)
	@bash tools/require.sh go
	timeout --signal=INT 40m $(BIN)/pytest --timeout=$(LONG) -m cluster tests/cluster $(ARGS)

test-tools: $(VENV)/.installed-dev ## Run the notebooks, and test the benchmark and the tools of developers
	$(BIN)/pytest -m tools tests/bench tests/tools tests/test_notebooks.py $(ARGS)

docs: $(VENV)/.installed-dev ## Write docs/configuration.md from the schema of parameters and conf/
	$(BIN)/python tools/write_docs.py

audit: $(VENV)/.installed-dev ## Known vulnerabilities and licences of everything in the lock files
	$(BIN)/python tools/audit.py

# PARTS are rounds, equality, growth and large; the same WORK continues an interrupted benchmark.
BENCH = $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(PARTS),--parts $(PARTS)) $(if $(WORK),--work "$(WORK)")
bench: $(VENV)/.installed-dev ## Measure beside a plain script and the original's way: make bench IMAGES=FOLDER [PARTS=rounds,… WORK=FOLDER ROUNDS=3]
	$(BIN)/python -m bench --images "$(IMAGES)" $(BENCH) $(ARGS)

accuracy: $(VENV)/.installed-dev ## Measure what each step gains and write it into docs/results.md: make accuracy IMAGES=FOLDER [WORK=FOLDER]
	$(BIN)/python -m tools.measure_accuracy --images "$(IMAGES)" $(if $(WORK),--work "$(WORK)") $(ARGS)

clean: ## Remove every output of a run; never touches data/01_raw
	bash tools/clean.sh

PIP_INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check

$(VENV)/.python:
	@bash tools/require.sh python java
	"$$(bash tools/require.sh which-python)" -m venv $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.python requirements.lock pyproject.toml
	@bash tools/require.sh java
	@echo "Installing the pinned packages into $(VENV) (once, a few minutes)"
	$(PIP_INSTALL) --require-hashes --requirement requirements.lock
	$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@echo "Keeping the classes that Spark loads, so that it starts earlier (once, half a minute)"
	$(BIN)/python tools/archive_classes.py $(VENV)/spark.jsa > $(VENV)/spark.jsa.log 2>&1 \
		|| echo "They could not be kept ($(VENV)/spark.jsa.log says why): Spark starts as always"
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.lock
	@echo "Installing the pinned development packages into $(VENV)"
	$(PIP_INSTALL) --require-hashes --requirement requirements-dev.lock
	@touch $@

COMPILE = $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --quiet \
	--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' --upgrade

lock: ## Compile the lock files anew from pyproject.toml
	@test -x $(BIN)/uv || { bash tools/require.sh python; "$$(bash tools/require.sh which-python)" -m venv $(VENV); \
		touch $(VENV)/.python; $(PIP_INSTALL) uv; }
	$(COMPILE) --extra local --extra app --extra cluster --output-file requirements.lock
	$(COMPILE) --extra cluster --constraint requirements.lock --output-file requirements-cluster.lock
	$(COMPILE) --extra local --extra app --extra cluster --extra dev --constraint requirements.lock --output-file requirements-dev.lock
