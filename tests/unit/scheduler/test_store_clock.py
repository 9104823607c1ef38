"""Workers go by the clock of the database, whatever happens to that of their machine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from runtime.clock import ManualClock
from runtime.scheduler.cluster.store_clock import StoreClock


def test_a_clock_of_the_machine_that_is_set_moves_no_wake() -> None:
    machine, passed = ManualClock(), [100.0]
    clock = StoreClock(machine, lambda: passed[0])
    assert clock.now() == machine.now(), "until the database has told its time"
    told = datetime(2026, 3, 1, tzinfo=UTC)
    clock.measure(told)
    machine.move(3_600)
    passed[0] += 1.5
    assert clock.now() == told + timedelta(seconds=1.5)
    clock.measure(told + timedelta(seconds=2))
    assert clock.now() == told + timedelta(seconds=2)
