PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test bench bench-postgres screenshots clean

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

clean:
	rm -rf .venv build dist

.venv/bin/python:
	$(PYTHON) -m venv .venv || { echo "python3 cannot make a virtual environment here; install its venv module (Debian: apt-get install python3-venv)." >&2; exit 1; }

.venv/.installed: .venv/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

.venv/.test: .venv/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]'
	@touch $@ .venv/.installed

.venv/.bench: .venv/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test,bench]'
	@touch $@ .venv/.installed
