"""Schedules: as they are shown, and switched on and off."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from runtime.acts.schedule import DisableSchedule, EnableSchedule
from runtime.catalog.catalog import Catalog
from runtime.catalog.workflow import Workflow
from runtime.errors import ForkjoinError, Refused
from runtime.flow.schedule import next_ticks, rule_text
from runtime.operations.acting import Acting
from runtime.operations.order import Order
from runtime.operations.queries.views import moment
from runtime.operations.receipts import Receipt, recording
from runtime.store.ports.schedules import Schedules

TICKS = 3
"""So many next ticks are shown."""


def schedule_views(catalog: Catalog, schedules: Schedules, now: datetime) -> list[dict[str, Any]]:
    """Every workflow with a schedule: rule, whether it is on, its last and next ticks, and what is wrong with it.

    A schedule that is on though its workflow is not known, or has none any more, is among them. One that is off
    shows when it would tick if it were enabled now.
    """
    states = schedules.all()
    known = {workflow.name: workflow for workflow in catalog.known()}
    shown = [_view(catalog, workflow, states.get(name, {}), now) for name, workflow in known.items()]
    strange = [_view(catalog, None, state, now, name) for name, state in states.items() if name not in known]
    return sorted((row for row in (*shown, *strange) if row), key=lambda row: str(row["workflow"]))


def _view(
    catalog: Catalog, workflow: Workflow | None, state: Mapping[str, Any], now: datetime, name: str = ""
) -> dict[str, Any] | None:
    enabled = bool(state.get("enabled"))
    rule: Any = _written(workflow)
    if rule is None and not enabled:
        return None
    problem, ticks = "", []
    if workflow is None:
        problem = "the workflow is not known here: give its folder with --workflows, or disable the schedule"
    elif rule is None:
        problem = "the workflow has no metadata.schedule any more: disable the schedule"
    else:
        wrong = catalog.verdict(workflow).problems
        problem = str(wrong[0]) if wrong else ""
    if not problem:
        try:
            since = datetime.fromisoformat(str(state["enabled_at"])) if enabled else now
            ticks = next_ticks(rule, since, now, TICKS)
        except (ForkjoinError, ValueError, KeyError) as found:
            problem = str(found)
    return {
        "workflow": workflow.name if workflow else name,
        "enabled": enabled,
        "rule": _rule_text(rule),
        "overlap": rule.get("overlap", "skip") if isinstance(rule, Mapping) else "-",
        "last_tick": state.get("last_tick"),
        "queued": state.get("queued"),
        "next_ticks": [moment(tick) for tick in ticks],
        "problem": problem or None,
    }


def _written(workflow: Workflow | None) -> Any:
    """The schedule as it is written, whatever it is; None without one."""
    metadata = workflow.source.get("metadata") if workflow is not None and workflow.source is not None else None
    return metadata.get("schedule", None) if isinstance(metadata, Mapping) else None


def _rule_text(rule: Any) -> str:
    if isinstance(rule, Mapping) and ("cron" in rule or "every" in rule):
        return rule_text(rule)
    return "-" if rule is None else "cannot be read"


def coming_ticks(catalog: Catalog, schedules: Schedules, now: datetime) -> list[tuple[datetime, str]]:
    """The next tick of every schedule that is on, soonest first, and what it starts in words."""
    rows = [row for row in schedule_views(catalog, schedules, now) if row["enabled"] and row["next_ticks"]]
    return sorted(
        (datetime.fromisoformat(row["next_ticks"][0]), f"start {row['workflow']} ({row['rule']})") for row in rows
    )


def switch_schedule(acting: Acting, act: EnableSchedule | DisableSchedule, order: Order) -> Receipt:
    """Switch the schedule of a workflow; returns the receipt.

    Raises Refused: it has none, is switched like that already, or cannot be started.
    """
    verb, flow, enabled = act.verb, act.flow, isinstance(act, EnableSchedule)
    acting.refuse_read_only(verb)
    states = acting.store.schedules.all()
    # A schedule whose workflow is wrong or gone can still be switched off.
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
    """The name of a workflow whose schedule can start runs, and its rule as text."""
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
