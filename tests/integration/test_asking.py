"""An operator asks what the external system says now; the scheduler asks, the run stays as it is."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from runtime.assembly.runtime import Runtime, open_runtime
from runtime.errors import NotFound, Refused
from runtime.model.act import Actor
from runtime.model.question import Question
from runtime.settings import Settings
from tests.scheduling import opened, scheduler

WAIT = 20.0


def answered(runtime: Runtime, question: Question) -> Question:
    until = time.monotonic() + WAIT
    while time.monotonic() < until:
        found = runtime.asking.answer(question.id)
        if found is not None and found.answered_at is not None:
            return found
        time.sleep(0.05)
    raise AssertionError("the scheduler has not answered")


def test_the_scheduler_answers_and_the_run_is_not_moved(tmp_path: Path) -> None:
    with opened(tmp_path) as runtime, scheduler(tmp_path):
        (run,), _ = runtime.commands.start("profile_update", {"emailOutcome": "failed"}, "a")
        until = time.monotonic() + WAIT
        while not (found := runtime.store.runs.load(["a"])[0]).run.failed_branches and time.monotonic() < until:
            time.sleep(0.05)
        failed = next(b for b in found.branches.values() if b.status == "failed")
        before = runtime.store.runs.get("a")
        said = answered(runtime, runtime.asking.ask(run.id, failed.id))
        assert (said.reading, said.problem) == ("failed", "")
        assert "failed" in said.text
        logs = answered(runtime, runtime.asking.ask(run.id, failed.id, "logs"))
        assert logs.problem or logs.text
        assert runtime.store.runs.get("a") == before


def test_nothing_is_asked_where_nothing_was_started_or_nothing_may_be_written(tmp_path: Path) -> None:
    with opened(tmp_path) as runtime:
        runtime.commands.start("profile_update", {}, "a")
        with pytest.raises(Refused, match="started nothing"):
            runtime.asking.ask("a", "main")
        with pytest.raises(NotFound):
            runtime.asking.ask("b", "main")
    watching = open_runtime(Settings.load({"store": str(tmp_path)}, env={}), read_only=True, actor=Actor("jo"))
    with pytest.raises(Refused, match="read-only"):
        watching.asking.ask("a", "main")
    watching.close()
