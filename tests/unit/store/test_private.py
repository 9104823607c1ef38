"""Whoever makes the directory of a store makes it for its owner alone; an open one is refused."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.cli.main import run
from runtime.assembly.location import open_store
from runtime.errors import StoreUnavailable
from runtime.store.private import make_private


@pytest.fixture(autouse=True)
def _no_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def loose(top: Path) -> list[str]:
    return [str(p) for p in (top, *top.rglob("*")) if not p.is_symlink() and stat.S_IMODE(p.stat().st_mode) & 0o077]


@pytest.mark.parametrize(
    "command",
    [
        ["start", "fork_join_example", "--simulate"],
        ["start", "fork_join_example", "--simulate", "--dry-run"],
        ["scheduler", "--until-idle"],
        ["import", "{file}"],
        ["list"],
        ["doctor"],
        ["store", "upgrade"],
    ],
)
def test_what_is_made_is_private_whoever_makes_it(command: list[str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("{}")
    store = tmp_path / "above" / "runs"
    run([*(part.format(file=tmp_path / "file") for part in command), "--store", str(store)])
    if (tmp_path / "above").exists():
        assert not loose(tmp_path / "above")


def test_missing_folders_above_are_private_and_what_is_there_stays_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    make_private(tmp_path / "a" / "b" / "c")
    make_private(tmp_path / "a" / "b" / "c")
    assert not loose(tmp_path / "a")
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o701, 0o770, 0o710, 0o704])
@pytest.mark.parametrize(
    "command", [["list"], ["list", "--read-only"], ["scheduler"], ["doctor"], ["prune", "--older-than", "1d"]]
)
def test_a_directory_that_is_open_to_others_is_refused_with_what_mends_it(
    mode: int, command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = tmp_path / "it's mine"
    open_store(store).close()
    store.chmod(mode)
    assert run([*command, "--store", str(store)]) == 5
    told = capsys.readouterr()
    assert f"chmod 700 '{tmp_path}/it'\"'\"'s mine'" in told.out + told.err
    store.chmod(0o700)
    assert run(["list", "--store", str(store)]) == 0


def test_an_open_directory_is_no_place_for_a_new_store(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir(mode=0o755)
    with pytest.raises(StoreUnavailable, match="chmod 700"):
        open_store(tmp_path / "runs")
    assert not list((tmp_path / "runs").iterdir())
