"""Whatever the flow and the order in which its work ends, a run comes to the same end."""

from __future__ import annotations

from functools import partial
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.engine.repair.retry import failed_branches, retry
from runtime.model.branch import Branch
from runtime.model.status import BranchStatus
from tests.unit.engine.grammar import Made, Model, Node, make, sequences
from tests.unit.engine.random_play import RandomPlay

SEEDS = st.integers(0, 2**32)
FEW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def failing_in(made: Made, data: Any, most: int = 3) -> frozenset[str]:
    """Some tasks and items chosen to fail."""
    names = made.may_fail()
    return frozenset(data.draw(st.lists(st.sampled_from(names), max_size=most))) if names else frozenset()


@FEW
@given(sequences(), st.data(), st.lists(SEEDS, min_size=3, max_size=3))
def test_every_order_of_completions_comes_to_the_end_the_tree_says(
    tree: list[Node], data: Any, seeds: list[int]
) -> None:
    made = make(tree)
    failing = failing_in(made, data)
    model = Model(failing)
    status = model.play(made)
    for seed in seeds:
        play = RandomPlay(made, seed, failing)
        play.rest()
        assert play.run.status == status
        assert play.run.visits.get("end", 0) == model.visits["end"]
        assert dict(play.run.visits) == {s: n for s, n in model.visits.items() if n}
        assert play.results() == model.results
        if status == "completed":
            assert play.run.next_wake_at is None


def harmless(tree: list[Node]) -> list[Node]:
    """The same tree with every join and gathering `allSettled`, so that failures pass."""
    calm: list[Node] = []
    for node in tree:
        if node[0] == "each":
            calm.append(("each", node[1], "allSettled"))
        elif node[0] == "fork":
            branches = [harmless(branch) for branch in node[1]]
            calm.append(("fork", branches, [harmless(b) for b in node[2]], "allSettled"))
        elif node[0] == "if":
            calm.append(("if", harmless(node[1]), harmless(node[2]), node[3]))
        elif node[0] == "loop":
            calm.append(("loop", harmless(node[1]), node[2]))
        else:
            calm.append(node)
    return calm


def untouched(before: dict[str, Branch], play: RandomPlay, chosen: Branch) -> None:
    """Everything but the repaired branch (and its item's parent) is as it was, or superseded."""
    for branch_id, old in before.items():
        if branch_id == chosen.id or (chosen.kind == "item" and branch_id == chosen.parent):
            continue
        new = play.branches[branch_id]
        if new.status is BranchStatus.SUPERSEDED:
            continue
        for index, visit in enumerate(old.steps):
            assert new.steps[index] == visit or new.steps[index].status is BranchStatus.SUPERSEDED, branch_id


@FEW
@given(sequences(), st.data(), SEEDS, st.booleans())
def test_retrying_every_failure_comes_to_what_a_run_without_failures_comes_to(
    tree: list[Node], data: Any, seed: int, calm: bool
) -> None:
    made = make(harmless(tree) if calm else tree)
    smooth = RandomPlay(made, seed)
    smooth.rest()
    assert smooth.run.status == "completed"
    play = RandomPlay(made, seed, failing_in(made, data))
    play.rest()
    play.failing = frozenset()
    for _ in range(200):
        if play.chance.random() < 0.5:
            play.rest()
        failed = failed_branches(play.draft())
        if not failed:
            if not play.step_once():
                break
            continue
        chosen = play.chance.choice(failed)
        before = dict(play.branches)
        play.act(partial(retry, branch_id=chosen.id))
        untouched(before, play, chosen)
    assert play.run.status == "completed"
    assert play.run.failed_branches == 0
    assert play.results() == smooth.results()
