"""A run being worked out: the stored records and every change made to them, until they are saved in one go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from runtime.engine.explain.lateness import Durations
from runtime.engine.merging import Change
from runtime.engine.results import results, settled_view
from runtime.engine.scope import expression_names
from runtime.flow.program import Program
from runtime.model.act import Hold
from runtime.model.branch import Attempt, Branch, StepVisit
from runtime.model.clock_setting import ClockSetting
from runtime.model.run import Firing, HistoryEntry, KeyChange, Poll, Run
from runtime.model.status import BranchStatus as B

if TYPE_CHECKING:
    from runtime.flow.expressions.evaluation import Expressions

LIVE = frozenset({B.PENDING, B.STARTING, B.UNCONFIRMED, B.RUNNING, B.WAITING, B.ARRIVED, B.AWAITING_RETRY, B.FAILED})


MOST_STEPS = 1_000
"""So many steps one wake moves a run."""


class Situation(msgspec.Struct, frozen=True):
    """Everything a decision may depend on besides the records themselves."""

    program: Program
    now: datetime
    holds: Sequence[Hold] = ()
    """Active and released holds."""
    durations: Durations = msgspec.field(default_factory=dict)
    """How long steps took lately, by `workflow/step`."""
    clock_settings: Sequence[ClockSetting] = ()
    """By how much the wall clock was set, oldest first."""


def _as_the_clock_is_now(holds: Sequence[Hold]) -> Sequence[Hold]:
    """The holds as if the clock had always been as it is set now, so that what they stopped can be counted."""
    if not any(hold.clock_s for hold in holds):
        return holds
    return [replace(hold, at=hold.since) for hold in holds]


class Draft:
    """Working copy of one run; frozen records are replaced in it, never changed."""

    def __init__(
        self, situation: Situation, run: Run, branches: Mapping[str, Branch], firings: Sequence[Firing] = ()
    ) -> None:
        self.program = situation.program
        self.graph = situation.program.graph
        self.now = situation.now
        self.holds = _as_the_clock_is_now(situation.holds)
        self.durations = situation.durations
        self.run = run
        self.state: Mapping[str, Any] = dict(run.state)
        self.state_before = self.state
        """The state before the changes of this draft."""
        self.state_version = run.state_version
        self.state_changed: dict[str, KeyChange] = dict(run.state_changed)
        self.state_ledger: dict[str, list[Change]] = {}
        """The changes of this draft by key, in the file order of forks."""
        self.told_state: Mapping[str, Any] | None = None
        """The state that the request held whose answer is being taken in, where that is known."""
        self.visits: dict[str, int] = dict(run.visits)
        self.total_visits = run.total_visits
        self.next_seq = run.next_seq
        self.failure = run.failure
        self.cancelled = run.cancelled
        self.branches: dict[str, Branch] = dict(branches)
        self.firings: dict[tuple[str, int], Firing] = {(f.step_id, f.visit): f for f in firings}
        self.changed: dict[str, None] = {}
        self.changed_firings: dict[tuple[str, int], None] = {}
        self.history: list[HistoryEntry] = []
        self.polls: list[Poll] = []
        self.steps_left = MOST_STEPS
        self.intended: set[tuple[str, str, int, int]] = set()
        """Starts written down in this draft: branch, step, visit, attempt. Their calls cannot have been made yet."""
        self.gathering: dict[str, None] = {}
        """Branches behind dynamic forks whose items settled in this draft."""
        self._results: Mapping[str, Any] | None = None

    def put(self, branch: Branch) -> Branch:
        """Take over a new or changed branch."""
        self.branches[branch.id] = branch
        self.changed[branch.id] = None
        self._results = None
        return branch

    def change(self, branch: Branch, **fields: Any) -> Branch:
        """Replace fields of a branch."""
        return self.put(replace(branch, **fields))

    def change_visit(self, branch: Branch, *, index: int | None = None, **fields: Any) -> Branch:
        """Replace fields of a visit of a branch, the current one by default."""
        at = branch.current_index if index is None else index
        assert at is not None, f"branch {branch.id} has no visit to change"
        visit = replace(branch.steps[at], **fields)
        return self.put(replace(branch, steps=(*branch.steps[:at], visit, *branch.steps[at + 1 :])))

    def change_attempt(self, branch: Branch, number: int, *, index: int | None = None, **fields: Any) -> Branch:
        """Replace fields of one attempt of a visit, the current one by default."""
        at = branch.current_index if index is None else index
        assert at is not None, f"branch {branch.id} has no visit to change"
        attempts = tuple(replace(a, **fields) if a.attempt == number else a for a in branch.steps[at].attempts)
        return self.change_visit(branch, index=at, attempts=attempts)

    def put_firing(self, firing: Firing) -> None:
        """Take over a new or changed firing."""
        key = (firing.step_id, firing.visit)
        self.firings[key] = firing
        self.changed_firings[key] = None

    def record(self, kind: str, message: str, branch: Branch | None = None, **facts: Any) -> None:
        """Add an entry to the history of the run."""
        data = facts.pop("data", None)
        self.history.append(
            HistoryEntry(
                at=self.now,
                kind=kind,
                message=message,
                branch=branch.id if branch else None,
                step=facts.pop("step", branch.step_id if branch else None),
                attempt=facts.pop("attempt", None),
                data=data,
            )
        )

    def tokens(self) -> list[Branch]:
        """Branches whose token is alive in the flow, in creation order; item branches are not tokens."""
        return [b for b in self.branches.values() if is_token(b)]

    def in_order(self, branches: Sequence[Branch]) -> list[Branch]:
        """Sorted by flow order of the step, then by creation."""
        order = self.graph.order
        return sorted(branches, key=lambda b: (order.get(b.step_id, 0), b.seq))

    def results(self) -> Mapping[str, Any]:
        """The last recorded result of every step."""
        if self._results is None:
            self._results = results(self.branches)
        return self._results

    def names(self, branch: Branch, code: str, state: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """What an expression on a branch may use."""
        visit = branch.current
        # What thousands of items came to is put together only for who asks.
        asked = visit is not None and "settled" in code
        return expression_names(
            self.program,
            self.run,
            branch,
            step_id=branch.step_id,
            attempt=visit.attempts[-1].attempt if visit is not None and visit.attempts else 0,
            state=self.state if state is None else state,
            results=self.results(),
            settled=settled_view(visit, self.branches) if visit is not None and asked else (),
        )

    def evaluate(
        self,
        code: str,
        branch: Branch,
        *,
        state: Mapping[str, Any] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> Any:
        """Value of an expression on a branch, over another state or more names if given; raises ExpressionError."""
        names = {**self.names(branch, code, state), **(more or {})}
        return expressions().evaluate(code, names, now=self.now, seed=self.run.seed)

    def truthy(self, code: str, branch: Branch) -> bool:
        """JavaScript truth of an expression on a branch; raises ExpressionError."""
        return expressions().truthy(code, self.names(branch, code), now=self.now, seed=self.run.seed)

    def open_attempts(self, branch: Branch) -> Iterator[tuple[int, StepVisit, Attempt]]:
        """Attempts whose external work may still run: index of the visit, visit, attempt."""
        for index, visit in enumerate(branch.steps):
            for attempt in visit.attempts:
                if attempt.status in (B.STARTING, B.RUNNING):
                    yield index, visit, attempt


@cache
def expressions() -> Expressions:
    """What evaluates; loaded with the first expression, for who only looks at a run evaluates none."""
    from runtime.flow.expressions.evaluation import Expressions

    return Expressions()


def is_token(branch: Branch) -> bool:
    """Whether a branch carries a live token of the flow."""
    return branch.status in LIVE and branch.kind != "item" and branch.consumed_by is None and branch.open_fork is None
