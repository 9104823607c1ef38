"""Why as a table: every open branch once, whatever the flow; what is many is counted; nothing wider than the pane."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.panes.base import Showing
from console.panes.why import MOST_OPEN, table
from console.theme import Look, text_of, width_of
from runtime.engine.explain.branch_work import at_work
from runtime.engine.explain.join_state import join_states
from runtime.engine.explain.reasons import why
from runtime.engine.repair.allowed import Verdicts
from runtime.model.act import Hold
from runtime.model.task import Started
from runtime.operations.queries.branch_names import branch_name
from runtime.operations.queries.run_detail import RunDetail
from tests.unit.engine.grammar import Node, make, sequences
from tests.unit.engine.play import Play, flow_of
from tests.unit.engine.random_play import RandomPlay
from tests.unit.engine.test_properties import FEW, SEEDS, failing_in


def detail_of(play: Play) -> RunDetail:
    stored = play.stored
    return RunDetail(
        stored.run,
        stored.branches,
        join_states(play.program, stored.branches, stored.firings),
        at_work(stored.branches),
        play.program,
        why(play.program, stored, play.holds, None, play.now),
        {},
        play.holds,
        play.now,
        Verdicts(play.situation, stored),
    )


def rows(play: Play, width: int = 100) -> list[str]:
    lines = table(detail_of(play), Showing(Look(colour=False), width, play.now))
    assert all(width_of(line) <= width for line in lines)
    return [text_of(line) for line in lines]


def begun(join: Any = "allSettled", names: tuple[str, ...] = ("a", "b")) -> Play:
    steps = {"begin": {}, **{n: {} for n in names}, "meet": {"metadata": {"join": join}}, "publish": {}, "end": {}}
    ways = [*(("begin", n) for n in names), *((n, "meet") for n in names), ("meet", "publish"), ("publish", "end")]
    return Play(flow_of(steps, ways))


def test_a_join_says_its_arithmetic_and_each_branch_has_a_row_with_its_facts_aligned() -> None:
    play = begun()
    play.answer("a", Started("job-7"))
    play.complete("b")
    play.move(65)
    seen = rows(play)
    assert seen[1] == "meet needs 2 of 2 (allSettled): 1 completed, 0 failed, 1 open"
    assert re.match(r"  \S a  runs for 65 s as fake job-7", seen[2])
    assert re.match(r"  \S b  completed 65 s ago after", seen[3])
    assert "Then      meet runs, then publish begins" in seen


def test_a_long_fact_hangs_under_its_column() -> None:
    play = begun("all", ("a", "longer"))
    play.fail("a", "no space left " * 20)
    seen = rows(play, 60)
    first = next(n for n, row in enumerate(seen) if "failed" in row and " a " in row)
    place = seen[first].index("failed")
    assert all(row[:place].isspace() and row[place] != " " for row in seen[first + 1 : first + 4])


def test_a_held_join_says_what_it_takes() -> None:
    play = begun("all")
    play.fail("a", "disk full")
    play.complete("b")
    seen = rows(play, 200)
    assert (
        "meet needs 2 of 2 (all): 1 completed, 1 failed, 0 open; it is held until a failure is repaired or skipped"
        in seen
    )
    assert "Then      meet runs once a failure is repaired or skipped, then publish begins" in seen


@pytest.mark.parametrize("at_least", [1, 2, 3])
def test_the_ways_in_are_counted(at_least: int) -> None:
    play = begun({"atLeast": at_least}, ("a", "b", "c", "d"))
    assert f"meet needs {at_least} of 4 (atLeast {at_least}): 0 completed, 0 failed, 4 open" in rows(play)


def test_of_a_wide_fork_failures_come_first_and_what_ended_is_counted() -> None:
    names = tuple(f"n{n:03d}" for n in range(200))
    play = begun("allSettled", names)
    for name in names[:120]:
        play.complete(name)
    play.fail("n150", "disk full")
    seen = rows(play)
    assert "n150" in seen[2] and "disk full" in seen[2]
    assert sum(bool(re.match(r"  \S n\d", row)) for row in seen) == MOST_OPEN
    assert f"    and {80 - MOST_OPEN} more that are open" in seen
    assert any(re.match(r"  \S 120 completed", row) for row in seen)


def test_holds_and_a_failure_of_the_whole_run_have_their_rows() -> None:
    play = begun()
    play.holds = [Hold("run=run-1", "mia", play.now, "provider outage")]
    assert any(re.match(r"Holds     run=run-1, by mia since 00:00:00: provider outage", row) for row in rows(play))


def test_what_follows_a_decision_is_not_guessed() -> None:
    steps: dict[str, Any] = {"begin": {}, "a": {}, "x": {}, "y": {}, "end": {}}
    ways = [("begin", "a"), ("a", "x", "state.n == 1"), ("a", "y"), ("x", "end"), ("y", "end")]
    assert not [row for row in rows(Play(flow_of(steps, ways))) if row.startswith("Then")]


@FEW
@given(sequences(), st.data(), SEEDS, st.integers(90, 200), st.integers(0, 30))
def test_every_open_branch_is_told_once_whatever_the_flow(
    tree: list[Node], data: Any, seed: int, width: int, steps: int
) -> None:
    made = make(tree)
    play = RandomPlay(made, seed, failing_in(made, data))
    for _ in range(steps):
        if not play.open:
            break
        play.answer_all([play.chance.choice(list(play.open.values()))])
    detail = detail_of(play)
    text = rows(play, width)
    if str(play.run.status) in ("completed", "cancelled"):
        return
    said = " ".join(" ".join(text).split())
    for branch in detail.leaves:
        if str(branch.status) in ("failed", "running", "starting", "awaiting_retry", "waiting", "pending"):
            name = branch_name(branch.id)
            assert f" {name} " in said or "more that are open" in said, (name, text)
