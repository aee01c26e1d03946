# `make demo` and `make test` are all that a new user needs; both set themselves up in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MAILSEEK_CORPUS ?= .corpus/mail
export MAILSEEK_CORPUS

.PHONY: help demo stack test test-servers test-others unit lint types contract lock bench bench-search bench-serve bench-page bench-workers bench-following chaos soak clean servers

help:  ## what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

$(VENV)/.runtime: pyproject.toml requirements.lock
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "mailseek needs Python 3.11 or newer; say make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
		--config-settings editable_mode=compat -e .
	@touch $@

demo: $(VENV)/.runtime  ## a local IMAP server, a generated mailbox, a sync and searches
	@$(BIN)/mailseek demo

# With your own mail: make stack MAILSEEK_HOME=~/.local/share/mailseek
STACK_SERVICES = redis fetch index beat watch $(if $(MAILSEEK_HOME),,demo)
STACK_HOME = $(abspath $(or $(MAILSEEK_HOME),.stack))

stack: $(VENV)/.runtime servers  ## all services in this terminal: Redis, workers, beat, watch, a demo mailbox
	@mkdir -p -m 700 $(STACK_HOME)/redis
	@MAILSEEK_HOME=$(STACK_HOME) MAILSEEK_REDIS=$${MAILSEEK_REDIS:-redis://127.0.0.1:$${MAILSEEK_STACK_PORT:-6390}/0} \
		MAILSEEK_LOG=$${MAILSEEK_LOG:-text} PATH="$(abspath $(BIN)):$$PATH" \
		$(BIN)/honcho start $(STACK_SERVICES)

# Tests wait more than they compute, so two halves of them run at a time; JOBS=1 for one.
JOBS ?= 2
ON_REDIS = $(addprefix tests/servers/test_,api_workers.py guard.py locks.py running.py stack.py workers.py)
ELSEWHERE = $(filter-out tests/servers/,$(dir $(wildcard tests/*/__init__.py)))

test: $(VENV)/.runtime servers  ## all tests, on real servers where they can be had
	@$(MAKE) --no-print-directory --keep-going --jobs=$(JOBS) test-servers test-others

test-servers:
	@$(BIN)/python -m pytest tests/servers $(addprefix --ignore=,$(ON_REDIS))

test-others:
	@$(BIN)/python -m pytest $(ON_REDIS) $(ELSEWHERE)

unit: $(VENV)/.runtime  ## the tests without a server, in seconds
	@$(BIN)/python -m pytest tests/unit tests/properties

servers:  ## the servers that tests talk to (Debian and Ubuntu, as root or with sudo that asks nothing)
	@sh tests/servers/install.sh

lint: $(VENV)/.runtime  ## style, and which room may import which
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/.runtime  ## mypy, strict
	$(BIN)/mypy

chaos: $(VENV)/.runtime servers  ## 200 random kills of services and of syncs, 200 faults of the network
	@MAILSEEK_TEST_KILLS=200 MAILSEEK_TEST_WORKER_KILLS=200 MAILSEEK_TEST_FAULTS=200 \
		$(BIN)/python -m pytest -o timeout=1800 \
		-k "killed_at or TestChaos or test_faults" tests/servers

soak: $(VENV)/.runtime servers  ## STEPS=2000 random changes on each server; 200 pairs of mailboxes for tokens
	@MAILSEEK_TEST_STEPS=$(or $(STEPS),2000) MAILSEEK_TEST_PAIRS=200 $(BIN)/python -m pytest \
		-o timeout=3600 -rP tests/servers/test_random_changes.py tests/properties/test_api_scope.py \
		tests/properties/test_events_scope.py

contract: $(VENV)/.runtime  ## what the index relies on, on Whoosh 2.7.4 as well
	sh tests/whoosh-2.7.4.sh

bench: $(VENV)/.runtime servers  ## side by side with mbsync and notmuch, on MAILSEEK_CORPUS; then all of search, serve, page
	@sh benchmarks/install.sh
	@$(BIN)/python -m benchmarks
	@SIZES="$(SIZES)" KEEP="$(KEEP)" $(BIN)/python -m benchmarks.searching
	@$(BIN)/python -m benchmarks.serving
	@KEEP=1 $(BIN)/python -m benchmarks.typing_page

# KEEP=1 takes the mailboxes of the last run as they are, KEEP=mail syncs and indexes them anew.
bench-search: $(VENV)/.runtime  ## many shapes of queries; SIZES="20000 100000", SHAPES="prefix phrase", KEEP=1
	@sh benchmarks/install.sh
	@SIZES="$(SIZES)" KEEP="$(KEEP)" $(BIN)/python -m benchmarks.searching $(SHAPES)

bench-serve: $(VENV)/.runtime  ## the HTTP API under load while the index is written; RATE=50, SECONDS=30, WORKERS=1
	@sh benchmarks/install.sh
	@RATE="$(RATE)" SECONDS="$(SECONDS)" WORKERS="$(WORKERS)" $(BIN)/python -m benchmarks.serving

bench-page: $(VENV)/.runtime servers  ## the search page in a real browser, from key to picture; PACE=150, KEEP=1
	@sh benchmarks/install.sh
	@KEEP="$(KEEP)" PACE="$(PACE)" $(BIN)/python -m benchmarks.typing_page

bench-workers: $(VENV)/.runtime servers  ## the same mail through Celery workers; PART=throughput, freshness or memory
	@sh benchmarks/install.sh
	@$(BIN)/python -m benchmarks.workers $(PART)

bench-following: $(VENV)/.runtime servers  ## how soon new mail is found, what flags cost; PART=freshness or flags
	@sh benchmarks/install.sh
	@$(BIN)/python -m benchmarks.following $(PART)

lock: $(VENV)/.runtime  ## resolve the lock files again, for every platform, with hashes
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --no-annotate --all-extras pyproject.toml --output-file requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --no-annotate --extra api --constraint requirements.lock pyproject.toml \
		--output-file requirements-services.lock

clean:  ## remove what was made
	rm -rf $(VENV) .demo .stack .bench build *.egg-info
