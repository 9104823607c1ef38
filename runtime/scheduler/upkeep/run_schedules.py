"""Starts the runs of schedules that are enabled, with their overlap policy; each workflow apart from the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from runtime.catalog import Catalog, Workflow
from runtime.clock import Clock
from runtime.errors import ForkjoinError, InvalidInput, LostRight, NotFound, StoreUnavailable
from runtime.flow.schedule import due_tick, next_tick, tick_id
from runtime.logs import get_logger
from runtime.model.act import Hold
from runtime.model.status import RunStatus
from runtime.model.stored import RunFilter
from runtime.store.ports.store import Store

log = get_logger(__name__)
OPEN = frozenset(RunStatus) - {RunStatus.COMPLETED, RunStatus.CANCELLED, RunStatus.FAILED, RunStatus.DAMAGED}


def is_open(store: Store, workflow: str) -> bool:
    """Whether a run of a workflow has not ended; failed and damaged ones wait for an operator and do not count."""
    return store.listing.count(RunFilter(workflow=workflow, statuses=OPEN)) > 0


class RunSchedules:
    """Looks again and again whether a schedule ticks; what is wrong with one is logged once and stops no other."""

    def __init__(
        self, store: Store, catalog: Catalog, clock: Clock, start_run: Callable[[str, str, datetime], None]
    ) -> None:
        self._store, self._catalog, self._clock, self._start_run = store, catalog, clock, start_run
        self._told: dict[str, str] = {}
        self._waits: dict[str, tuple[Workflow, Mapping[str, Any], datetime | None]] = {}
        """For each workflow what was looked at, and when it ticks next if that stays as it is."""

    def look(self) -> datetime | None:
        """Start what is due; gives the next moment a schedule ticks. Raises only what is wrong with the store."""
        now = self._clock.now()
        soonest: datetime | None = None
        enabled = {name: state for name, state in self._store.schedules.all().items() if state.get("enabled")}
        holds = self._store.holds.all() if enabled else ()
        for name, state in enabled.items():
            try:
                following = self._look_at(name, state, holds, now)
                self._told.pop(name, None)
            except (StoreUnavailable, LostRight):
                raise
            except Exception as problem:
                self._waits.pop(name, None)
                self._tell(name, problem)
                continue
            soonest = min(filter(None, (soonest, following)), default=None)
        return soonest

    def _tell(self, name: str, problem: Exception) -> None:
        said = problem.message if isinstance(problem, ForkjoinError) else f"{type(problem).__name__}: {problem}"
        if self._told.get(name) != said:
            self._told[name] = said
            log.warning("schedule.unusable", workflow=name, problem=said)

    def _look_at(self, name: str, state: Mapping[str, Any], holds: Sequence[Hold], now: datetime) -> datetime | None:
        workflow = self._catalog.named(name)
        if workflow is None:
            raise NotFound(
                f"The workflow {name} is not in the folders of this scheduler: give its folder with --workflows, or "
                f"end its schedule with forkjoin schedule disable {name}"
            )
        seen = self._waits.get(name)
        if seen is not None and seen[0] is workflow and seen[1] == state and not state.get("queued"):
            if seen[2] is None or now < seen[2]:
                return seen[2]
        rule, flow_id = _rule(self._catalog, workflow)
        enabled_at = datetime.fromisoformat(str(state["enabled_at"]))
        last = datetime.fromisoformat(str(state["last_tick"])) if state.get("last_tick") else None
        following = next_tick(rule, enabled_at, now)
        if any(hold.covers(run_id="", workflow=name, flow_id=flow_id) for hold in holds):
            self._waits.pop(name, None)
            return following
        self._start_due(name, state, rule.get("overlap", "skip"), due_tick(rule, enabled_at, last, now))
        self._waits[name] = (workflow, dict(state), following)
        return following

    def _start_due(self, name: str, state: Mapping[str, Any], overlap: str, tick: datetime | None) -> None:
        queued = state.get("queued")
        if tick is None and not queued:
            return
        busy = overlap != "allow" and is_open(self._store, name)
        told: dict[str, str | None] = {} if tick is None else {"last_tick": tick.isoformat()}
        if not busy:
            # The run first: its id makes a repeated start harmless if we die before the tick is written down.
            first = datetime.fromisoformat(str(queued)) if queued else tick
            assert first is not None
            self._start_run(name, tick_id(name, first), first)
            log.info("schedule.started", workflow=name, run=tick_id(name, first))
            told["queued"] = None
            busy = overlap != "allow"
            tick = tick if queued else None
            if tick is not None and not busy:
                self._start_run(name, tick_id(name, tick), tick)
                tick = None
            queued = None
        if tick is not None:
            if overlap == "queue" and not queued:
                told["queued"] = tick.isoformat()
            log.info("schedule.overlap", workflow=name, tick=tick, policy=overlap)
        if told:
            self._write_down(name, told)

    def _write_down(self, name: str, told: Mapping[str, str | None]) -> None:
        """Note what became of a tick on what the schedule is now: somebody may have switched it off meanwhile."""
        state = self._store.schedules.all().get(name)
        if state is not None:
            kept = {**state, **told}
            self._store.schedules.put(name, {key: value for key, value in kept.items() if value is not None})


def _rule(catalog: Catalog, workflow: Workflow) -> tuple[Mapping[str, Any], str]:
    """The schedule of a workflow that can be started, and its flow id; raises InvalidInput with the reason."""
    wrong = catalog.verdict(workflow).problems
    if wrong:
        more = f" It is the first of {len(wrong)} problems." if wrong[1:] else ""
        raise InvalidInput(f"The workflow {workflow.name} cannot be started: {wrong[0]}{more}")
    if workflow.flow is None or not workflow.flow.schedule:
        raise InvalidInput(
            f"The workflow {workflow.name} has no metadata.schedule any more; forkjoin schedule disable "
            f"{workflow.name} ends this"
        )
    return workflow.flow.schedule, workflow.flow.id
