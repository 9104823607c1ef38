"""What a name means where several things have it, files that are there already, groups without a command."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from console.cli.main import NAMES, cli
from console.cli.main import run as command

Forkjoin = Callable[..., tuple[int, str, str]]


@pytest.fixture
def forkjoin(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Forkjoin:
    monkeypatch.setenv("FORKJOIN_STORE", str(tmp_path / "store"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    def call(*words: str) -> tuple[int, str, str]:
        code = command(list(words))
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


FLOW = {
    "id": "other",
    "name": "other",
    "version": "1",
    "globalStateSchema": {"type": "object"},
    "steps": [{"id": "begin", "name": "b", "type": "begin"}, {"id": "end", "name": "e", "type": "end"}],
    "connections": [{"id": "c", "sourceStepId": "begin", "targetStepId": "end"}],
}


@pytest.mark.parametrize("what", ["file", "folder", "workflow folder"])
def test_a_run_is_drawn_though_something_here_has_its_name(forkjoin: Forkjoin, what: str) -> None:
    assert forkjoin("start", "profile_update", "--id", "twin")[0] == 0
    if what == "file":
        Path("twin").write_text(json.dumps(FLOW))
    else:
        Path("twin").mkdir()
    if what == "workflow folder":
        (Path("twin") / "flow.json").write_text(json.dumps(FLOW))
    code, out, err = forkjoin("graph", "twin")
    assert (code, "fork-tasks" in out) == (0, True)
    assert "./twin draws the file" in err
    if what != "folder":
        code, out, _ = forkjoin("graph", "./twin")
        assert (code, "fork-tasks" in out) == (0, False)


def test_a_workflow_and_a_file_are_drawn_where_no_run_has_their_name(forkjoin: Forkjoin, tmp_path: Path) -> None:
    Path("alone.json").write_text(json.dumps(FLOW))
    for name in ("profile_update", "alone.json", "./alone.json", str(Path("alone.json").absolute())):
        assert forkjoin("graph", name)[0] == 0, name
    assert forkjoin("graph", "nobody")[0] in (3, 5)
    assert not (tmp_path / "store").exists()
    assert forkjoin("start", "profile_update", "--id", "profile_update")[0] == 0
    code, _, err = forkjoin("graph", "profile_update")
    assert (code, "is a run and a workflow" in err) == (0, True)


@pytest.mark.parametrize("there", ["file", "link to a file", "dangling link", "folder"])
def test_an_export_replaces_nothing_unless_it_is_told_to(forkjoin: Forkjoin, there: str) -> None:
    forkjoin("start", "profile_update", "--id", "p")
    target = Path("out.json")
    kept = Path("kept.txt")
    if there == "file":
        target.write_text("precious")
    elif there == "folder":
        target.mkdir()
    else:
        target.symlink_to(kept)
        if there == "link to a file":
            kept.write_text("precious")
    code, _, err = forkjoin("export", "out.json")
    assert (code, "--force replaces it" in err) == (4, True)
    assert not target.is_file() or target.read_text() == "precious"
    code, _, err = forkjoin("export", "out.json", "--force")
    assert code == (5 if there == "folder" else 0), err
    if there != "folder":
        assert not target.is_symlink()
        assert "runs" in json.loads(target.read_text())
        assert target.stat().st_mode & 0o777 == 0o600
    assert {p.name for p in Path().iterdir()} <= {"out.json", "kept.txt"}


def test_an_export_that_fails_leaves_nothing_behind(forkjoin: Forkjoin, monkeypatch: pytest.MonkeyPatch) -> None:
    forkjoin("start", "profile_update", "--id", "p")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    code, _, err = forkjoin("export", "out.json")
    assert (code, "No space left" in err) == (5, True)
    assert list(Path().iterdir()) == []


GROUPS = [name for name in NAMES if hasattr(cli.get_command(None, name), "commands")]  # type: ignore[arg-type]


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_without_its_command_prints_its_help(forkjoin: Forkjoin, group: str) -> None:
    assert {"bulk", "schedule", "store"} <= set(GROUPS)
    code, out, err = forkjoin(group)
    assert (code, out) == (2, "")
    assert f"Usage: forkjoin {group}" in err
    assert len(err.splitlines()) > 5, "help is several lines, not one"
    assert "Commands:" in err
    helped = forkjoin(group, "--help")
    assert helped[0] == 0
    assert helped[1].split() == err.split()
