"""Options of the console mean the same before and after the name of the command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from console import crash_guard, launch
from console.cli.main import run as command
from console.cli.ways import OPTIONS
from console.launch import Ways


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Ways]:
    """The ways in which consoles were opened."""
    seen: list[Ways] = []

    def open_console(settings: Any, actor: Any, ways: Ways, **more: Any) -> int:
        seen.append(ways)
        return 0

    monkeypatch.setattr(crash_guard, "unusable", lambda: None)
    monkeypatch.setattr(launch, "open_console", open_console)
    return seen


@pytest.mark.parametrize("flag", [flag for flag, _ in OPTIONS])
def test_every_option_is_understood_wherever_it_stands(flag: str, opened: list[Ways], tmp_path: Path) -> None:
    store = ["--store", str(tmp_path / "store")]
    for words in ([flag], [*store, flag], [flag, "console"], ["console", flag], [flag, *store, "console", flag]):
        assert command(words) == 0, words
    for words in (["demo", flag], [flag, "demo"]):
        assert command([*words, "--store", str(tmp_path / f"demo-{len(opened)}")]) == 0, words
    name = flag.removeprefix("--").replace("-", "_")
    assert opened == [Ways(**{name: True})] * 7


def test_without_options_a_console_is_opened_as_it_is(opened: list[Ways]) -> None:
    assert command([]) == command(["console"]) == 0
    assert opened == [Ways(), Ways()]


@pytest.mark.parametrize("flag", [flag for flag, _ in OPTIONS if flag != "--ascii"])
def test_a_command_that_opens_no_console_refuses_its_options(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command([flag, "flows"]) == 2
    assert "opens none" in capsys.readouterr().err


def test_ascii_before_graph_draws_with_ascii(capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["--ascii", "graph", "profile_update"]) == 0
    before = capsys.readouterr().out
    assert command(["graph", "profile_update", "--ascii"]) == 0
    assert before.isascii()
    assert before == capsys.readouterr().out
