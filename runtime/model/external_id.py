"""Ids of external work, and starts that were answered without one (docs/semantics.md, Starts)."""

from __future__ import annotations

from typing import Any

from runtime.model.task import Failed, Started, TaskRequest

NO_EXTERNAL_ID = "NoExternalId"
ID_LIMIT = 1_000
"""An external id may have so many characters."""
SHOWN = 500


def usable_id(value: Any) -> str | None:
    """The external id in a text or whole number; None if it is empty, too long or of another type."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return value if isinstance(value, str) and value.strip() and len(value) <= ID_LIMIT else None


def no_id_message(request: TaskRequest, what: str) -> str:
    """The sentence for a start that was answered without an id; it is not repeated, an operator must look."""
    return (
        f"{what}. The work may run there, so it is not started again by itself; once you know its id, forkjoin adopt "
        f"{request.run_id} {request.branch_id} --external-id ID takes it."
    )


def with_id(started: Started, request: TaskRequest) -> Started | Failed:
    """The adapter's `Started` if its id can be used, else the failure `NoExternalId`."""
    external_id = usable_id(started.external_id)
    if external_id is not None:
        return Started(external_id)
    given = repr(started.external_id)
    shown = given if len(given) <= SHOWN else f"{given[:SHOWN]}... ({len(given):,} characters)"
    message = no_id_message(request, f"start of {request.step_id} was answered without an external id: {shown}")
    return Failed(message, type=NO_EXTERNAL_ID, details={"answer": shown}, retryable=False)
