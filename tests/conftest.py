"""What several suites share: the store a story is told over."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import settings

from runtime.assembly.location import open_store
from runtime.store.ports.store import Store
from tests.postgres import new_database


def _live_elsewhere() -> None:
    """Whoever runs the tests has stores, settings and caches of their own: none of them is read or written."""
    home = tempfile.mkdtemp(prefix="forkjoin-tests-")
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    os.environ["HOME"] = home
    for kind in ("STATE", "CONFIG", "CACHE", "DATA"):
        os.environ[f"XDG_{kind}_HOME"] = f"{home}/{kind.lower()}"
    for name in [n for n in os.environ if n.startswith("FORKJOIN_") and not n.startswith("FORKJOIN_TEST_")]:
        del os.environ[name]


_live_elsewhere()
# How long an example takes is not what a test tells: a machine with more to do must not fail it.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
BOTH = ["directory", pytest.param("postgres", marks=pytest.mark.xdist_group("postgres"))]


@pytest.fixture(params=BOTH)
def location(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where a store is: a directory, or a PostgreSQL database of its own with a directory for what is local."""
    if request.param == "directory":
        return str(tmp_path / "store")
    monkeypatch.setenv("FORKJOIN_DIRECTORY", str(tmp_path / "store"))
    return new_database()


@pytest.fixture
def store(location: str) -> Iterator[Store]:
    """An empty store, a directory's and a database's in turn."""
    with closing(open_store(location)) as made:
        yield made


@pytest.fixture(params=BOTH)
def world_store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Worlds of the console lie in a directory, and in a database, in turn."""
    from tests.console import world

    if request.param == "postgres":
        monkeypatch.setattr(world, "MAKE_STORE", lambda _: new_database())
