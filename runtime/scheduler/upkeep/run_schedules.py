"""Starts the runs of schedules that are enabled, with their overlap policy; each workflow apart from the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from runtime.catalog.catalog import Catalog
from runtime.catalog.workflow import Workflow
from runtime.clock import Clock
from runtime.errors import ForkjoinError, InvalidInput, LostRight, NotFound, StoreUnavailable
from runtime.flow.schedule import due_tick, next_tick, tick_id
from runtime.logs import get_logger
from runtime.model.act import Hold
from runtime.model.status import RunStatus
from runtime.model.stored import RunFilter
from runtime.store.ports.listing import Listing
from runtime.store.ports.store import Store

log = get_logger(__name__)
OPEN = frozenset(RunStatus) - {RunStatus.COMPLETED, RunStatus.CANCELLED, RunStatus.FAILED, RunStatus.DAMAGED}
WRONG = timedelta(days=1)
"""A tick that lies further ahead was started by a clock that was wrong: it keeps no other waiting."""
State = Mapping[str, object]
"""The stored state of a schedule: enabled, enabled_at, last_tick, queued; moments as ISO texts."""


def is_open(listing: Listing, workflow: str) -> bool:
    """Whether a run of a workflow has not ended; failed and damaged ones wait for an operator and do not count."""
    return listing.count(RunFilter(workflow=workflow, statuses=OPEN)) > 0


@dataclass(frozen=True, slots=True)
class _Look:
    """The last look at a schedule; nothing is to be done before its next tick while both stay as they are."""

    workflow: Workflow
    state: State
    looked_at: datetime
    next_tick: datetime | None

    def still_holds(self, workflow: Workflow, state: State, now: datetime) -> bool:
        """Whether a look now would come to the same; one from ahead was made before the clock was set back."""
        unchanged = (
            self.looked_at <= now and self.workflow is workflow and self.state == state and not state.get("queued")
        )
        return unchanged and (self.next_tick is None or now < self.next_tick)


class RunSchedules:
    """Looks again and again whether a schedule ticks; what is wrong with one is logged once and stops no other."""

    def __init__(
        self, store: Store, catalog: Catalog, clock: Clock, start_run: Callable[[str, str, datetime], None]
    ) -> None:
        """Start runs by `start_run(workflow, run id, tick)`, which leaves a run alone that is there already."""
        self._store = store
        self._catalog = catalog
        self._clock = clock
        self._start_run = start_run
        self._logged: dict[str, str] = {}
        """The problem that was logged last, by workflow."""
        self._looks: dict[str, _Look] = {}

    def look(self) -> datetime | None:
        """Start what is due; returns when a schedule ticks next.

        Raises:
            StoreUnavailable: The store cannot be used.
            LostRight: Another process drives the store now.
        """
        now = self._clock.now()
        soonest: datetime | None = None
        enabled = {name: state for name, state in self._store.schedules.all().items() if state.get("enabled")}
        holds = self._store.holds.all() if enabled else ()
        for name, state in enabled.items():
            try:
                following = self._look_at(name, state, holds, now)
                self._logged.pop(name, None)
            except (StoreUnavailable, LostRight):
                raise
            except Exception as problem:
                self._looks.pop(name, None)
                self._log_once(name, problem)
                continue
            soonest = min(filter(None, (soonest, following)), default=None)
        return soonest

    def _log_once(self, name: str, problem: Exception) -> None:
        text = problem.message if isinstance(problem, ForkjoinError) else f"{type(problem).__name__}: {problem}"
        if self._logged.get(name) != text:
            self._logged[name] = text
            log.warning("schedule.unusable", workflow=name, problem=text)

    def _look_at(self, name: str, state: State, holds: Sequence[Hold], now: datetime) -> datetime | None:
        """Start what is due of one schedule; returns its next tick, raises what is wrong with it."""
        workflow = self._catalog.named(name)
        if workflow is None:
            raise NotFound(
                f"The workflow {name} is not in the folders of this scheduler: give its folder with --workflows, or "
                f"end its schedule with forkjoin schedule disable {name}"
            )
        last_look = self._looks.get(name)
        if last_look is not None and last_look.still_holds(workflow, state, now):
            return last_look.next_tick
        rule, flow_id = _rule(self._catalog, workflow)
        enabled_at = datetime.fromisoformat(str(state["enabled_at"]))
        last_tick = _moment(state, "last_tick")
        if enabled_at > now + WRONG:
            enabled_at -= WRONG * ceil((enabled_at - now) / WRONG)
        if last_tick is not None and last_tick > now + WRONG:
            last_tick = None
        following = next_tick(rule, enabled_at, now)
        if any(hold.covers(run_id="", workflow=name, flow_id=flow_id) for hold in holds):
            self._looks.pop(name, None)
            return following
        overlap = str(rule.get("overlap", "skip"))
        self._start_due(name, _moment(state, "queued"), overlap, due_tick(rule, enabled_at, last_tick, now))
        self._looks[name] = _Look(workflow, dict(state), now, following)
        return following

    def _start_due(self, name: str, queued: datetime | None, overlap: str, tick: datetime | None) -> None:
        """Start the run of the queued tick, else of the tick that is due, and store what became of both."""
        if tick is None and queued is None:
            return
        changes: dict[str, str | None] = {} if tick is None else {"last_tick": tick.isoformat()}
        must_wait = overlap != "allow" and is_open(self._store.listing, name)
        first = queued or tick
        if not must_wait and first is not None:
            # The run first: its id makes a repeated start harmless if we die before the tick is stored.
            self._start_run(name, tick_id(name, first), first)
            log.info("schedule.started", workflow=name, run=tick_id(name, first))
            changes["queued"] = None
            must_wait = overlap != "allow"
            tick = tick if queued else None
            if tick is not None and not must_wait:
                self._start_run(name, tick_id(name, tick), tick)
                tick = None
            queued = None
        if tick is not None:
            if overlap == "queue" and not queued:
                changes["queued"] = tick.isoformat()
            log.info("schedule.overlap", workflow=name, tick=tick, policy=overlap)
        if changes:
            self._store_changes(name, changes)

    def _store_changes(self, name: str, changes: Mapping[str, str | None]) -> None:
        """Change the state as it is now: somebody may have switched the schedule off meanwhile."""
        state = self._store.schedules.all().get(name)
        if state is not None:
            changed = {**state, **changes}
            self._store.schedules.put(name, {key: value for key, value in changed.items() if value is not None})


def _moment(state: State, key: str) -> datetime | None:
    return datetime.fromisoformat(str(state[key])) if state.get(key) else None


def _rule(catalog: Catalog, workflow: Workflow) -> tuple[Mapping[str, object], str]:
    """The schedule of a workflow that can be started, and its flow id; raises InvalidInput with the reason."""
    problems = catalog.verdict(workflow).problems
    if problems:
        more = f" It is the first of {len(problems)} problems." if problems[1:] else ""
        raise InvalidInput(f"The workflow {workflow.name} cannot be started: {problems[0]}{more}")
    if workflow.flow is None or not workflow.flow.schedule:
        raise InvalidInput(
            f"The workflow {workflow.name} has no metadata.schedule any more; forkjoin schedule disable "
            f"{workflow.name} ends this"
        )
    return workflow.flow.schedule, workflow.flow.id
