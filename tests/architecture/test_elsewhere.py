"""The tests leave the stores, settings and caches of whoever runs them alone."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import platformdirs

from runtime.settings import Settings, settings_file
from tests.scheduling import ROOT


def test_every_folder_of_a_user_is_a_temporary_one() -> None:
    elsewhere = Path(tempfile.gettempdir()).resolve()
    folders = [Path.home(), settings_file(), Path(Settings.load().store)]
    kinds = ("state", "config", "cache", "data")
    folders += [Path(getattr(platformdirs, f"user_{kind}_dir")("forkjoin")) for kind in kinds]
    assert [folder for folder in folders if not folder.resolve().is_relative_to(elsewhere)] == []
    assert [name for name in os.environ if name.startswith("FORKJOIN_") and "_TEST_" not in name] == []


def test_a_run_of_tests_writes_nothing_at_home(tmp_path: Path) -> None:
    home, store = tmp_path / "home", tmp_path / "store"
    home.mkdir()
    chosen = ["tests/integration/cli/test_command_line.py", "-k", "directory and (schedule or dry)"]
    answer = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *chosen],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": str(home), "FORKJOIN_STORE": str(store), "XDG_STATE_HOME": str(home)},
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stdout
    assert list(tmp_path.rglob("*")) == [home]
