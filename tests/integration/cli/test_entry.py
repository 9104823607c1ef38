"""The `forkjoin` command begins with the packages of forkjoin, or says in a sentence which others hide them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from forkjoin.entry import OURS
from tests.scheduling import ROOT

ENTRY = "from forkjoin.entry import main; main()"


def forkjoin(folder: Path, *words: str, path: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": path, "FORKJOIN_STORE": str(folder / "store")}
    return subprocess.run([sys.executable, "-c", ENTRY, *words], cwd=folder, env=env, capture_output=True, text=True)


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("kind", ["package", "module"])
def test_a_foreign_package_that_hides_ours_is_told_in_a_sentence(tmp_path: Path, name: str, kind: str) -> None:
    foreign = tmp_path / "theirs"
    file = foreign / name / "__init__.py" if kind == "package" else foreign / f"{name}.py"
    file.parent.mkdir(parents=True)
    file.write_text("raise RuntimeError('code of theirs ran')\n")
    for words in (["--version"], ["list"], ["start", "profile_update"], []):
        answer = forkjoin(tmp_path, *words, path=f"{foreign}{os.pathsep}{ROOT}")
        assert answer.returncode == 2
        assert answer.stdout == ""
        assert f"Another package named {name}" in answer.stderr
        assert str(foreign) in answer.stderr
        assert "PYTHONPATH" in answer.stderr
        assert "Traceback" not in answer.stderr
        assert answer.stderr.count("\n") == 1


def test_folders_of_our_names_where_one_works_hide_nothing(tmp_path: Path) -> None:
    for name in OURS:
        (tmp_path / name).mkdir()
        (tmp_path / name / "notes.txt").touch()
    answer = forkjoin(tmp_path, "start", "profile_update", "--id", "p", path=str(ROOT))
    assert answer.returncode == 0, answer.stderr


def test_a_missing_package_is_told_too(tmp_path: Path) -> None:
    (tmp_path / "lib" / "forkjoin").mkdir(parents=True)
    for file in (ROOT / "forkjoin").glob("*.py"):
        (tmp_path / "lib" / "forkjoin" / file.name).write_text(file.read_text())
    answer = subprocess.run(
        [sys.executable, "-S", "-c", ENTRY],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "lib")},
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 2
    assert "not installed whole" in answer.stderr
