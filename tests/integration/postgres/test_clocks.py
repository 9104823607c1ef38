"""Machines whose clocks differ: the clock of the database says what is due, overdue and silent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from runtime.assembly.serving_scheduler import scheduler_alive
from runtime.clock import SystemClock
from tests.postgres import new_database
from tests.workers import opened, wait_for, workers

pytestmark = pytest.mark.xdist_group("postgres")


@pytest.mark.parametrize("hours", [-3, 3])
def test_a_machine_with_a_wrong_clock_sees_a_living_worker_and_starts_runs_that_are_due_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    url = new_database()
    with workers(url, tmp_path / "s", 1):
        monkeypatch.setattr(SystemClock, "now", lambda _: datetime.now(UTC) + timedelta(hours=hours))
        with opened(url, tmp_path / "s") as runtime:
            wait_for(lambda: scheduler_alive(runtime))
            runtime.commands.start("release_approval", run_id="r")
            wait_for(lambda: runtime.store.runs.get("r").status != "pending", 10)  # type: ignore[union-attr]
            assert any("alive" in sentence for sentence in runtime.queries.why("r").sentences)
    with opened(url, tmp_path / "s") as runtime:
        assert runtime.store.facts.get("scheduler")["stopped"], "the last worker that stops says so"
        assert not scheduler_alive(runtime)
