"""A name that is nearly right is answered with the one that was likely meant."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from console.cli.groups import ELSEWHERE
from console.cli.main import NAMES
from console.cli.main import run as command
from runtime.external.registry import SHIPPED
from tests.scheduling import drive

Said = Callable[..., str]


@pytest.fixture
def said(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Said:
    monkeypatch.setenv("FORKJOIN_STORE", str(tmp_path / "store"))

    def call(*words: str, code: int = 2) -> str:
        capsys.readouterr()
        assert command(list(words)) == code, words
        return capsys.readouterr().err

    return call


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_command_is_known_by_a_slip_of_the_finger(said: Said, name: str) -> None:
    slips = {name + "x", name[:-1], name[0] + name[2] + name[1] + name[3:], name.upper()}
    for slip in slips - set(NAMES):
        heard = said(slip)
        assert "No such command" in heard
        assert "Did you mean " in heard
        assert "Traceback" not in heard


def test_commands_of_groups_options_and_words_of_other_tools_are_known_too(said: Said) -> None:
    for words, meant in (
        (("schedule", "enabel", "x"), "enable"),
        (("store", "coyp", "a", "b"), "copy"),
        (("bulk", "lits"), "list"),
        (("list", "--jsno"), "--json"),
        (("--sotre", "x", "list"), "--store"),
        (("ls",), "list"),
        (("kill", "p"), "cancel"),
    ):
        assert meant in said(*words)
    assert set(ELSEWHERE.values()) <= set(NAMES)
    assert "Did you mean" not in said("frobnicate")


def test_runs_branches_workflows_systems_and_words_of_filters(said: Said, tmp_path: Path) -> None:
    assert "Did you mean profile_update?" in said("start", "profile_udpate", code=3)
    said("start", "profile_update", "--id", "nightly-0007", code=0)
    assert "Did you mean nightly-0007?" in said("show", "nightly-007", code=3)
    assert "Did you mean nightly-0007?" in said("pause", "nightly-0O07", code=3)
    assert "Did you mean" not in said("show", "zzz", code=3)
    assert drive(tmp_path / "store").returncode == 0
    heard = said("retry", "nightly-0007", "send-email-notificaton", code=3)
    assert "Did you mean send-email-notification?" in heard
    for where, meant in (("is:lats", "late"), ("statsu:failed", "status"), ("status:compleated", "completed")):
        assert f"Did you mean {meant}?" in said("list", "--where", where)
    assert "Did you mean created_at?" in said("list", "--sort", "created")


@pytest.mark.parametrize("name", SHIPPED)
def test_a_system_that_is_nearly_right(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    task = {"id": "a", "name": "a", "type": "task", "metadata": {"task": {"system": name + "s"}}}
    steps = [{"id": "b", "name": "b", "type": "begin"}, task]
    ways = [{"id": "c", "sourceStepId": "b", "targetStepId": "a"}]
    flow = {"id": "f", "name": "f", "version": "1", "globalStateSchema": {"type": "object"}, "globalState": {}}
    (tmp_path / "f.json").write_text(json.dumps({**flow, "steps": steps, "connections": ways}))
    assert command(["validate", str(tmp_path / "f.json")]) == 2
    assert f"Did you mean {name}?" in capsys.readouterr().out
