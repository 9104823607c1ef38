PYTHON ?= python3
BIN := .venv/bin
ASK := import sys; print("%d.%d" % sys.version_info[:2])

# What is said of the code without running it.
define STATIC
$(BIN)/ruff format --check .
$(BIN)/ruff check .
$(BIN)/mypy
$(BIN)/lint-imports
endef

# A .venv of another Python, one whose Python is gone and one that was moved here are made anew.
WANTED := $(shell $(PYTHON) -c '$(ASK)' 2>/dev/null)
FOUND := $(shell $(BIN)/python -c '$(ASK)' 2>/dev/null)
MOVED := $(shell test ! -e $(BIN)/forkjoin || grep -qF '$(CURDIR)/$(BIN)/' $(BIN)/forkjoin || echo moved)

# Tests and benchmarks start hundreds of processes: none of them should compile all modules anew.
export PYTHONDONTWRITEBYTECODE =

.PHONY: demo help check test coverage bench bench-quick bench-postgres bench-postgres-http screenshots clean
ifneq ($(FOUND)$(MOVED),$(or $(WANTED),$(FOUND)))
.PHONY: .venv/bin/python
endif

demo: .venv/.installed  ## open the console on a few dozen runs; without a terminal: play the fork-join example
	@if [ -t 0 ] && [ -t 1 ]; then $(BIN)/forkjoin demo; else $(BIN)/forkjoin demo --headless; fi

help:  ## list what make can do here
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# What a change is tried with before it is committed: under a minute, no server, no terminal.
check: .venv/.test  ## format, lint, types, import contracts and unit tests, in under a minute
	$(STATIC)
	$(BIN)/python -m pytest -n 2 -q -k "not postgres" tests/unit tests/architecture

test: .venv/.test  ## every check and every test
	$(STATIC)
	$(BIN)/python -m pytest -n 2 --dist loadgroup

# Not a part of `make test`: counting lines doubles what the tests need of the processor.
coverage: .venv/.test  ## which lines of runtime unit and contract tests reach; fails below the share set in pyproject.toml
	$(BIN)/python -m pytest -n 2 --dist loadgroup -q -k "not postgres" --cov --cov-report=term tests/unit tests/contract

bench: .venv/.bench  ## measure runtime and console
	$(BIN)/python -m tests.benchmarks

bench-quick: .venv/.bench  ## the same with less of everything, in about two minutes
	$(BIN)/python -m tests.benchmarks --quick

bench-postgres: .venv/.bench  ## measure many workers on PostgreSQL
	$(BIN)/python -m tests.benchmarks.postgres

bench-postgres-http: .venv/.bench  ## measure workers on PostgreSQL with HTTP jobs
	$(BIN)/python -m tests.benchmarks.postgres_http

screenshots: .venv/.test  ## draw the pictures of docs/screens anew
	$(BIN)/python -m tests.console.screenshots

# Only what the rules above and the tools they call make here; anything else is somebody's.
clean:  ## remove what make made
	rm -rf .venv build dist .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache *.egg-info
	find $(wildcard console forkjoin runtime workflows tests deploy docs) -type d -name __pycache__ -prune -exec rm -rf {} +

.venv/bin/python:
	rm -rf .venv
	$(PYTHON) -m venv .venv || { rm -rf .venv; echo "python3 cannot make a virtual environment here; install its venv module (Debian: apt-get install python3-venv)." >&2; exit 1; }

.venv/.installed: .venv/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

.venv/.test: .venv/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]'
	@touch $@ .venv/.installed

.venv/.bench: .venv/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test,bench]'
	@touch $@ .venv/.installed
