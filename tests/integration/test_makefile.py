"""make removes what make made and nothing else, and makes a .venv anew that would not work."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.scheduling import ROOT

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")

PYTHON = """#!/bin/sh
case "$*" in
  -c*) echo {version} ;;
  "-m venv .venv") mkdir -p .venv/bin; cp "$0" .venv/bin/python; echo made >> made.log ;;
  *pip*) printf '#!%s/.venv/bin/python\\n' "$PWD" > .venv/bin/forkjoin ;;
esac
"""


def python(path: Path, version: str) -> Path:
    """A stand-in for a Python: it knows its version, makes a .venv and installs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(PYTHON.format(version=version))
    path.chmod(0o755)
    return path


def make(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", *words], cwd=folder, capture_output=True, text=True, check=True)


def files(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}


def test_clean_removes_what_was_made_and_nothing_else(tmp_path: Path) -> None:
    kept = ["Makefile", "notes.txt", "console/app.py", "workflows/mine/tasks.py", ".env", "tests/golden/a.txt"]
    kept += ["dist-notes/a.txt", "venv/lib/__pycache__/theirs.pyc", ".vscode/settings.json"]
    made = ["console/__pycache__/app.pyc", "workflows/mine/__pycache__/tasks.pyc", "tests/unit/__pycache__/a.pyc"]
    ignored = [line.strip("/") for line in (ROOT / ".gitignore").read_text().split() if "__pycache__" not in line]
    made += [f"{name.replace('*', 'forkjoin_console')}/deep/file" for name in ignored]
    for name in kept + made:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    shutil.copy(ROOT / "Makefile", tmp_path)
    make(tmp_path, "clean")
    assert files(tmp_path) == set(kept)
    make(tmp_path, "clean")
    assert files(tmp_path) == set(kept)


@pytest.mark.parametrize("plight", ["another version", "python gone", "python broken", "moved", "half made"])
def test_a_venv_that_would_not_work_is_made_anew(tmp_path: Path, plight: str) -> None:
    house = tmp_path / "house"
    house.mkdir()
    shutil.copy(ROOT / "Makefile", house)
    (house / "pyproject.toml").touch()
    given = f"PYTHON={python(tmp_path / 'bin' / 'python3', '3.12')}"
    make(house, given, ".venv/.installed")
    make(house, given, ".venv/.installed")
    assert (house / "made.log").read_text() == "made\n", "one that works is kept"
    inner = house / ".venv" / "bin" / "python"
    if plight == "another version":
        python(inner, "3.11")
    elif plight == "python gone":
        inner.unlink()
        inner.symlink_to("/nowhere/python3")
    elif plight == "python broken":
        inner.write_text("#!/bin/sh\nexit 1\n")
    elif plight == "moved":
        house = house.rename(tmp_path / "other house")
    else:
        shutil.rmtree(inner.parent)
    (house / ".venv" / "old").touch()
    make(house, given, ".venv/.installed")
    assert (house / "made.log").read_text() == "made\nmade\n"
    assert not (house / ".venv" / "old").exists()
    assert (house / ".venv" / "bin" / "forkjoin").exists()


def test_without_any_python_a_venv_that_is_there_is_kept(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "pyproject.toml").touch()
    python(tmp_path / ".venv" / "bin" / "python", "3.12")
    make(tmp_path, "PYTHON=/nowhere/python3", ".venv/bin/python")
    assert os.access(tmp_path / ".venv" / "bin" / "python", os.X_OK)
    assert not (tmp_path / "made.log").exists()
