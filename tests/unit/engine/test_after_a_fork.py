"""A branch that goes on after its fork, or items, is seen like any other: by why, lists, attention, retry."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from runtime.engine.explain.branch_work import at_work
from runtime.engine.explain.reasons import why
from runtime.engine.repair.retry import retry
from runtime.model.task import Completed, Failed, Lost, Running, Started
from runtime.operations.queries.attention import _of
from runtime.operations.queries.views import list_view
from tests.unit.engine.play import Play, flow_of

FORK = [("begin", "a"), ("begin", "b"), ("a", "j"), ("b", "j"), ("j", "last"), ("last", "end")]
NESTED = [
    *[("begin", "x"), ("begin", "y"), ("x", "a"), ("x", "b"), ("a", "i"), ("b", "i"), ("i", "last")],
    *[("last", "j"), ("y", "j"), ("j", "end")],
]
PLACES = {
    "main after a fork": (flow_of(["begin", "a", "b", "j", "last", "end"], FORK), ("a", "b", "j")),
    "a branch after the fork inside it": (
        flow_of(["begin", "x", "y", "a", "b", "i", "last", "j", "end"], NESTED),
        ("x", "y", "a", "b", "i"),
    ),
    "main after items": (
        flow_of(
            {"begin": {}, "each": {"metadata": {"forEach": "[1, 2]"}}, "last": {}, "end": {}},
            [("begin", "each"), ("each", "last"), ("last", "end")],
        ),
        ("each",),
    ),
}


def at_last(place: str) -> Play:
    """A run whose last step is being started after a fork, or items, ended."""
    flow, before = PLACES[place]
    play = Play(flow)
    while play.open:
        action = next(iter(play.open.values()))
        if action.step == "last":
            return play
        assert action.step in before
        play.answer_action(action, Completed())
    raise AssertionError("the last step was never started")


def failed(play: Play) -> None:
    play.fail("last", "disk full", retryable=False)


def lost(play: Play) -> None:
    play.answer("last", Started("job-1"))
    play.move(60)
    play.answer("last", Lost(), verb="poll")


def runs(play: Play) -> None:
    play.answer("last", Started("job-1"))
    play.move(60)
    play.answer("last", Running(0.5), verb="poll")


@pytest.mark.parametrize("place", list(PLACES))
@pytest.mark.parametrize(
    ("plight", "sentence", "kind"),
    [(failed, "disk full", "failed"), (lost, "does not know it", "lost"), (runs, "job-1", None)],
)
def test_whatever_becomes_of_it_is_told(
    place: str, plight: Callable[[Play], None], sentence: str, kind: str | None
) -> None:
    play = at_last(place)
    plight(play)
    told = why(play.program, play.stored, (), None, play.now)
    assert any(sentence in s and "last" in s for s in told.sentences), told.sentences
    assert "last" in [b.step_id for b in told.branches]
    assert play.run.strip.rstrip(")")[-1] in "X!#" or place.startswith("a branch")
    assert sum(play.run.branch_counts.values()) == len(at_work(play.branches))
    kinds = [found[0] for found in _of(play.stored)]
    assert (kind in kinds or "failed branch" in kinds) if kind else not kinds
    assert play.run.is_lost is (plight is lost)


@pytest.mark.parametrize("place", list(PLACES))
def test_its_failure_is_the_failure_of_the_run_and_a_retry_repairs_it(place: str) -> None:
    play = at_last(place)
    failed(play)
    while play.open:
        play.answer_action(next(iter(play.open.values())), Completed())
    if play.run.status == "failed":
        shown = list_view(play.run)["failure"]
        assert (shown["type"], "disk full" in shown["message"]) == ("TaskFailed", True)
    play.act(lambda d: retry(d, None))
    play.to_end()
    assert play.run.status == "completed"
    assert list_view(play.run)["failure"] is None


@pytest.mark.parametrize("policy", ["all", "allSettled", "failFast"])
@pytest.mark.parametrize("broken", [("a",), ("b",), ("a", "b")])
def test_a_failed_run_always_says_what_it_failed_with(policy: str, broken: tuple[str, ...]) -> None:
    steps = {"begin": {}, "a": {}, "b": {}, "j": {"metadata": {"join": policy}}, "last": {}, "end": {}}
    play = Play(flow_of(steps, FORK))
    play.to_end(lambda a: Failed(f"{a.step} broke", retryable=False) if a.step in broken else Completed())
    failure = list_view(play.run)["failure"]
    assert (failure is not None) is (play.run.status == "failed")
    if failure:
        failed = [b for b in broken if play.status(b) == "failed"]  # failFast cancels what has not failed yet.
        first = min(failed, key=play.program.graph.order.__getitem__)
        assert failure["message"].startswith(f"{first}: {first} broke.")
        assert "j (" in failure["message"] and "held" in failure["message"]
        assert failure["at"]
