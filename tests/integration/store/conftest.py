"""A store on disk whose writers are waited for as long as a test wants."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.assembly.location import open_store
from runtime.store.embedded import writer_line
from runtime.store.embedded.store import EmbeddedStore


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is passed in line, however busy the machine is."""
    monkeypatch.setattr(writer_line, "STUCK_SECONDS", 600.0)


@pytest.fixture
def store(patient: None, tmp_path: Path) -> Iterator[EmbeddedStore]:
    """A new store that others may open too."""
    opened = open_store(tmp_path)
    assert isinstance(opened, EmbeddedStore)
    opened.facts.put("first", 1)
    yield opened
    opened.close()
