"""A place without a store, or with one that is not ours: said in a sentence, and nothing is made there."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from console.cli.main import cli
from console.cli.main import run as command
from runtime.assembly.location import open_store
from tests.scheduling import ROOT

BEGIN_A_STORE = {"start", "console", "scheduler", "demo", "import", "schedule enable", "store upgrade", "store copy"}
NEED_NO_STORE = {"flows", "schedule list", "doctor", "worker"}
OPTIONS = {"--at": "5m", "--older-than": "1d"}
TYPICAL = {"act": "1", "file": "nobody.json", "files": "nobody.json", "source": "nowhere", "target": "elsewhere"}


def line_of(words: tuple[str, ...], found: click.Command) -> tuple[str, ...]:
    """The shortest line that a command accepts."""
    line = list(words)
    for parameter in found.params:
        if isinstance(parameter, click.Argument):
            needed = parameter.required or parameter.name == "run"
            line += [TYPICAL.get(str(parameter.name), "nobody")] if needed else []
        elif parameter.required:
            line += [parameter.opts[0], OPTIONS.get(parameter.opts[0], "{}")]
    return tuple(line)


def every_command(group: click.Group = cli, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        assert found is not None
        if isinstance(found, click.Group):
            yield from every_command(found, (*before, name))
        elif " ".join((*before, name)) not in BEGIN_A_STORE | NEED_NO_STORE:
            yield line_of((*before, name), found)


def everything_in(folder: Path) -> list[tuple[str, int, int]]:
    return sorted((str(p), p.lstat().st_size, p.lstat().st_mtime_ns) for p in (folder, *folder.rglob("*")))


@pytest.mark.parametrize("words", list(every_command()), ids=" ".join)
@pytest.mark.parametrize("read_only", [False, True], ids=["", "read-only"])
@pytest.mark.parametrize("place", ["missing", "empty", "other files", "deep/er", "without its file", "empty file"])
def test_no_command_but_those_that_begin_a_store_makes_one(
    words: tuple[str, ...],
    read_only: bool,
    place: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    store = tmp_path / place
    if place not in ("missing", "deep/er"):
        store.mkdir(mode=0o700)
    if place == "other files":
        (store / "letter.txt").write_text("Dear Mia")
    if place == "without its file":
        (store / "jobs" / "one").mkdir(parents=True)
    if place == "empty file":
        (store / "store.db").touch()
    before = everything_in(tmp_path)
    code = command(["--store", str(store), *(["--read-only"] if read_only else []), *words])
    said = capsys.readouterr()
    assert code in (2, 3, 4, 5), said
    assert "of its own" not in said.err
    assert everything_in(tmp_path) == before
    if words[0] in ("list", "show", "why", "acts", "holds", "wakes"):
        assert code == 5
        assert str(store) in said.err
        assert "--read-only" not in said.err


def test_a_mistyped_place_names_the_store_beside_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    open_store(tmp_path / "nightly").close()
    assert command(["--store", str(tmp_path / "nigthly"), "list"]) == 5
    assert f"Did you mean {tmp_path / 'nightly'}?" in capsys.readouterr().err


def test_what_needs_no_store_works_without_and_makes_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = tmp_path / "none"
    for words in (
        ["flows"],
        ["graph", "profile_update"],
        ["schedule", "list"],
        ["start", "profile_update", "--dry-run"],
    ):
        assert command(["--store", str(store), *words]) == 0, words
    assert command(["--store", str(store), "schedule", "enable", "nightly_etl", "--dry-run"]) == 0
    assert command(["--store", str(store), "doctor"]) == 5
    assert "There is no store" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "code", "sentence"),
    [
        ("a file", 5, "is a file"),
        ("a file/below", 5, "is a file"),
        ("dangling", 5, "is a link to"),
        ("in a link", 5, "is a link to"),
        ("circle", 5, "is a link to"),
        ("x" * 300, 5, "too long"),
        ("~nobody-of-that-name/store", 2, "no such user"),
        ("postgres//db.internal/forkjoin", 2, "postgresql://USER@HOST/DATABASE"),
        ("postgresql:/mia:hush@db/forkjoin", 2, "postgresql://USER@HOST/DATABASE"),
        ("postgresql:mia:hush@db/forkjoin", 2, "postgresql://USER@HOST/DATABASE"),
        ("posgresql://mia:hush@db/forkjoin", 5, "no posgresql stores"),
        ("folder for a file", 5, "is no file"),
        ("n\0ul", 2, "NUL"),
        ("caf\udce9", 2, "UTF-8"),
    ],
)
@pytest.mark.parametrize("words", [["list"], ["start", "profile_update"], ["--read-only", "list"]], ids=" ".join)
def test_a_place_that_can_hold_no_store_is_one_sentence(
    name: str,
    code: int,
    sentence: str,
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a file").write_text("x")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "in a link").mkdir()
    (tmp_path / "in a link" / "store.db").symlink_to("nowhere.db")
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "folder for a file" / "store.db").mkdir(parents=True)
    before = everything_in(tmp_path)
    assert command(["--store", name, *words]) == code
    said = capsys.readouterr().err
    assert sentence in said
    assert "hush" not in said
    assert "of its own" not in said
    assert everything_in(tmp_path) == before


def test_an_import_of_nothing_begins_no_store(tmp_path: Path) -> None:
    (tmp_path / "letter.json").write_text("Dear Mia")
    for file in ("nobody.json", "letter.json"):
        assert command(["--store", str(tmp_path / "store"), "import", str(tmp_path / file)]) == 2
        assert not (tmp_path / "store").exists()


SOMEBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can work as somebody else")


@pytest.fixture
def theirs() -> Iterator[Path]:
    """A store of ours in a place that somebody else can reach, which those of pytest are not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        assert command(["--store", f"{folder}/store", "start", "profile_update", "--id", "p"]) == 0
        yield Path(folder) / "store"


