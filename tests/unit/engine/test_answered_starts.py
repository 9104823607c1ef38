"""A start that was answered is never made again by itself, whatever was answered."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from runtime.calls.performer import Performer
from runtime.clock import ManualClock
from runtime.engine.apply import Observed
from runtime.engine.plan import Action
from runtime.model.task import Failed, Lost, Running, Started
from tests.unit.engine.play import Play, flow_of


class Adapter:
    """A foreign adapter that answers every start with one thing."""

    name = "fake"

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    async def start(self, call: Any) -> Any:
        """Whatever it was made with."""
        return self.answer


class Odd:
    """Raises whatever is asked of it."""

    def __str__(self) -> str:
        """Never comes to an end."""
        raise RuntimeError("no text of me")


EAGER = {
    "retry": {"maximumAttempts": 5, "initialInterval": 0.01},
    "timeout": {"startToClose": 60, "scheduleToClose": 600},
    "poll": {"interval": 1},
}


def observed(answer: Any, action: Action, play: Play) -> Observed:
    from runtime.engine.draft import Draft

    draft = Draft(play.situation, play.run, play.branches)
    performer = Performer({"fake": Adapter(answer)}, None, ManualClock())  # type: ignore[arg-type, dict-item]
    return asyncio.run(performer.perform(action, draft))


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Started(""), "NoExternalId"),
        (Started("   "), "NoExternalId"),
        (Started(None), "NoExternalId"),  # type: ignore[arg-type]
        (Started({"id": 7}), "InvalidReport"),  # type: ignore[arg-type]
        (Started(True), "InvalidReport"),  # type: ignore[arg-type]
        (Started("x" * 1_001), "NoExternalId"),
        (Started(Odd()), "InvalidReport"),  # type: ignore[arg-type]
        (Odd(), "InvalidReport"),
        (Running(0.5), "InvalidReport"),
        (Lost(), "InvalidReport"),
        (None, "InvalidReport"),
        ({"id": 7}, "InvalidReport"),
        ("job-7", "InvalidReport"),
        (Failed("said no", "NoExternalId", retryable=False), "NoExternalId"),
    ],
)
def test_no_policy_repeats_a_start_that_was_answered(answer: Any, kind: str) -> None:
    play = Play(flow_of({"begin": {}, "a": {"metadata": EAGER}, "end": {}}, [("begin", "a"), ("a", "end")]))
    action = play.call("a")
    play.answer_action(action, observed(answer, action, play).answer)
    for _ in range(20):
        play.move(100)
    assert len(play.starts) == 1
    failure = play.branches["main"].steps[-1].failure
    assert failure is not None
    assert (failure.type, failure.retryable) == (kind, False)
    assert play.run.status == "failed"


def test_a_number_is_an_id() -> None:
    play = Play(flow_of({"begin": {}, "a": {"metadata": EAGER}, "end": {}}, [("begin", "a"), ("a", "end")]))
    action = play.call("a")
    assert observed(Started(7), action, play).answer == Started("7")  # type: ignore[arg-type]
