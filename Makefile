# The verbs of the project, the same at the desk and in CI. Needs Python >= 3.11 and make; fetches only packages.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 8000
STORE ?= var/store

.DEFAULT_GOAL := run
.PHONY: run test check lock clean

$(VENV)/installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

run: $(VENV)/installed ## read data/notices, validate, publish under var/, serve
	$(BIN)/noticegraph ingest data/notices --store $(STORE)
	$(BIN)/noticegraph serve --store $(STORE) --host $(HOST) --port $(PORT)

test: $(VENV)/installed ## every test, offline
	$(BIN)/python -m pytest

check: $(VENV)/installed ## zero findings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lock: ## resolve the dependencies anew (needs uv), with hashes and without index addresses
	uv pip compile pyproject.toml --extra dev --universal --generate-hashes --python-version 3.11 \
	  --no-header --no-annotate -o requirements.lock

clean:
	rm -rf $(VENV) var build *.egg-info
