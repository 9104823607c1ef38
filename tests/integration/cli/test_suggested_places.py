"""Commands that are suggested name the store and the workflows of the line they answer."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from console.cli.advised import advised
from console.cli.main import NAMES
from console.cli.main import run as command
from tests.situations import suggestions


def test_what_why_suggests_is_accepted_in_the_store_it_was_asked_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORKJOIN_STORE", str(tmp_path / "elsewhere"))
    store = str(tmp_path / "it's a store")
    assert command(["--store", store, "start", "release_approval", "--id", "r"]) == 0
    assert command(["--store", store, "cancel", "r"]) == 0
    capsys.readouterr()
    assert command(["why", "r", "--store", store]) == 0
    lines = [line for said in capsys.readouterr().out.splitlines() for line in suggestions(said)]
    assert lines
    for line in lines:
        assert command(shlex.split(line)[1:]) == 0, line


def test_what_a_refusal_suggests_is_accepted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = str(tmp_path / "store")
    assert command(["--store", store, "start", "profile_update", "--id", "p"]) == 0
    capsys.readouterr()
    assert command(["--store", store, "show", "nobody"]) == 3
    (line,) = re.findall(r"forkjoin --store \S+ \w+", capsys.readouterr().err)
    assert command(shlex.split(line)[1:]) == 0


@pytest.mark.parametrize(
    ("text", "overrides", "made"),
    [
        ("forkjoin list shows", {}, "forkjoin list shows"),
        ("forkjoin list shows", {"store": "s t"}, "forkjoin --store 's t' list shows"),
        ("this forkjoin needs 2", {"store": "s"}, "this forkjoin needs 2"),
        ("forkjoin retry a; forkjoin poll a", {"store": "s"}, "forkjoin --store s retry a; forkjoin --store s poll a"),
        ("forkjoin list", {"workflows": ("/a b", "/c")}, "forkjoin --workflows '/a b' --workflows /c list"),
        ("forkjoin list", {"store": "postgresql://u:secret@h/d"}, "forkjoin list"),
        ("forkjoin list", {"store": "postgresql://u@h/d"}, "forkjoin --store postgresql://u@h/d list"),
        ("forkjoin store upgrade --store x", {"store": "s"}, "forkjoin store upgrade --store x"),
        ("forkjoin list", {"store": r"a\1b"}, r"forkjoin --store 'a\1b' list"),
    ],
)
def test_options_are_put_where_commands_are_named(text: str, overrides: dict[str, object], made: str) -> None:
    assert advised(text, overrides, NAMES) == made
