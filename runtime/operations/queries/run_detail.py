"""Everything the panes show of one run, read together so that they never disagree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runtime.acts.inputs import required
from runtime.acts.registry import run_acts
from runtime.engine.draft import Situation
from runtime.engine.explain.branch_work import at_work
from runtime.engine.explain.join_state import join_states
from runtime.engine.explain.reasons import why
from runtime.engine.repair.allowed import Verdict, Verdicts
from runtime.engine.results import results
from runtime.flow.program import Program
from runtime.model.act import Hold
from runtime.model.branch import Branch
from runtime.model.explanation import Explanation, JoinState
from runtime.model.run import Run
from runtime.operations.queries.branch_names import branch_name, branch_path
from runtime.operations.queries.queries import Queries

__all__ = ["RunDetail", "Verdict", "Verdicts", "read_detail"]


@dataclass(frozen=True)
class RunDetail:
    """One run as a console shows it, at the moment `read_at`."""

    run: Run
    branches: Mapping[str, Branch]
    """By id, in creation order."""
    joins: Sequence[JoinState]
    leaves: Sequence[Branch]
    """Branches that opened no fork, and those that went on after theirs; superseded ones left out."""
    program: Program
    """The flow it started with: steps with their retry, poll and timeout policies and schemas."""
    why: Explanation
    results: Mapping[str, Any]
    """What each step gave at its last visit."""
    holds: Sequence[Hold]
    read_at: datetime
    allowed: Verdicts
    """Which acts would be accepted, by the rules that carry them out."""

    def branch(self, branch_id: str | None) -> Branch | None:
        """The branch with this id."""
        return self.branches.get(branch_id) if branch_id else None

    def name(self, branch: Branch) -> str:
        """The short name of a branch, like `load:17`."""
        return branch_name(branch.id)

    def path(self, branch: Branch) -> list[str]:
        """Ids of the branches it came from, outermost first, itself last."""
        return branch_path(branch, self.branches)


def read_detail(queries: Queries, run_id: str) -> RunDetail:
    """Read one run with all that is worked out from it; NotFound if there is none."""
    stored = queries.load(run_id)
    program = queries.program(stored.run)
    now = queries.clock.now()
    holds = queries.store.holds.all(released=True)
    durations = queries.durations()
    allowed = Verdicts(Situation(program, now, holds, durations), stored)
    for act in run_acts().values():
        if "branch" not in act.__struct_fields__ or not required(act, "branch"):
            act.allowed(allowed)  # In the thread that reads: keys and footer then wait for nothing.
    explained = why(program, stored, holds, queries.scheduler(), now, durations, allowed)
    return RunDetail(
        stored.run,
        stored.branches,
        join_states(program, stored.branches, stored.firings),
        at_work(stored.branches),
        program,
        explained,
        results(stored.branches),
        [h for h in holds if h.released_at is None],
        now,
        allowed,
    )
