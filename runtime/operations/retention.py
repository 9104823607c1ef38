"""Acts on the store rather than on a run: schedules switched, old runs removed."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

from runtime.acts.prune import Prune
from runtime.acts.schedule import DisableSchedule, EnableSchedule
from runtime.errors import ForkjoinError, Refused
from runtime.model.status import RunStatus
from runtime.model.stored import RunFilter
from runtime.operations.acting import Acting
from runtime.operations.damage import prune_damaged
from runtime.operations.order import Order
from runtime.operations.receipts import Receipt, recording
from runtime.operations.schedules import rule_text
from runtime.store.removed_work import remove_runs, sweep


def switch_schedule(acting: Acting, act: EnableSchedule | DisableSchedule, order: Order) -> Receipt:
    """Switch the schedule of a workflow. Refused when it has none, stands so already or cannot be started."""
    verb, flow, enabled = act.verb, act.flow, isinstance(act, EnableSchedule)
    acting.refuse_read_only(verb)
    states = acting.store.schedules.all()
    # What is wrong, or not there any more, can still be switched off.
    name, rule = _scheduled(acting, flow) if enabled or flow not in states else (flow, "")
    state = states.get(name, {})
    if bool(state.get("enabled")) is enabled:
        raise Refused(f"The schedule of {name} is {'enabled' if enabled else 'disabled'} already.")
    effect = f"The schedule{rule} of {name} is {'on' if enabled else 'off'}."
    if order.dry_run:
        return Receipt(f"Would {verb} {name}.", (effect,), dry_run=True)
    now = acting.clock.now().isoformat()
    new = {**state, "enabled": enabled, "enabled_at": now} if enabled else {**state, "enabled": False}
    acting.store.schedules.put(name, new)
    with recording(None, partly=f"The schedule of {name} is {'on' if enabled else 'off'}"):
        done = acting.store.acts.put(acting.new_act(verb, name, order.reason))
    return Receipt(f"{verb} {name}: accepted, act {done.id}.", (effect,), done)


def _scheduled(acting: Acting, flow: str) -> tuple[str, str]:
    """The name of a workflow whose schedule can start runs, and its rule in words."""
    workflow = acting.catalog.find(flow)
    if workflow.loose:
        raise Refused(
            f"{workflow.path} lies in no folder of workflows, where a scheduler would find it at its time: "
            "put its folder into one and name that with --workflows."
        )
    wrong = acting.catalog.verdict(workflow).problems
    if wrong:
        raise Refused(f"{flow} cannot be started, so its schedule is not enabled: {wrong[0]}")
    if workflow.flow is None or not workflow.flow.schedule:
        raise Refused(f"{flow} has no metadata.schedule; there is nothing to switch.")
    return workflow.name, f" ({rule_text(workflow.flow.schedule)})"


def prune(acting: Acting, act: Prune, order: Order) -> Receipt:
    """Remove ended runs that owe nothing to an external system any more, or what is damaged."""
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
