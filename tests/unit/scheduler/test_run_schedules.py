"""Schedules start runs by their overlap policy, and what has ended is removed when its time is over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from runtime.acts.start import NewRun
from runtime.assembly.runtime import Runtime, open_runtime
from runtime.clock import ManualClock
from runtime.model.act import Actor
from runtime.model.status import RunStatus
from runtime.model.stored import Save
from runtime.operations.queries.doctor import examined
from runtime.operations.starting import start_runs
from runtime.scheduler.upkeep.retention import Retention
from runtime.scheduler.upkeep.run_schedules import RunSchedules
from runtime.settings import Settings
from tests.workers import write_fork

TASK = {"task": {"system": "simulated", "duration": "1 second"}}


class Night:
    """A store with one scheduled workflow, and a clock that is moved to its ticks."""

    def __init__(self, location: str, folder: Path, overlap: str) -> None:
        schedule = {"every": "10 minutes", "overlap": overlap}
        flows = write_fork(folder / "flows", "nightly", {"a": TASK}, schedule=schedule, retention="2 days")
        self.clock = ManualClock()
        given = {"store": location, "directory": str(folder), "workflows": (str(flows),)}
        settings = Settings.load(given, env={})
        self.runtime: Runtime = open_runtime(settings, actor=Actor("scheduler", "scheduler"), clock=self.clock)
        self.runtime.commands.schedule("nightly", enabled=True)
        store, catalog = self.runtime.store, self.runtime.catalog
        self.schedules = RunSchedules(store, catalog, self.clock, lambda *tick: self.start(*tick))

    def start(self, workflow: str, run_id: str, tick: datetime) -> None:
        start_runs(self.runtime.commands.acting, workflow, [NewRun(run_id)], reason=f"tick {tick}")

    def tick(self, minutes: float) -> list[str]:
        """Move the clock and tick; gives the ticks of all runs there are, as minutes since the beginning."""
        self.clock.move(minutes * 60)
        self.schedules.look()
        return sorted(run.id.partition("@")[2] for run in self.runtime.store.runs.query(limit=None))

    def end(self, status: RunStatus) -> None:
        """Everything that is open comes to this."""
        for run in self.runtime.store.runs.query(limit=None):
            if run.status is RunStatus.PENDING:
                ended = replace(
                    run,
                    status=status,
                    revision=run.revision + 1,
                    next_wake_at=None,
                    ended_at=self.clock.now(),
                    updated_at=self.clock.now(),
                )
                self.runtime.store.runs.save([Save(ended, run.revision)])


@pytest.fixture
def night(request: pytest.FixtureRequest, location: str, tmp_path: Path) -> Iterator[Night]:
    made = Night(location, tmp_path, request.param)
    yield made
    made.runtime.close()


@pytest.mark.parametrize("night", ["skip"], indirect=True)
def test_skip_lets_a_tick_pass_while_a_run_is_open(night: Night) -> None:
    assert len(night.tick(11)) == 1
    assert len(night.tick(10)) == 1
    night.end(RunStatus.COMPLETED)
    assert len(night.tick(1)) == 1, "the tick that passed is not made up for"
    assert len(night.tick(9)) == 2


@pytest.mark.parametrize("night", ["skip"], indirect=True)
def test_a_failed_run_waits_for_an_operator_and_holds_up_no_tick(night: Night) -> None:
    night.tick(11)
    night.end(RunStatus.FAILED)
    assert len(night.tick(10)) == 2


@pytest.mark.parametrize("night", ["allow"], indirect=True)
@pytest.mark.parametrize("years", [1, 4])
def test_years_that_were_only_set_start_one_tick_and_keep_no_later_one_waiting(night: Night, years: int) -> None:
    assert len(night.tick(11)) == 1
    night.clock.move(years * 365 * 86_400)
    assert len(night.tick(0)) == 2, "of the ticks that were missed the latest alone"
    night.clock.move(-years * 365 * 86_400)
    before = len(night.tick(0))
    assert len(night.tick(25)) >= before + 1, "a tick of a wrong clock keeps none of the right one waiting"


@pytest.mark.parametrize("night", ["queue"], indirect=True)
def test_queue_keeps_one_tick_until_the_open_run_has_ended(night: Night) -> None:
    assert len(night.tick(11)) == 1
    assert len(night.tick(10)) == 1
    assert len(night.tick(10)) == 1
    night.end(RunStatus.COMPLETED)
    assert len(night.tick(1)) == 2, "of two ticks that passed the first is made up for"
    night.end(RunStatus.COMPLETED)
    assert len(night.tick(1)) == 2


@pytest.mark.parametrize("night", ["queue"], indirect=True)
def test_a_tick_that_comes_when_the_queued_one_starts_is_queued_behind_it(night: Night) -> None:
    first = night.tick(11)
    night.tick(10)
    night.end(RunStatus.COMPLETED)
    started = set(night.tick(10)) - set(first)
    assert started == {"20260101T002000Z"}, "the first of those that waited"
    night.end(RunStatus.COMPLETED)
    assert "20260101T003000Z" in night.tick(1)


@pytest.mark.parametrize("night", ["queue"], indirect=True)
def test_ticks_missed_by_a_hold_come_to_one_when_it_is_released(night: Night) -> None:
    night.runtime.commands.hold("flow=nightly", reason="maintenance")
    assert night.tick(35) == []
    night.runtime.commands.release("flow=nightly", reason="over")
    assert night.tick(1) == ["20260101T003000Z"]


@pytest.mark.parametrize("night", ["allow"], indirect=True)
def test_allow_starts_beside_what_is_open_and_each_tick_once(night: Night) -> None:
    assert len(night.tick(11)) == 1
    assert len(night.tick(10)) == 2
    assert len(night.tick(0)) == 2


@pytest.mark.parametrize("night", ["allow"], indirect=True)
def test_a_schedule_switched_off_while_a_tick_starts_stays_off(night: Night) -> None:
    start = night.start

    def start_while_mia_switches_it_off(workflow: str, run_id: str, tick: datetime) -> None:
        night.runtime.commands.schedule("nightly", enabled=False)
        start(workflow, run_id, tick)

    night.start = start_while_mia_switches_it_off  # type: ignore[method-assign]
    assert len(night.tick(11)) == 1
    assert not night.runtime.store.schedules.all()["nightly"]["enabled"]
    assert len(night.tick(60)) == 1


@pytest.mark.parametrize("night", ["allow"], indirect=True)
def test_runs_that_ended_are_removed_when_their_flow_says_so_and_failed_ones_are_kept(night: Night) -> None:
    night.tick(11)
    night.end(RunStatus.COMPLETED)
    night.tick(10)
    night.end(RunStatus.FAILED)
    night.tick(10)
    store, catalog = night.runtime.store, night.runtime.catalog
    assert Retention(store, catalog, 0).remove(night.clock.now() + timedelta(days=1.9)) == 0
    assert Retention(store, catalog, 0).remove(night.clock.now() + timedelta(days=2.1)) == 1
    assert store.listing.counts() == {"failed": 1, "pending": 1}


@pytest.mark.parametrize("night", ["allow"], indirect=True)
def test_a_store_whose_runs_were_moved_takes_no_acts_and_says_where_they_are(night: Night) -> None:
    night.tick(11)
    night.runtime.store.facts.put("moved_to", "postgresql://db/forkjoin")
    with pytest.raises(Exception, match="moved to postgresql://db/forkjoin"):
        night.runtime.commands.cancel(night.runtime.store.runs.query()[0].id)
    checks = {check.name: check for check in examined(night.runtime.queries, night.runtime.directory)}
    assert not checks["moved"].ok
