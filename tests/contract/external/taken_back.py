"""A run of one task on a real system, whose start loses its answer and is then taken back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runtime.calls.performer import Performer
from runtime.clock import ManualClock
from runtime.engine.draft import Draft
from runtime.engine.repair.controls import cancel_run
from runtime.external.base import ExternalSystem, abilities_of
from runtime.flow.program import Binding, Program
from tests.unit.engine.play import Play, flow_of


def one_task(system: ExternalSystem, binding: Mapping[str, Any], state: Mapping[str, Any]) -> Play:
    """The run, its start under way."""
    flow = flow_of(
        {"begin": {}, "a": {"metadata": {"poll": {"interval": 1}}}, "end": {}}, [("begin", "a"), ("a", "end")]
    )
    can = abilities_of(system, binding)
    bound = Binding(system.name, "", binding, can.idempotent, can.finds, can.cancels)

    class Bound(Play):
        """A play whose task is bound to the system."""

        def bound(self, program: Program) -> Program:
            """The program with the one binding."""
            return Program("play", program.flow, program.graph, {"a": bound})

    return Bound(flow, state=state)


async def lost_start(play: Play, system: ExternalSystem, *, sent: bool) -> None:
    """The start reaches the system or does not; then we die before its answer is saved."""
    if sent:
        await _perform(play, system)
    play.open.clear()


async def cancelled(play: Play, system: ExternalSystem) -> None:
    """The run is cancelled, and what that asks of the system is carried out until nothing is owed."""
    play.act(cancel_run)
    for _ in range(60):
        if not play.open:
            play.move(60)
        if not play.open:
            return
        seen = await _perform(play, system)
        play.answer_action(seen.action, seen.answer)
    raise AssertionError("the cancel does not come to an end")


def confirmed(play: Play) -> bool:
    """Whether nothing runs any more, and the run knows it."""
    owed = play.branches["main"].steps[-1].attempts[-1].cancel
    return owed is not None and owed.confirmed_at is not None


async def _perform(play: Play, system: ExternalSystem) -> Any:
    [action] = play.open.values()
    draft = Draft(play.situation, play.run, play.branches)
    return await Performer({system.name: system}, None, ManualClock()).perform(action, draft)  # type: ignore[arg-type]
