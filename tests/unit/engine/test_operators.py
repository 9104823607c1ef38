"""Whatever operators do at whatever moment, a run stays whole and can be brought to its end."""

from __future__ import annotations

import contextlib

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.engine.draft import is_token
from runtime.engine.repair.controls import cancel_run, poll_now, skip
from runtime.engine.repair.retry import INTENTS, failed_branches, retry
from runtime.errors import Refused
from runtime.model.act import Hold
from tests.unit.engine.grammar import Node, make, sequences
from tests.unit.engine.random_play import RandomPlay


def some_act(play: RandomPlay) -> None:
    """One act an operator may think of, on any branch; refusals are part of the game."""
    chance = play.chance
    branch = chance.choice(list(play.branches))
    intent = chance.choice(INTENTS)
    acts = [
        lambda d: skip(d, branch, "by hand"),
        lambda d: poll_now(d, None),
        lambda d: retry(d, branch, intent, force=True),
        lambda d: retry(d, None),
    ]
    rule = chance.choice(acts)
    with contextlib.suppress(Refused):
        play.act(rule)


def hold_or_release(play: RandomPlay) -> None:
    """Pause the run, or let it go on."""
    if play.holds and play.holds[-1].released_at is None:
        held = play.holds.pop()
        play.holds.append(Hold(held.scope, held.actor, held.at, released_at=play.now))
    else:
        play.holds.append(Hold("run=run-1", "alice", play.now))
    play.wake()


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(sequences(), st.integers(0, 2**32), st.booleans())
def test_acts_at_any_moment_leave_a_run_that_can_be_brought_to_its_end(
    tree: list[Node], seed: int, cancelled: bool
) -> None:
    made = make(tree)
    play = RandomPlay(made, seed)
    if made.dead_ended:
        made.width.clear()  # What fails while a dead end works settles ahead and is joined apart.
    names = made.tasks()
    play.failing = frozenset(play.chance.sample(names, min(2, len(names))))
    for _ in range(30):
        for _ in range(play.chance.randint(0, 4)):
            play.step_once()
        if play.chance.random() < 0.25:
            hold_or_release(play)
        else:
            some_act(play)
    if play.holds and play.holds[-1].released_at is None:
        hold_or_release(play)
    play.failing = frozenset()
    if cancelled and play.run.status not in ("completed", "cancelled"):
        play.act(cancel_run)
        play.rest()
        assert play.run.status == "cancelled"
        assert play.run.next_wake_at is None
        return
    for _ in range(100):
        play.rest()
        if play.run.status == "completed" and not failed_branches(play.draft()):
            break
        play.act(lambda d: retry(d, None, force=True))
    assert play.run.status == "completed"
    assert not any(is_token(b) for b in play.branches.values())
