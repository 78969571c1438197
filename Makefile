# The verbs of the project, the same at the desk and in CI. Needs Python >= 3.11 and make; fetches only packages.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 8000
STORE ?= var/store
EVENTS ?= data/events.ttl
WORKERS ?= 4

.DEFAULT_GOAL := run
.PHONY: run test test-servers check generated client lock clean conformance conformance-shacl

$(VENV)/installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

run: $(VENV)/installed ## read data/notices and data/events.ttl, validate, publish under var/, serve
	$(BIN)/noticegraph ingest data/notices --store $(STORE)
	$(BIN)/noticegraph events $(EVENTS) --store $(STORE)
	$(BIN)/noticegraph serve --store $(STORE) --host $(HOST) --port $(PORT)

test: $(VENV)/installed ## every test, offline, in WORKERS processes: much of the time is spent on waiting, not on work
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal

conformance: $(VENV)/installed ## the W3C's SPARQL 1.1 tests over HTTP, from a checkout: SUITE=…/rdf-tests/sparql/sparql11
	SPARQL_SUITE=$(abspath $(SUITE)) $(BIN)/python -m pytest tests/test_sparql_conformance.py

conformance-shacl: $(VENV)/installed ## the W3C's SHACL tests: SUITE=…/data-shapes-test-suite/tests, or test/resources/sht_tests of pySHACL's sdist
	SHACL_SUITE=$(abspath $(SUITE)) $(BIN)/python -m pytest tests/test_conformance.py

test-servers: $(VENV)/installed ## the tests of remote stores, Virtuoso included (Debian: virtuoso-opensource-7)
	NOTICEGRAPH_TEST_SERVERS=1 $(BIN)/python -m pytest tests/test_store.py tests/test_remote.py

check: $(VENV)/installed ## zero findings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

generated: $(VENV)/installed ## the JSON-LD context, anew from the ontology and the shapes
	$(BIN)/python -m tests.generated context > ontology/context/v1.jsonld.tmp
	mv ontology/context/v1.jsonld.tmp ontology/context/v1.jsonld

client: web/client/node_modules ## the TypeScript client, anew from the routes (needs npm)
	$(BIN)/python -m tests.generated mark > web/client/schema.tmp
	$(BIN)/python -m tests.generated openapi | npm --prefix web/client run --silent generate >> web/client/schema.tmp
	mv web/client/schema.tmp web/client/schema.ts
	npm --prefix web/client run --silent check

web/client/node_modules: $(VENV)/installed web/client/package-lock.json
	npm --prefix web/client ci --no-audit --no-fund
	touch $@

lock: ## resolve the dependencies anew (needs uv), with hashes and without index addresses
	uv pip compile pyproject.toml --extra dev --universal --generate-hashes --python-version 3.11 \
	  --no-header --no-annotate -o requirements.lock

clean:
	rm -rf $(VENV) var build *.egg-info web/client/node_modules
