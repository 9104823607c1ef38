"""Every command line of the README is accepted by the command line as it stands."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest

from console.cli.main import cli
from console.cli.main import run as command
from runtime.flow.json_schema import check
from runtime.flow.read.building import flow_from_stored
from tests.scheduling import drive

ROOT = Path(__file__).resolve().parents[3]
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    *sorted((ROOT / "workflows").glob("*/README.md")),
]
DOCS = {page.stem for page in PAGES if page.is_relative_to(ROOT / "docs") or page.parent == ROOT} - {"README"}
SERVER = "it needs a PostgreSQL server; tests/integration/postgres runs it"
DOUBT = "it needs a start nobody can account for; test_unconfirmed_starts.py runs it"
LEFT_OUT = {
    "forkjoin": "it opens the console; tests/end_to_end does",
    "forkjoin scheduler": "it runs until it is stopped; tests/end_to_end does",
    "forkjoin worker": SERVER,
    "forkjoin store upgrade": SERVER,
    "forkjoin store copy": SERVER,
    "forkjoin store homes": SERVER,
    "forkjoin store adopt": SERVER,
    "forkjoin demo --keep": "test_demo_store.py runs it",
    "forkjoin find": DOUBT,
    "forkjoin adopt": DOUBT,
    "forkjoin retry RUN BRANCH --force": DOUBT,
    "forkjoin --as alice": "it opens the console of somebody who logs in with a key",
}
"""Commands that are not run here, by their beginning, and why."""


def lines_of(page: Path) -> list[str]:
    """Command lines in blocks and between back ticks; not the mere name of a command."""
    text = page.read_text(encoding="utf-8")
    blocks = [line for block in re.findall(r"^```\w*\n(.*?)^```", text, re.S | re.M) for line in block.split("\n")]
    blocks = [line.partition(" #")[0].strip() for line in blocks]
    inline = [" ".join(found.split()) for found in re.findall(r"(?<!`)`([^`]+)`(?!`)", text)]
    return [line for line in (*blocks, *inline) if line.split()[:1] == ["forkjoin"]]


def left_out(line: str) -> bool:
    if "://" in line:
        return True
    return any(line == b or (b != "forkjoin" and (line + " ").startswith(b + " ")) for b in LEFT_OUT)


def title_of(page: Path) -> str:
    return page.parent.name if page.parent.parent == ROOT / "workflows" else page.stem


FOUND = [(title_of(page), line) for page in PAGES for line in lines_of(page)]
NAMED = [(page, line) for page, line in FOUND if page in DOCS and len(line.split()) == 2]
"""Mere names of commands on pages about them."""
HERE = [(page, line) for page, line in FOUND if (page, line) not in NAMED and not left_out(line)]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a flow file, an export, and a store in which a run is in the plight that each command is for."""
    folder = tmp_path_factory.mktemp("readme")
    store = str(folder / "store")
    start = ["--store", store, "start"]
    assert command([*start, "profile_update", "--id", "first"]) == 0
    assert command([*start, "nightly_etl", "--id", "etl", "--state", '{"brokenFiles": 1}']) == 0
    assert drive(store).returncode == 0
    (folder / "FILE").write_text((ROOT / "workflows/release_approval/flow.json").read_text())
    return folder


@pytest.mark.parametrize(("page", "line"), HERE, ids=[f"{page}: {line}"[:80] for page, line in HERE])
def test_a_command_line_is_accepted(page: str, line: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORKJOIN_STORE", str(place / "store"))
    monkeypatch.chdir(place)
    words = shlex.split(line)[1:]
    named = {"RUN": "etl", "FLOW": "nightly_etl", "FILE": str(place / "FILE"), "DIR": str(place)}
    words = [named.get(word, word) for word in words]
    if "--follow" in words:
        words = [*(w for w in words if w != "--follow"), "--dry-run"]
        words = [{"first": "second"}.get(word, word) for word in words]
    if words[0] == "send":
        check_approval(words)
        return
    if words[0] in ("export", "import", "scaffold"):
        if words[0] == "export":
            words = ["export", str(place / "out.json")]
            (place / "out.json").unlink(missing_ok=True)
        elif words[0] == "import":
            shutil.rmtree(place / "other", ignore_errors=True)
            assert command(["export", "--force", str(place / "out.json")]) == 0
            words = ["--store", str(place / "other"), "import", str(place / "out.json")]
        else:
            shutil.rmtree(place / "made", ignore_errors=True)
            words = [*words, "--into", str(place / "made")]
    if words[:2] == ["scheduler", "--until-idle"]:
        assert drive(str(place / "store")).returncode == 0
        return
    if words[0] == "start" and "--simulate" in words:
        words = [*words, "--dry-run"]
    if words[:2] == ["schedule", "enable"]:
        words = [*words, "--dry-run"]
    # No scheduler is alive here, and doctor says so by its code.
    assert command(words) == (5 if words[0] == "doctor" else 0), line


def check_approval(words: list[str]) -> None:
    """The approval is parsed as it is written; that its payload fits is tried by every suggestion of why."""
    group = cli.get_command(cli.make_context("forkjoin", []), "send")
    assert group is not None
    made = group.make_context("send", words[1:])
    assert made.params["event"] == "approve"
    flow = flow_from_stored(json.loads((ROOT / "workflows/release_approval/flow.json").read_text()))
    step = next(s for s in flow.steps if (s.event or s.id) == "approve")
    assert check(step.event_schema, json.loads(made.params["payload"])) == []


def test_commands_that_pages_name_exist() -> None:
    assert {line.split()[1] for _, line in NAMED} <= set(cli.list_commands(cli.make_context("forkjoin", [])))


def test_every_line_is_run_here_or_left_out_for_a_reason() -> None:
    assert len(HERE) >= 12
    used = {begin for begin in LEFT_OUT for _, line in FOUND if left_out(line) and (line + " ").startswith(begin + " ")}
    assert set(LEFT_OUT) - used <= {"forkjoin"}, "a reason without its line"
