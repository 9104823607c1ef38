"""Whatever stands on a command line, every command answers with a sentence and one of its exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from console.cli.main import cli
from console.cli.main import run as command
from runtime.plain_json import MAXIMUM_DEPTH

HUGE = "9" * 30
HOSTILE = [
    "",
    "0",
    "nan",
    "inf",
    "1e400",
    HUGE,
    "-" + HUGE,
    "x" * 100_000,
    "\udcff\udcfe",
    "a\udc80b",
    "\x01\x1b[31m",
    "../..",
    '{"a":',
    "[" * 5_000,
    '"\\ud800"',
    "9999999 years",
    "9999 years",
    "99999-01-01",
    "2026-13-45T99:99",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "@/",
    "\u202e💥",
    "k=" + "v" * 10_000,
    '"',
    "age>9e999d",
    f"wake<{HUGE}y",
    "r1",
    "all",
    "system=http:" + "x" * 2_000,
    "{}",
    '{"a":1e999}',
    '{"a":' + "[" * 600 + "]" * 600 + "}",
    '{"a":' + "9" * 5_000 + "}",
]
WITHOUT_END = {"console", "scheduler", "demo"}
ORDINARY = {"branch": "main", "flow": "profile_update", "event": "approve", "scope": "all", "act": "1"}


def leaves(one: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that does something, with its name."""
    if not isinstance(one, click.Group):
        yield path, one
        return
    context = click.Context(one)
    for name in one.list_commands(context):
        found = one.get_command(context, name)
        if found is not None and name not in WITHOUT_END:
            yield from leaves(found, (*path, name))


COMMANDS = dict(leaves(cli))


@pytest.fixture
def call(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Run a command line in a folder of its own; a crash of ours, or another exit code, fails the test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("FORKJOIN_STORE", str(tmp_path / "store"))

    def run(*words: str) -> int:
        code = command(list(words))
        said = capsys.readouterr()
        assert code in range(7), (words[:3], said.err[:300])
        assert "problem of its own" not in said.err, (words[:3], said.err[:300])
        assert "Traceback" not in said.err
        if code not in (0, 1):
            assert said.err.strip() or said.out.strip(), (words[:3], "no sentence")
        return code

    assert run("start", "profile_update", "--id", "r1") == 0
    return run


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_hostile_arguments_are_answered_with_a_sentence(path: tuple[str, ...], call: Callable[..., int]) -> None:
    found = COMMANDS[path]
    arguments = [p for p in found.params if isinstance(p, click.Argument)]
    options = [p for p in found.params if isinstance(p, click.Option) and not p.is_flag and p.name != "store"]
    if path != ("flows",):  # Options of every command are read in one place.
        options = [p for p in options if p.name not in ("workflows", "log_level", "log_format", "as_")]
    ordinary = [ORDINARY.get(str(a.name), "r1") for a in arguments if a.required]
    for hostile in HOSTILE:
        for index in range(len(arguments)):
            words = [*ordinary[:index], hostile, *ordinary[index + 1 :]]
            call(*path, "--", *words)
        for option in options:
            call(*path, option.opts[0], hostile, *ordinary)


@pytest.mark.parametrize("levels", [MAXIMUM_DEPTH, 254, 490, 950, 5_000, 100_000])
def test_values_nested_too_deeply_are_refused_at_every_border(
    levels: int, call: Callable[..., int], tmp_path: Path
) -> None:
    deep = '{"a": ' + "[" * levels + "]" * levels + "}"
    (tmp_path / "deep.json").write_text(deep)
    (tmp_path / "each.jsonl").write_text(f'{{"state": {deep}}}\n')
    (tmp_path / "export.json").write_text(
        '{"runs": {"1": {"id": "x", "workflow": "w", "flow_id": "f", "flow_version": "1", "flow_hash": "h", '
        '"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z", "state": '
        + ('{"a": ' + "[" * (levels + 20) + "]" * (levels + 20) + "}")
        + "}}}"
    )
    flow = json.loads((Path(__file__).parents[3] / "workflows/profile_update/flow.json").read_text())
    (tmp_path / "flow.json").write_text(
        json.dumps({**flow, "globalState": 0}).replace('"globalState": 0', f'"globalState": {deep}')
    )
    state = f"@{tmp_path / 'deep.json'}"
    assert call("start", "profile_update", "--state", state) == 2
    assert call("start", "profile_update", "--each", str(tmp_path / "each.jsonl")) == 2
    assert call("edit", "r1", "--state", state, "--reason", "try") == 2
    assert call("send", "r1", "approve", "--payload", state) == 2
    assert call("skip", "r1", "main", "--result", state, "--reason", "try") == 2
    assert call("import", str(tmp_path / "export.json"), "--merge") == 2
    assert call("validate", str(tmp_path / "flow.json")) == 2
    assert call("start", str(tmp_path / "flow.json"), "--simulate") in (2, 3)
    assert call("list", "--where", "(" * levels) in (0, 2)


def test_names_have_ends(call: Callable[..., int], tmp_path: Path) -> None:
    assert call("start", "profile_update", "--label", "k=" + "v" * 501) == 2
    assert call("start", "profile_update", "--label", "k" * 501 + "=v") == 2
    assert call("pause", "r1", "--reason", "because " * 1_000) == 2
    assert call("hold", "system=" + "x" * 600, "--force") == 2
    assert call("list", "--limit", HUGE) == 2 and call("wakes", "--limit", HUGE) == 2
    assert call("undo", HUGE) == 2 and call("bulk", "show", HUGE) == 2
    assert call("start", "profile_update", "--count", HUGE) == 2
    assert call("prune", "--older-than", "9999 years") == 0
    for rate in ("nan", "inf", "0", "-1", "1e400"):
        assert call("pause", "--where", "status:pending", "--rate", rate, "--reason", "r") == 2
    flow: dict[str, Any] = json.loads((Path(__file__).parents[3] / "workflows/profile_update/flow.json").read_text())
    flow["id"] = "x" * 300
    (tmp_path / "long.json").write_text(json.dumps(flow))
    assert call("validate", str(tmp_path / "long.json")) == 2
