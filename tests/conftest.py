"""What several suites share: the store a story is told over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from runtime.store.base import RunStore
from runtime.store.opening import open_store
from tests.postgres import new_database

BOTH = ["directory", pytest.param("postgres", marks=pytest.mark.xdist_group("postgres"))]


@pytest.fixture(params=BOTH)
def location(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where a store is: a directory, or a PostgreSQL database of its own with a directory for what is local."""
    if request.param == "directory":
        return str(tmp_path / "store")
    monkeypatch.setenv("FORKJOIN_DIRECTORY", str(tmp_path / "store"))
    return new_database()


@pytest.fixture
def store(location: str) -> Iterator[RunStore]:
    """An empty store, a directory's and a database's in turn."""
    with closing(open_store(location)) as made:
        yield made


@pytest.fixture(params=BOTH)
def world_store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Worlds of the console lie in a directory, and in a database, in turn."""
    from tests.console import world

    if request.param == "postgres":
        monkeypatch.setattr(world, "MAKE_STORE", lambda _: new_database())
