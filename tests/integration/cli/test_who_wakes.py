"""Whoever leaves a run is told who wakes it from then on, until when, and the command that keeps it going."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest

from console.cli.main import cli
from console.cli.main import run as command
from runtime.model.codec import from_document
from runtime.model.heartbeat import Heartbeat
from runtime.operations.waking import keeping_command, who_wakes
from tests.scheduling import drive, environment, listening, opened, scheduler

NOW = datetime(2026, 3, 1, tzinfo=UTC)
COMMAND = "forkjoin scheduler --store /s"


def beat(**more: Any) -> dict[str, Any]:
    return {"beat_at": NOW.isoformat(), "pid": 7, "host": "box", **more}


@pytest.mark.parametrize(
    ("told", "attached", "starting", "said"),
    [
        (None, 0, False, "No scheduler is alive"),
        ({}, 3, False, "No scheduler is alive"),
        (beat(stopped=True), 0, False, "No scheduler is alive"),
        (beat(beat_at=(NOW - timedelta(hours=1)).isoformat()), 0, False, "No scheduler is alive"),
        (None, 0, True, "ends 30 s after its last client is gone"),
        (beat(attached=True), 0, False, "ends 30 s after its last client is gone"),
        (beat(attached=True), 2, False, "serves 2 clients and ends 30 s after the last is gone"),
        (beat(attached=False), 0, False, None),
        (beat(), 0, False, None),
        (beat(workers=[{"attached": True}]), 0, False, "ends 30 s"),
        (beat(workers=[{"attached": True}, {"attached": False}]), 0, False, None),
        ({"moved_to": "postgresql://db/x"}, 0, False, None),
    ],
)
def test_who_wakes_is_said_as_it_is(told: Any, attached: int, starting: bool, said: str | None) -> None:
    heartbeat = None if told is None else from_document(told, Heartbeat)
    sentence = who_wakes(heartbeat, NOW, attached=attached, command=COMMAND, shared=False, starting=starting)
    if said is None:
        assert sentence is None
    else:
        assert sentence is not None
        assert said in sentence
        assert COMMAND in sentence


@pytest.mark.parametrize(
    ("location", "workflows", "shared", "words"),
    [
        ("/a b/store", (), False, ["scheduler", "--store", "/a b/store"]),
        ("/s", ("/my flows", "$HOME"), False, ["scheduler", "--store", "/s", *["--workflows"], "/my flows"]),
        ("postgresql://mia@db/x?a=b&c=d", (), True, ["worker", "--store", "postgresql://mia@db/x?a=b&c=d"]),
    ],
)
def test_the_command_that_is_named_is_one(
    location: str, workflows: tuple[str, ...], shared: bool, words: list[str]
) -> None:
    forkjoin, *line = shlex.split(keeping_command(location, workflows, shared=shared))
    assert forkjoin == "forkjoin"
    assert line[: len(words)] == words
    found = cli.get_command(click.Context(cli), line[0])
    assert found is not None
    found.make_context(line[0], line[1:])


def wait_for(seen: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < end, "not seen in time"
        time.sleep(0.05)


Forkjoin = Callable[..., tuple[int, str, str]]


@pytest.fixture
def forkjoin(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Forkjoin:
    monkeypatch.setenv("FORKJOIN_STORE", str(tmp_path / "store"))

    def call(*words: str) -> tuple[int, str, str]:
        code = command(list(words))
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def test_every_act_that_somebody_else_must_carry_out_says_that_nobody_does(forkjoin: Forkjoin, tmp_path: Path) -> None:
    forkjoin("start", "profile_update", "--id", "p")
    assert drive(tmp_path / "store").returncode == 0
    forkjoin("start", "release_approval", "--id", "r")
    with scheduler(tmp_path / "store"), opened(tmp_path / "store") as runtime:
        wait_for(lambda: "waits for the event" in runtime.store.runs.get("r").why)  # type: ignore[union-attr]
    nobody = "No scheduler is alive: nothing is started, polled or joined until one is. forkjoin scheduler --store "
    nobody += str(tmp_path / "store")
    waking: tuple[tuple[str, ...], ...] = (
        ("start", "profile_update"),
        ("start", "profile_update", "--count", "2"),
        ("restart", "p"),
        ("retry", "p", "--json"),
        ("send", "r", "approve", "--payload", '{"approved": true, "by": "mara"}'),
        ("pause", "--where", "is:open"),
        ("schedule", "enable", "nightly_etl"),
        ("hold", "all"),
        ("release", "all"),
    )
    for words in waking:
        code, out, err = forkjoin(*words)
        assert code == 0, (words, err)
        assert (nobody in err) == (words[0] != "hold"), words
        if "--json" in words:
            json.loads(out)
    quiet: tuple[tuple[str, ...], ...] = (
        ("start", "profile_update", "--dry-run"),
        ("cancel", "p", "--dry-run"),
        ("schedule", "disable", "nightly_etl"),
        ("list",),
    )
    for words in quiet:
        code, _, err = forkjoin(*words)
        assert (code, "scheduler" in err) == (0, False), words


def follow(store: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "console", "start", "release_approval", "--id", "r", "--follow", *words],
        env=environment(store),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=listening,
    )


def test_whoever_stops_following_is_told_until_when_it_is_woken(tmp_path: Path) -> None:
    with follow(tmp_path) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "started" in line or "waits" in line:
                break
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
        assert process.wait(20) == 130
    assert "lives on" not in said
    assert "ends 30 s after its last client is gone" in said
    assert f"forkjoin scheduler --store {tmp_path} keeps it going" in said
    with opened(tmp_path) as runtime:
        (stop := runtime.store.facts.get("scheduler"))
    subprocess.run(["kill", str(stop["pid"])], check=True)


def test_following_in_vain_says_who_wakes_it(tmp_path: Path) -> None:
    with follow(tmp_path, "--timeout", "3s") as process:
        _, said = process.communicate(timeout=60)
    assert process.returncode == 6
    assert "did not end within 3 s" in said
    assert "ends 30 s after its last client is gone" in said
