"""What schedules there are, as they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runtime.catalog import Catalog
from runtime.store.base import RunStore


def rule_text(rule: Mapping[str, Any]) -> str:
    """When a schedule ticks, in words."""
    text = f"cron {rule['cron']}" if "cron" in rule else f"every {rule.get('every')}"
    return f"{text} {rule.get('timezone', 'UTC')}"


def schedule_views(catalog: Catalog, store: RunStore) -> list[dict[str, Any]]:
    """Every workflow with a schedule: rule, whether it is on, its last tick."""
    states = store.schedules()
    shown = []
    for workflow in catalog.workflows():
        flow = workflow.flow
        if flow is None or not flow.schedule:
            continue
        rule = flow.schedule
        state = states.get(workflow.name, {})
        shown.append(
            {
                "workflow": workflow.name,
                "enabled": bool(state.get("enabled")),
                "rule": rule_text(rule),
                "overlap": rule.get("overlap", "skip"),
                "last_tick": state.get("last_tick"),
                "queued": state.get("queued"),
            }
        )
    return shown
