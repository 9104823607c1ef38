"""On a shared store nobody who only looks becomes a worker: who wakes a run, or that nobody does, is said."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from console.cli.main import run as command
from tests.postgres import new_database

pytestmark = pytest.mark.xdist_group("postgres")


def test_whoever_follows_where_no_worker_is_alive_is_told_and_starts_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORKJOIN_DIRECTORY", str(tmp_path / "local"))
    url = new_database()
    monkeypatch.setenv("FORKJOIN_STORE", url)
    assert command(["start", "profile_update", "--id", "p", "--follow", "--timeout", "1s"]) == 6
    said = capsys.readouterr().err
    assert said.count("No worker is alive") == 2, "when it begins to look, and when it gives up"
    assert "starting one" not in said
    words = shlex.split(said[said.index("forkjoin worker") :].partition(" wakes it.")[0])
    assert words[:3] == ["forkjoin", "worker", "--store"]
    monkeypatch.setenv("FORKJOIN_STORE", words[3])
    assert command(["show", "p"]) == 0
    assert not (tmp_path / "local" / "scheduler.log").exists()


def test_reading_makes_no_directory_beside_a_shared_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORKJOIN_DIRECTORY", str(tmp_path / "local"))
    monkeypatch.setenv("FORKJOIN_STORE", new_database())
    for words in (["list"], ["wakes"], ["acts"], ["flows"], ["doctor"], ["hold", "all"], ["release", "all"]):
        assert command(words) in (0, 5), words
    assert list(tmp_path.iterdir()) == []
    capsys.readouterr()
