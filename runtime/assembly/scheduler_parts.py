"""The parts of every scheduler, whether it is alone on a store or one worker of many."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from runtime.acts.start import NewRun
from runtime.assembly.runtime import Runtime
from runtime.calls.performer import Performer
from runtime.catalog.python_system import PythonSystem
from runtime.errors import Refused
from runtime.external.base import ExternalSystem
from runtime.flow.program import Program
from runtime.model.clock_setting import ClockSetting
from runtime.model.facts import DURATIONS
from runtime.model.run import Run
from runtime.operations.programs import program_of
from runtime.operations.starting import start_runs
from runtime.scheduler.monitoring.call_meter import CallMeter
from runtime.scheduler.upkeep.hold_releases import HoldReleases
from runtime.scheduler.upkeep.question_answerer import QuestionAnswerer
from runtime.scheduler.upkeep.retention import Retention
from runtime.scheduler.upkeep.run_schedules import RunSchedules
from runtime.scheduler.upkeep.store_duties import StoreDuties
from runtime.scheduler.upkeep.stored_acts import StoredActs
from runtime.scheduler.waking.wake_loop import WakeLoop
from runtime.store.removed_work import Sweeping


@dataclass
class SchedulerParts:
    """What works on the runs of a store, over the external systems this process reaches."""

    runtime: Runtime
    systems: Mapping[str, ExternalSystem]
    meter: CallMeter
    """Makes the calls."""
    acts: StoredActs
    answerer: QuestionAnswerer
    sweep: Sweeping
    """Removes jobs on this machine that removed runs left behind."""

    def program_of(self, run: Run) -> tuple[Program, str | None]:
        """The program of a run and the hash of its code."""
        code = self.runtime.catalog.code_of(run)
        return program_of(self.runtime.store.flows, self.runtime.catalog, run), code.hash if code else None

    def start_run(self, workflow: str, run_id: str, tick: datetime) -> None:
        """Start the run of a tick; one that is there already is left alone."""
        with suppress(Refused):
            start_runs(self.runtime.commands.acting, workflow, [NewRun(run_id)], reason=f"schedule tick {tick}")

    def duties_of(self, loop: WakeLoop, clock_settings: Callable[[], Sequence[ClockSetting]] = tuple) -> StoreDuties:
        """What exactly one process does for the store beside the wakes."""
        store, catalog, clock = self.runtime.store, self.runtime.catalog, self.runtime.clock
        return StoreDuties(
            clock,
            HoldReleases(store),
            RunSchedules(store, catalog, clock, self.start_run),
            Retention(store, catalog, self.runtime.settings.retention_days, clock_settings),
            loop.recheck_damaged,
        )

    def close(self) -> None:
        """Close systems and store."""
        for system in self.systems.values():
            with suppress(Exception):
                asyncio.run(system.close())
        self.runtime.close()


def parts_of(runtime: Runtime, systems: Mapping[str, ExternalSystem]) -> SchedulerParts:
    """Put together what works on runs of this store, with these external systems."""
    store, catalog, clock = runtime.store, runtime.catalog, runtime.clock
    with_python: dict[str, ExternalSystem] = {**systems, "python": PythonSystem(catalog.code)}
    # Task code has its own limit inside the catalog; this one only catches what slips through.
    performer = Performer(with_python, catalog, clock, runtime.settings.call_timeout_seconds + 5)
    meter = CallMeter(performer.perform, durations=DURATIONS.read(store.facts))

    def program(run: Run) -> Program:
        return program_of(store.flows, catalog, run)

    return SchedulerParts(
        runtime,
        systems,
        meter,
        StoredActs(store.acts, runtime.commands.carry_out, clock),
        QuestionAnswerer(store, performer, program, clock),
        Sweeping(store, catalog.systems),
    )
