"""The store of a demo is removed however the demo ends, and its scheduler with it; one that is to be kept stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.scheduling import ROOT, listening


def demo(folder: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "console", "demo", "--headless", *words],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=listening,
    )


def wait_for(seen: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < end, "not seen in time"
        time.sleep(0.05)


def driver(folder: Path) -> int:
    """The scheduler that drives the store of a demo; 0 if none does yet."""
    return int(next((p.read_text() for p in folder.glob("forkjoin-demo-*/scheduler.lock")), "").strip() or 0)


def alive(pid: int) -> bool:
    try:
        return b"\0runtime\0" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


@pytest.mark.parametrize("number", [0, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL, signal.SIGINT], ids=str)
def test_nothing_is_left_however_it_ends(tmp_path: Path, number: int) -> None:
    with demo(tmp_path) as process:
        wait_for(lambda: driver(tmp_path))
        pid = driver(tmp_path)
        if number:
            process.send_signal(number)
        _, said = process.communicate(timeout=120)
    assert "goes on" not in said
    assert "Look again" not in said
    assert process.returncode in {0: (0,), signal.SIGINT: (130,)}.get(number, (-number, 128 + number))
    wait_for(lambda: not list(tmp_path.iterdir()))
    wait_for(lambda: not alive(pid))


def test_what_is_to_be_kept_is_kept(tmp_path: Path) -> None:
    with demo(tmp_path, "--keep") as process:
        _, said = process.communicate(timeout=120)
    (store,) = tmp_path.iterdir()
    assert (store / "store.db").exists()
    assert f"forkjoin --store {store} why demo" in said
    os.kill(driver(tmp_path), signal.SIGTERM)
    with demo(tmp_path, "--store", str(tmp_path / "mine")) as process:
        process.communicate(timeout=120)
    assert (tmp_path / "mine" / "store.db").exists()
    os.kill(int((tmp_path / "mine" / "scheduler.lock").read_text()), signal.SIGTERM)