# Others may not read this Python: everything is loaded, by using it, before the process becomes theirs.
AS_SOMEBODY = """
import os, sys, tempfile
from contextlib import redirect_stdout
import console.launch, runtime.assembly.single
from console.cli.main import run
with tempfile.TemporaryDirectory() as folder, redirect_stdout(sys.stderr):
    run(["--store", folder, "start", "profile_update", "--id", "w"])
    for words in (["pause", "w"], ["list"], ["show", "w"], ["export"], ["hold", "all"]):
        run(["--store", folder, *words])
os.setgroups([])
os.setgid(int(sys.argv[1]))
os.setuid(int(sys.argv[1]))
sys.stderr.write("AS SOMEBODY")
sys.exit(run(sys.argv[2:]))
"""


def as_somebody(store: Path, *words: str) -> tuple[int, str, str]:
    answer = subprocess.run(
        [sys.executable, "-c", AS_SOMEBODY, str(SOMEBODY), "--store", str(store), *words],
        cwd=ROOT,
        env={"HOME": "/nonexistent", "PATH": os.environ["PATH"], "USER": "somebody"},
        capture_output=True,
        text=True,
    )
    return answer.returncode, answer.stdout, answer.stderr.partition("AS SOMEBODY")[2]


@as_root
@pytest.mark.parametrize("words", [("list",), ("--read-only", "list"), ("start", "profile_update"), ("scheduler",)])
def test_a_store_of_somebody_else_is_said_to_be_theirs(theirs: Path, words: tuple[str, ...]) -> None:
    for mode, files in ((0o700, 0o600), (0o711, 0o600)):
        theirs.chmod(mode)
        for file in theirs.iterdir():
            file.chmod(files)
        before = everything_in(theirs)
        code, _, said = as_somebody(theirs, *words)
        assert code == 5, said
        assert "belongs to root" in said
        assert "There is no store" not in said
        assert "--read-only" not in said
        assert everything_in(theirs) == before


@as_root
def test_a_store_of_somebody_else_that_may_be_read_is_read_and_not_changed(theirs: Path) -> None:
    theirs.chmod(0o755)
    (theirs / "store.db").chmod(0o644)
    before = everything_in(theirs)
    for words in (("list",), ("--read-only", "list"), ("show", "p"), ("export",)):
        code, out, said = as_somebody(theirs, *words)
        assert code == 0, said
        assert "p" in out
    for words in (("pause", "p"), ("start", "profile_update"), ("scheduler",), ("hold", "all")):
        code, _, said = as_somebody(theirs, *words)
        assert code == 5, said
        assert "belongs to root" in said
        assert "--read-only" not in said
    code, out, _ = as_somebody(theirs, "pause", "p", "--dry-run")
    assert (code, "Would pause" in out) == (0, True)
    assert everything_in(theirs) == before


@as_root
def test_a_store_cannot_be_made_where_somebody_else_rules(theirs: Path) -> None:
    code, _, said = as_somebody(theirs.parent / "new", "start", "profile_update")
    assert code == 5
    assert "cannot be made" in said
    assert "belongs to root" in said
