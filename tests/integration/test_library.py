"""A program that uses forkjoin as a library: the example of the README, and what it may rely on."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from forkjoin import Settings, open_store
from forkjoin.errors import InvalidInput, NotFound, Refused, TimedOut
from tests.scheduling import drive, environment

ROOT = Path(__file__).resolve().parents[2]
[EXAMPLE] = re.findall(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S | re.M)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Path]:
    """The directory of a store; a scheduler that serves it at the end is stopped."""
    place = tmp_path / "store"
    yield place
    with open_store(place) as opened:
        beat = opened.queries.scheduler()
    if beat is not None:
        assert beat.pid is not None
        os.kill(beat.pid, signal.SIGTERM)


def test_the_example_has_fifteen_lines() -> None:
    assert len(EXAMPLE.strip().splitlines()) <= 15


def test_the_example_starts_follows_and_repairs_a_run(store: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", EXAMPLE],
        env=environment("elsewhere"),
        cwd=store.parent,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "completed 0"
    with open_store(store) as opened:
        [retry] = [act for act in opened.queries.store.acts.newest() if act.verb == "retry"]
        assert (retry.actor, retry.source, retry.reason) == ("mara", "python", "mailbox emptied")


def test_a_run_is_followed_from_its_beginning_and_again(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        [run], _ = store.commands.start("profile_update")
        with pytest.raises(TimedOut, match=f"{run.id} did not end within 0.2 s: it is pending"):
            store.wait(run.id, timeout=0.2)
        assert drive(tmp_path).returncode == 0
        entries = list(store.follow(run.id))
        assert entries == list(store.follow(run.id))
        assert [entries[0].kind, entries[-1].kind] == ["created", "run_completed"]
        assert store.wait(run.id).status == "completed"


def test_what_is_not_there_or_not_allowed_is_an_error(tmp_path: Path) -> None:
    with open_store(settings=Settings(store=str(tmp_path))) as store:
        [run], _ = store.commands.start("release_approval")
        with pytest.raises(NotFound):
            store.wait("nobody")
    with open_store(tmp_path, read_only=True) as store:
        assert [found.id for found in store.queries.runs()] == [run.id]
        with pytest.raises(Refused, match="read-only"):
            store.commands.cancel(run.id)
    with pytest.raises(TypeError, match="leave out one of both"):
        open_store(tmp_path, settings=Settings(store=str(tmp_path)))


def test_a_setting_of_the_environment_that_cannot_be_used_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORKJOIN_BATCH_SIZE", "many")
    with pytest.raises(InvalidInput, match="FORKJOIN_BATCH_SIZE"):
        open_store(tmp_path)
