PYTHON ?= python3
BIN := .venv/bin
ASK := import sys; print("%d.%d" % sys.version_info[:2])

# A .venv of another Python, one whose Python is gone and one that was moved here are made anew.
WANTED := $(shell $(PYTHON) -c '$(ASK)' 2>/dev/null)
FOUND := $(shell $(BIN)/python -c '$(ASK)' 2>/dev/null)
MOVED := $(shell test ! -e $(BIN)/forkjoin || grep -qF '$(CURDIR)/$(BIN)/' $(BIN)/forkjoin || echo moved)

.PHONY: demo test bench bench-postgres screenshots clean
ifneq ($(FOUND)$(MOVED),$(or $(WANTED),$(FOUND)))
.PHONY: .venv/bin/python
endif

demo: .venv/.installed
	@if [ -t 0 ] && [ -t 1 ]; then $(BIN)/forkjoin demo; else $(BIN)/forkjoin demo --headless; fi

test: .venv/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n 2 --dist loadgroup

bench: .venv/.bench
	$(BIN)/python -m tests.benchmarks

bench-postgres: .venv/.bench
	$(BIN)/python -m tests.benchmarks.postgres

screenshots: .venv/.test
	$(BIN)/python -m tests.console.screenshots

# Only what the rules above and the tools they call make here; anything else is somebody's.
clean:
	rm -rf .venv build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache *.egg-info
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
