"""Local work belongs to one machine: an operator sees which, and moves it off one that is gone."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from console.cli.main import run as command
from runtime.assembly.location import open_store
from tests.end_to_end.terminal import FORKJOIN, needs_tmux, terminal
from tests.postgres import new_database
from tests.workers import jobs, opened, wait_for, workers

pytestmark = pytest.mark.xdist_group("postgres")
Forkjoin = Callable[..., tuple[int, str, str]]
URL, FOLDER = "FORKJOIN_STORE", "FORKJOIN_DIRECTORY"


@pytest.fixture
def forkjoin(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Forkjoin:
    monkeypatch.setenv(URL, new_database())
    monkeypatch.setenv(FOLDER, str(tmp_path / "here"))

    def call(*words: str) -> tuple[int, str, str]:
        code = command(list(words))
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def away(directory: str = "/srv/old") -> None:
    """The work of the simulated system lives on a machine that is gone."""
    with closing(open_store(os.environ[URL])) as store:
        store.facts.put("home:simulated", {"host": "old-\x1b[31mbox", "directory": directory})


def test_work_on_a_machine_that_is_gone_is_adopted_here_and_goes_on(forkjoin: Forkjoin, tmp_path: Path) -> None:
    away()
    url, folder = os.environ[URL], tmp_path / "here"
    with opened(url, folder) as runtime:
        runtime.commands.start("profile_update", {"emailOutcome": "completed"}, "r")
        with workers(url, folder):
            wait_for(lambda: runtime.store.runs.get("r").status != "pending")  # type: ignore[union-attr]
            assert jobs(folder) == 0
            code, out, _ = forkjoin("doctor")
            assert code == 5
            assert "no worker is alive there" in out and "forkjoin store adopt simulated" in out
        code, out, _ = forkjoin("store", "homes")
        assert "simulated" in out and "/srv/old" in out and "\x1b" not in out
        code, out, _ = forkjoin("store", "adopt", "simulated", "--dry-run")
        assert (code, "Would adopt simulated" in out, "will be found lost" in out) == (0, True, True)
        assert forkjoin("acts", "--json")[1].count('"adopt"') == 0
        code, _, err = forkjoin("store", "adopt", "simulated")
        assert (code, "--yes" in err, "will be found lost" in err) == (4, True, True)
        code, out, _ = forkjoin("store", "adopt", "simulated", "--yes", "--reason", "old box burnt", "--as", "mia")
        assert code == 0
        act = json.loads(forkjoin("acts", "--json")[1])[0]
        assert (act["verb"], act["target"], act["actor"]) == ("adopt", "system=simulated", "mia")
        assert (act["reason"], act["before"]["directory"], act["after"]["directory"]) == (
            "old box burnt",
            "/srv/old",
            str(folder),
        )
        with workers(url, folder):
            wait_for(lambda: runtime.store.listing.counts() == {"completed": 1})
            wait_for(lambda: "no worker is alive there" not in forkjoin("doctor")[1])
            homes = json.loads(forkjoin("store", "homes", "--json")[1])
            assert [(h["system"], len(h["workers"])) for h in homes] == [("process", 1), ("simulated", 1)]
            assert forkjoin("store", "adopt", "simulated", "--yes")[0] == 4, "it is here already"
            away_dir = {"host": os.uname().nodename, "directory": "/elsewhere"}
            runtime.store.facts.put("home:simulated", away_dir)
            code, _, err = forkjoin("store", "adopt", "simulated", "--yes")
            assert (code, "Stop that worker first" in err) == (4, True)
    assert jobs(folder) == 2


def test_what_cannot_be_adopted_is_a_sentence(forkjoin: Forkjoin, tmp_path: Path) -> None:
    away()
    assert forkjoin("store", "adopt", "http", "--yes")[0] == 3
    code, _, err = forkjoin("store", "adopt", "simulated", "--yes", "--read-only")
    assert (code, "read-only" in err) == (4, True)
    embedded = str(tmp_path / "embedded")
    open_store(embedded).close()
    assert forkjoin("store", "homes", "--json", "--store", embedded)[1].strip() == "[]"
    assert forkjoin("store", "adopt", "simulated", "--yes", "--store", embedded)[0] == 3
    with closing(open_store(os.environ[URL])) as store:
        assert store.facts.get("home:simulated")["directory"] == "/srv/old"


@needs_tmux
def test_a_person_is_asked(forkjoin: Forkjoin, tmp_path: Path) -> None:
    away()
    settings = {URL: os.environ[URL], FOLDER: os.environ[FOLDER]}
    for answer, code in (("n", 4), ("y", 0)):
        with terminal([*FORKJOIN, "store", "adopt", "simulated"], 140, 30, folder=tmp_path, **settings) as window:
            screen = window.wait("Adopt simulated")
            assert "will be found lost" in screen
            window.keys(answer, "Enter")
            window.wait(f"EXIT={code}")
    with closing(open_store(os.environ[URL])) as store:
        assert store.facts.get("home:simulated")["directory"] == str(tmp_path / "here")
