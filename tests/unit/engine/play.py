"""Plays flows on the pure engine alone: no store, no clock of the machine, no external system."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from runtime.engine.advance import Advance, advance, conclude, new_run
from runtime.engine.apply import Observed, Stopped
from runtime.engine.draft import Draft, Situation
from runtime.engine.plan import Action
from runtime.flow.graph.flow_graph import FlowGraph
from runtime.flow.program import Binding, Program
from runtime.flow.read.building import flow_from_stored
from runtime.model.act import Hold
from runtime.model.branch import Branch
from runtime.model.run import HistoryEntry, Poll, Run
from runtime.model.stored import Save, Stored
from runtime.model.task import Completed, Failed, Outcome, Running, Started

START = datetime(2026, 1, 1, tzinfo=UTC)


def flow_of(
    steps: Mapping[str, Mapping[str, Any]] | Sequence[str],
    ways: Sequence[tuple[str, ...]],
    *,
    state: Mapping[str, Any] | None = None,
    schema: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """FlowJSON from short notes: `begin` and `end` by name, other steps tasks unless they say otherwise."""
    notes = steps if isinstance(steps, Mapping) else {name: {} for name in steps}
    made = []
    for name, note in notes.items():
        kind = name if name in ("begin", "end") else note.get("type", "task")
        made.append({"id": name, "name": name, **note, "type": kind})
    return {
        "id": "play",
        "name": "play",
        "version": "1",
        "globalStateSchema": dict(schema or {"type": "object"}),
        "globalState": dict(state or {}),
        "steps": made,
        "connections": [
            {"id": f"c{n}", "sourceStepId": w[0], "targetStepId": w[1], **({"condition": w[2]} if len(w) > 2 else {})}
            for n, w in enumerate(ways)
        ],
    }


class Play:
    """One run, moved by hand: what started and is open is seen, answered and timed by the test."""

    def __init__(
        self,
        flow: Mapping[str, Any],
        *,
        state: Mapping[str, Any] | None = None,
        local: bool = False,
        can: Mapping[str, Any] | None = None,
    ) -> None:
        """`can` says what the system of the tasks can do: idempotent, finds, cancels."""
        made = flow_from_stored(flow)
        system = "local" if local else "fake"
        bindings = {s.id: Binding(system, **(can or {})) for s in made.steps if s.type == "task"}
        self.program = Program("play", made, FlowGraph(made.steps, made.connections), bindings)
        self.program = self.bound(self.program)
        self.now = START
        self.holds: list[Hold] = []
        self.open: dict[tuple[str, str, int, int], Action] = {}
        self.history: list[HistoryEntry] = []
        self.polls: list[Poll] = []
        self.starts: list[str] = []
        self.cancels: list[str] = []
        self.finds: list[str] = []
        run = Run("run-1", "play", made.id, made.version, made.hash, self.now, self.now)
        run = replace(run, state={**made.global_state, **(state or {})})
        self._keep(new_run(run, self.situation))
        self.wake()

    def bound(self, program: Program) -> Program:
        """The program the run is played with."""
        return program

    @property
    def situation(self) -> Situation:
        return Situation(self.program, self.now, self.holds)

    @property
    def run(self) -> Run:
        return self.stored.run

    @property
    def branches(self) -> Mapping[str, Branch]:
        return self.stored.branches

    def _keep(self, save: Save) -> None:
        self.stored = Stored(save.run, {b.id: b for b in save.branches})

    def _take(self, step: Advance) -> None:
        self.stored = step.stored
        if step.save is not None:
            self.history += step.save.history
            self.polls += step.save.polls
        for action in step.actions:
            if action.verb in ("start", "local"):
                branch = self.branches[action.branch]
                visit = next(v for v in branch.steps if (v.step_id, v.visit) == (action.step, action.visit))
                self.starts.append(visit.attempts[-1].idempotency_key)
            if action.verb == "cancel":
                self.cancels.append(action.branch)
            if action.verb == "find":
                self.finds.append(action.branch)
            self.open[action.slot] = action

    def wake(self) -> None:
        """One wake: moves and plans; calls it makes stay open until they are answered."""
        self._take(advance(self.situation, self.stored, in_flight=self.open.keys()))

    def crash(self) -> None:
        """The process dies: calls under way are made or not, and nobody hears their answers."""
        self.open.clear()
        self.wake()

    def move(self, seconds: float) -> None:
        """Let time pass, then wake."""
        self.now += timedelta(seconds=seconds)
        self.wake()

    def answer(self, step: str, outcome: Any, *, index: int | None = None, verb: str | None = None) -> None:
        """Answer the open call of a step."""
        action = self.call(step, index=index, verb=verb)
        self.answer_action(action, outcome)

    def answer_action(self, action: Action, outcome: Any) -> None:
        """Answer one open call."""
        del self.open[action.slot]
        seen = Observed(action, outcome, self.now, 1.0)
        self._take(advance(self.situation, self.stored, [seen], in_flight=self.open.keys()))

    def call(self, step: str, *, index: int | None = None, verb: str | None = None) -> Action:
        """The one open call of a step."""
        found = [
            a
            for a in self.open.values()
            if a.step == step
            and (verb is None or a.verb == verb)
            and (index is None or self.branches[a.branch].index == index)
        ]
        assert len(found) == 1, f"{len(found)} open calls of {step}: {list(self.open.values())}"
        return found[0]

    def act(self, rule: Callable[[Draft], Any]) -> Any:
        """Let an operator's rule change the run."""
        draft = Draft(self.situation, self.run, self.stored.branches, self.stored.firings)
        effects = rule(draft)
        self._take(conclude(draft, self.stored, in_flight=self.open.keys()))
        return effects

    def complete(self, step: str, result: Any = None, *, index: int | None = None, state: Any = None) -> None:
        """Start answered, or poll answered, with completed."""
        self.answer(step, Completed(result, state), index=index)

    def fail(self, step: str, message: str = "it broke", *, index: int | None = None, retryable: bool = True) -> None:
        """Answered with failed."""
        self.answer(step, Failed(message, retryable=retryable), index=index)

    def to_end(self, decide: Callable[[Action], Outcome] | None = None, most: int = 10_000) -> None:
        """Answer everything, first call first, until nothing is open or due."""
        for _ in range(most):
            if self.open:
                action = next(iter(self.open.values()))
                if action.verb == "cancel":
                    self.answer_action(action, Stopped())
                else:
                    self.answer_action(action, decide(action) if decide else Completed(action.step))
            elif self.run.next_wake_at is not None:
                self.now = max(self.now, self.run.next_wake_at)
                self.wake()
            else:
                return
        raise AssertionError("the run does not come to rest")

    def status(self, name: str) -> str:
        """Status of the branch whose id ends with this."""
        found = [b for b in self.branches.values() if b.id == name or b.id.endswith("/" + name)]
        assert len(found) == 1, [b.id for b in self.branches.values()]
        return str(found[0].status)


__all__ = ["START", "Completed", "Failed", "Play", "Running", "Started", "Stopped", "flow_of"]
