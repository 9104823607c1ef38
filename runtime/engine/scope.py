"""What conditions, `forEach` and templates on a branch may use, and their values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from runtime.flow.expressions.names import bare_names
from runtime.flow.program import Program
from runtime.model.branch import Branch
from runtime.model.run import Run

if TYPE_CHECKING:
    from runtime.model.task import Settled


def expression_names(
    program: Program,
    run: Run,
    branch: Branch,
    *,
    step_id: str,
    attempt: int,
    state: Mapping[str, Any],
    results: Mapping[str, Any],
    settled: Sequence[Settled],
) -> dict[str, Any]:
    """Names in the expressions of a branch (docs/semantics.md, Conditions). A property of the state may stand alone."""
    return {
        **bare_names(state, program.flow.state_schema),
        "state": state,
        "params": program.step(step_id).params,
        "results": results,
        "item": branch.item,
        "index": branch.index,
        "run": {"id": run.id, "flow": program.flow.id, "labels": dict(run.labels), "attempt": attempt},
        "settled": [_settled(one) for one in settled],
    }


def _settled(one: Settled) -> dict[str, Any]:
    failure = None if one.failure is None else dict(one.failure)
    return {
        "branch": one.branch_id,
        "step": one.step_id,
        "status": one.status,
        "result": one.result,
        "failure": failure,
    }
