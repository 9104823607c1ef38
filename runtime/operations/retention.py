"""Removes old runs when an operator asks for it."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

from runtime.acts.prune import Prune
from runtime.errors import ForkjoinError
from runtime.model.status import RunStatus
from runtime.model.stored import RunFilter
from runtime.operations.acting import Acting
from runtime.operations.damage import prune_damaged
from runtime.operations.order import Order
from runtime.operations.receipts import Receipt, recording
from runtime.store.removed_work import remove_runs, sweep


def prune(acting: Acting, act: Prune, order: Order) -> Receipt:
    """Remove ended runs that wait for no external system any more, or damaged ones; returns the receipt."""
    if act.older_than is None:
        return prune_damaged(acting, order)
    acting.refuse_read_only("prune")
    older_than, failed = act.older_than, act.failed
    try:
        edge = acting.clock.now() - older_than
    except OverflowError:
        edge = datetime.min.replace(tzinfo=UTC)  # Nothing is that old.
    statuses = (RunStatus.COMPLETED, RunStatus.CANCELLED, *((RunStatus.FAILED,) if failed else ()))
    gone = [
        run
        for status in statuses
        for run in acting.store.runs.query(RunFilter(statuses=frozenset({status})), limit=None)
        if run.ended_at is not None and run.ended_at <= edge and run.next_wake_at is None
    ]
    if order.dry_run:
        return Receipt(f"Would remove {len(gone)} runs.", (), dry_run=True)
    count = remove_runs(acting.store, gone)
    with suppress(ForkjoinError, OSError):  # what is left is swept by the scheduler
        sweep(acting.store, acting.catalog.systems)
    span = {"older_than": older_than.total_seconds(), "failed": failed}
    with recording(None, partly=f"{count} runs are removed"):
        done = acting.store.acts.put(acting.new_act("prune", f"{count} runs", order.reason, arguments=span))
    return Receipt(f"Removed {count} runs.", (), done)
