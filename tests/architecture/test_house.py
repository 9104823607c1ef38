"""The house keeps its rules: imports, file sizes, names, documentation."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from msgspec.structs import fields

from console.cli.main import DERIVED, NAMES, cli
from runtime.assembly.runtime import open_runtime
from runtime.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(p for folder in ("console", "forkjoin", "runtime", "workflows") for p in (ROOT / folder).rglob("*.py"))
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_no_source_file_is_longer_than_300_lines() -> None:
    long = {str(p.relative_to(ROOT)): n for p in SOURCES if (n := len(p.read_text().splitlines())) > 300}
    assert long == {}


def test_no_file_has_a_name_that_says_nothing() -> None:
    assert [p for p in SOURCES if p.stem in ("utils", "helpers", "common", "manager")] == []


def fresh(code: str) -> str:
    """What a fresh interpreter prints."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout


def test_the_runtime_draws_nothing() -> None:
    drawing = "print([m for m in ('textual', 'rich') if m in sys.modules])"
    loaded = fresh(f"import sys, runtime.assembly.runtime, runtime.scheduler.single.service; {drawing}")
    assert loaded.strip() == "[]"


@pytest.mark.parametrize("command", ["list", "why r", "show r", "holds", "acts", "wakes", "flows"])
def test_a_reading_command_stays_light(command: str, tmp_path: Path) -> None:
    runtime = open_runtime(Settings.load({"store": str(tmp_path)}, env={}))
    runtime.commands.start("profile_update", {}, "r")
    runtime.close()
    heavy = (
        *("pydantic", "jsonschema_rs", "textual", "rich", "apscheduler", "aiohttp", "quickjs", "psycopg"),
        *("procrastinate", "asyncio", "ssl", "logging", "subprocess", "concurrent.futures", "difflib"),
        *("runtime.engine.advance", "runtime.scheduler", "runtime.external.http", "runtime.store.postgres"),
    )
    words = ["--store", str(tmp_path), *command.split()]
    code = (
        f"import sys; from console.cli.main import run; code = run({words!r}); "
        f"assert code == 0; print('heavy', [m for m in {heavy!r} if m in sys.modules])"
    )
    assert "heavy []" in fresh(code)


@pytest.mark.parametrize("setting", [f.name for f in fields(Settings)])
def test_every_setting_is_documented(setting: str) -> None:
    assert f"`{setting}`" in README
    assert f"`FORKJOIN_{setting.upper()}`" in README


def test_every_make_target_is_documented() -> None:
    targets = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.M)
    assert targets is not None
    assert [t for t in targets[1].split() if f"make {t}" not in README] == []


def test_every_workflow_is_documented_and_has_its_own_page() -> None:
    for folder in (p.parent for p in (ROOT / "workflows").glob("*/flow.json")):
        assert f"**{folder.name}**" in README
        assert (folder / "README.md").read_text().startswith(f"# {folder.name}")


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_command_explains_itself(name: str) -> None:
    found = cli.get_command(click.Context(cli), name)
    assert found is not None
    assert found.help


def test_the_commands_of_the_contract_are_there() -> None:
    wanted = (
        "console scheduler demo validate graph scaffold flows start list show why history polls logs wakes retry poll "
        "pause resume cancel wake ack undo bulk schedule skip send edit restart hold release holds acts export import "
        "prune doctor worker store find adopt"
    )
    assert set(wanted.split()) <= set(NAMES)
    assert set(NAMES) - set(wanted.split()) <= DERIVED, "what is not in the contract is derived from an act"
