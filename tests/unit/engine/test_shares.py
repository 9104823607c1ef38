"""What one wake does of a run, and what it leaves to the next."""

from __future__ import annotations

from runtime.engine import draft
from runtime.model.task import Started
from tests.unit.engine.play import Play, flow_of

ROUND = flow_of(
    {"begin": {}, "a": {"type": "decision"}, "b": {"type": "decision"}, "end": {}},
    (("begin", "a"), ("a", "b"), ("b", "a", "state.goes !== false"), ("b", "end")),
)


def test_one_wake_moves_a_run_by_its_share_and_leaves_it_due() -> None:
    play = Play(ROUND)
    run = play.stored.run
    assert run.total_visits <= draft.MOST_STEPS
    assert run.next_wake_at == play.now and str(run.status) == "sleeping"
    before = run.total_visits
    play.wake()
    assert before < play.stored.run.total_visits <= 2 * draft.MOST_STEPS


def test_a_poll_that_is_due_writes_nothing_before_its_answer() -> None:
    flow = flow_of(
        {"begin": {}, "a": {"metadata": {"poll": {"interval": 10}}}, "end": {}}, (("begin", "a"), ("a", "end"))
    )
    play = Play(flow)
    play.answer("a", Started("job"))
    revision = play.run.revision
    play.move(10)
    assert [action.verb for action in play.open.values()] == ["poll"]
    assert play.run.revision == revision and play.run.next_wake_at == play.now
