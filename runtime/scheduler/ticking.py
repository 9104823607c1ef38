"""Starts the runs of schedules that are enabled, with their overlap policy; removes runs whose time is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from runtime.catalog import Catalog
from runtime.clock import Clock
from runtime.errors import ForkjoinError
from runtime.flow.durations import seconds
from runtime.logs import get_logger
from runtime.model.run import Run
from runtime.model.status import RunStatus
from runtime.scheduler.schedules import due_tick, next_tick, problems, tick_id
from runtime.store.base import RunFilter, RunStore

log = get_logger(__name__)
ENDED = frozenset({RunStatus.COMPLETED, RunStatus.CANCELLED})
PAGE = 500
OPEN = frozenset(RunStatus) - ENDED - {RunStatus.FAILED, RunStatus.DAMAGED}


def is_open(store: RunStore, workflow: str) -> bool:
    """Whether a run of a workflow has not ended; failed and damaged ones wait for an operator and do not count."""
    return store.count(RunFilter(workflow=workflow, statuses=OPEN)) > 0


def tick_schedules(
    store: RunStore, catalog: Catalog, clock: Clock, start_run: Callable[[str, str, datetime], None]
) -> datetime | None:
    """Start what is due; gives the next moment a schedule ticks."""
    now = clock.now()
    soonest: datetime | None = None
    for name, state in store.schedules().items():
        if not state.get("enabled"):
            continue
        try:
            flow = catalog.find(name).flow
            schedule = flow.schedule if flow else None
            wrong = problems(schedule) if schedule else ["the workflow has no schedule any more"]
            if not schedule or wrong:
                log.warning("schedule.unusable", workflow=name, problems="; ".join(wrong))
                continue
            enabled_at = datetime.fromisoformat(str(state["enabled_at"]))
            last = datetime.fromisoformat(str(state["last_tick"])) if state.get("last_tick") else None
            held = any(h.covers(run_id="", workflow=name, flow_id=flow.id if flow else "") for h in store.holds())
            if not held:
                _start_due(
                    store,
                    name,
                    dict(state),
                    schedule.get("overlap", "skip"),
                    now,
                    start_run,
                    due_tick(schedule, enabled_at, last, now),
                )
            following = next_tick(schedule, enabled_at, now)
            soonest = min(filter(None, (soonest, following)), default=None)
        except ForkjoinError as problem:
            log.warning("schedule.failed", workflow=name, problem=problem.message)
    return soonest


def _start_due(
    store: RunStore,
    name: str,
    state: dict[str, object],
    overlap: str,
    now: datetime,
    start_run: Callable[[str, str, datetime], None],
    tick: datetime | None,
) -> None:
    queued = state.get("queued")
    busy = is_open(store, name) if overlap != "allow" and (tick or queued) else False
    if tick is None and (not queued or busy):
        return
    told = {} if tick is None else {"last_tick": tick.isoformat()}
    if tick is not None and busy:
        if overlap == "queue":
            told["queued"] = tick.isoformat()
        log.info("schedule.overlap", workflow=name, tick=tick, policy=overlap)
        _write_down(store, name, told)
        return
    tick = tick or datetime.fromisoformat(str(queued))
    # The run first: its id makes a repeated start harmless if we die before the tick is written down.
    start_run(name, tick_id(name, tick), tick)
    log.info("schedule.started", workflow=name, run=tick_id(name, tick))
    _write_down(store, name, {"queued": None, **told})


def _write_down(store: RunStore, name: str, told: Mapping[str, str | None]) -> None:
    """Note what became of a tick on what the schedule is now: somebody may have switched it off meanwhile."""
    state = store.schedules().get(name)
    if state is not None:
        kept = {**state, **told}
        store.put_schedule(name, {key: value for key, value in kept.items() if value is not None})


def retire(store: RunStore, catalog: Catalog, now: datetime, retention_days: float) -> int:
    """Remove completed and cancelled runs older than the retention of their flow, else the general one.

    One that was changed later, like by a note, is kept as much longer.
    """
    kept_for: dict[str, float] = {}
    for workflow in catalog.workflows():
        flow = workflow.flow
        if flow is not None and flow.retention:
            kept_for[workflow.name] = seconds(flow.retention)
    general = retention_days * 86_400
    if not kept_for and not general:
        return 0
    shortest = min(filter(None, (general, *kept_for.values())))
    gone: list[str] = []
    for status in ENDED:
        where = RunFilter(statuses=frozenset({status}), older_than=now - timedelta(seconds=shortest))
        for run in _pages(store, where):
            keep = kept_for.get(run.workflow, general) if run.flow_file is None else general
            ended = run.ended_at if run.next_wake_at is None else None
            if keep and ended is not None and ended < now - timedelta(seconds=keep):
                gone.append(run.id)
    return store.remove(gone) if gone else 0


def _pages(store: RunStore, where: RunFilter) -> Iterator[Run]:
    """All runs that match, a page of them in memory at a time."""
    after = None
    while page := store.query(where, order="id", descending=False, limit=PAGE, after=after):
        yield from page
        after = page[-1].id
