"""`import forkjoin` names everything a program needs, and loads nothing until it is used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import forkjoin
import forkjoin.authoring
import forkjoin.errors
import forkjoin.records
import runtime.authoring
import runtime.errors

ROOT = Path(__file__).resolve().parents[2]
NAMES = "import sys, forkjoin; print([m for m in ('runtime', 'console', 'tinydb', 'pydantic') if m in sys.modules])"


def test_the_import_alone_loads_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", NAMES], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", forkjoin.__all__)
def test_every_name_is_there(name: str) -> None:
    assert getattr(forkjoin, name) is not None
    assert name in dir(forkjoin)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="open_shop"):
        forkjoin.open_shop  # type: ignore[attr-defined]  # noqa: B018


def test_authoring_is_one_thing_under_two_names() -> None:
    assert forkjoin.authoring.__all__ == runtime.authoring.__all__
    for name in runtime.authoring.__all__:
        assert getattr(forkjoin.authoring, name) is getattr(runtime.authoring, name)


def test_every_error_is_public() -> None:
    errors = {n for n, v in vars(runtime.errors).items() if isinstance(v, type) and issubclass(v, Exception)}
    assert set(forkjoin.errors.__all__) == errors


def test_every_record_is_public_under_its_name() -> None:
    for name in forkjoin.records.__all__:
        assert getattr(forkjoin.records, name).__name__ == name


@pytest.mark.parametrize("package", ["console", "forkjoin", "runtime"])
def test_the_packages_say_that_they_are_typed(package: str) -> None:
    assert (ROOT / package / "py.typed").exists()


def test_the_package_runs_as_a_module_also_where_the_working_directory_is_not_searched() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "forkjoin", "--version"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONSAFEPATH": "1"},
    )
    assert done.stdout.startswith("forkjoin, version ")
