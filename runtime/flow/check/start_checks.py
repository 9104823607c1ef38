"""Warnings about starts whose outcome would be unknown after a crash (docs/semantics.md, Starts)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from runtime.flow.check.walking import listed
from runtime.flow.problems import FlowWarning

SYSTEMS = ("http", "command")
"""Systems of which only the author knows whether they honour an idempotency key."""


def start_warnings(source: Mapping[str, Any]) -> Iterator[FlowWarning]:
    """A warning for each start that can neither be repeated nor looked for."""
    for path, step in listed(source, "steps"):
        metadata = step.get("metadata") if isinstance(step, Mapping) else None
        task = metadata.get("task") if isinstance(metadata, Mapping) else None
        if not isinstance(task, Mapping) or task.get("system") not in SYSTEMS:
            continue
        start = task.get("start")
        if not isinstance(start, Mapping) or start.get("idempotent") is True or task.get("find") is not None:
            continue
        yield FlowWarning(
            "UNCONFIRMED_START",
            f"{path}.metadata.task.start",
            "Neither `idempotent` nor `find` is given: when a start is not answered, nobody can say whether it was "
            "made, and an operator must decide. Say `idempotent: true` if the system honours the key, or give `find`.",
        )
