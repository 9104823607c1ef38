"""Late is longer than a step's own usual time; the strip tells every leaf branch, nested forks in parentheses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from runtime.engine.explain.fork_strip import strip_of
from runtime.engine.explain.lateness import late_against
from runtime.flow.graph.flow_graph import FlowGraph
from runtime.flow.program import Program
from runtime.flow.read.building import flow_from_stored
from runtime.model.branch import Attempt, Branch, Observation, StepVisit
from runtime.model.status import BranchStatus as B
from runtime.model.status import ObservationState
from tests.unit.engine.play import flow_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FLOW = flow_from_stored(flow_of({"begin": {}, "a": {}, "end": {}}, (("begin", "a"), ("a", "end"))))
PROGRAM = Program("w", FLOW, FlowGraph(FLOW.steps, FLOW.connections), {})


def branch(name: str, status: B = B.RUNNING, parent: str | None = None, **more: object) -> Branch:
    attempt = Attempt(1, "k", "simulated", "", NOW - timedelta(seconds=100), started_at=NOW - timedelta(seconds=100))
    visit = StepVisit("a", 1, NOW, status, attempts=(attempt,))
    return Branch("r", name, 0, "a", NOW, parent=parent, status=status, visit=1, steps=(visit,), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("known", "late"),
    [
        ([30.0] * 5, 30.0),
        ([30.0] * 4, None),
        ([40.0] * 9, None),
        ([95.0] * 9, None),
        ([1.0, 1.0, 30.0, 30.0, 900.0], 30.0),
    ],
)
def test_three_times_the_median_of_at_least_five_is_late(known: list[float], late: float | None) -> None:
    assert late_against(branch("main"), "w", {"w/a": known}, NOW) == late


def test_only_running_work_is_late() -> None:
    assert late_against(branch("main", B.COMPLETED), "w", {"w/a": [1.0] * 9}, NOW) is None


def test_nested_forks_stand_in_parentheses_and_unseen_branches_have_signs_of_their_own() -> None:
    def seen(state: ObservationState) -> Observation:
        return Observation(state, NOW, 0)

    made = [
        branch("main"),
        branch("main/f.1/x", parent="main"),
        branch("main/f.1/x/g.1/u", B.COMPLETED, "main/f.1/x"),
        branch("main/f.1/x/g.1/v", B.FAILED, "main/f.1/x"),
        branch("main/f.1/y", parent="main", observation=seen(ObservationState.STALE)),
        branch("main/f.1/z", parent="main", observation=seen(ObservationState.LOST)),
        branch("main/f.1/q", parent="main", observation=seen(ObservationState.FRESH)),
    ]
    branches = {b.id: b for b in made}
    parents = {b.parent for b in made}
    strip = strip_of(PROGRAM, branches, [b for b in made if b.id not in parents])
    assert strip.letters == "(vX)?!#"
    assert strip.seen == ((NOW.timestamp(), 30.0),)


def test_too_many_branches_are_counted() -> None:
    made = [branch(f"main/f.1/{n}", B.FAILED if n == 7 else B.COMPLETED, "main") for n in range(100)]
    assert strip_of(PROGRAM, {b.id: b for b in made}, made).letters == "X1 v99"
