"""Runs in every plight an operator may meet them in, and a store that holds just one of them."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from runtime.assembly.lazy_systems import LazySystems
from runtime.assembly.runtime import Access, Runtime
from runtime.catalog.workflow import Workflow
from runtime.clock import ManualClock
from runtime.engine.apply import Unreached
from runtime.engine.draft import Draft
from runtime.engine.repair.controls import cancel_run, skip
from runtime.engine.repair.retry import INTENTS, retry
from runtime.errors import ForkjoinError
from runtime.external.registry import Systems
from runtime.flow.definition import Flow
from runtime.flow.program import Program
from runtime.model.act import Actor, Hold
from runtime.model.branch import Failure
from runtime.model.run import Run
from runtime.model.stored import Save
from runtime.model.task import Completed, Failed, Lost, Running, Started
from runtime.operations.queries.queries import Queries
from runtime.settings import Settings
from runtime.store.embedded.store import memory_store
from tests.unit.engine.grammar import Node, make
from tests.unit.engine.play import Play, flow_of
from tests.unit.engine.random_play import RandomPlay

PAIR = [("begin", "a"), ("begin", "b"), ("a", "j"), ("b", "j"), ("j", "last"), ("last", "end")]
EVENT = {"type": "waitForEvent", "metadata": {"event": "go"}}
APPROVAL = {
    "type": "object",
    "properties": {
        "approved": {"type": "boolean"},
        "by": {"type": "string", "minLength": 2},
        "level": {"type": "integer", "minimum": 3},
        "kind": {"enum": ["full", "part"]},
        "odd": {"allOf": [{"type": "string"}, {"maxLength": 4}]},
    },
    "required": ["approved", "by", "level", "kind", "odd"],
    "additionalProperties": False,
}
HOSTILE = 'it\'s "q" $HOME `id` \x1b[31m; rm -rf \u202e ~'


def pair(**steps: Mapping[str, Any]) -> Play:
    """Two branches and a join."""
    names = ("begin", "a", "b", "j", "last", "end")
    return Play(flow_of({n: steps.get(n, {}) for n in names}, PAIR))


def fail(play: Play, *steps: str, retryable: bool = False) -> Play:
    """Some steps fail for good; others are left as they are."""
    for step in steps:
        play.fail(step, f"{step} broke", retryable=retryable)
    return play


def finished(play: Play, broken: tuple[str, ...]) -> Play:
    """A run at rest, some of its steps broken."""
    play.to_end(lambda a: Failed("broke", retryable=False) if a.step in broken else Completed(a.step))
    return play


def polled(play: Play, step: str, *outcomes: Any) -> Play:
    """A step is started, and polled with these outcomes."""
    play.answer(step, Started(f"job-{step}"))
    for outcome in outcomes:
        due = next(b.next_poll_at for b in play.branches.values() if b.step_id == step)
        play.now = max(play.now, due or play.now)
        play.wake()
        play.answer(step, outcome, verb="poll")
    return play


def held(play: Play, scope: str) -> Play:
    """Under a hold."""
    play.holds.append(Hold(scope, "mia", play.now, "provider outage"))
    play.wake()
    return play


def acted(play: Play, rule: Callable[[Draft], Any]) -> Play:
    """After an act of an operator."""
    play.act(rule)
    return play


def each(policy: str, broken: tuple[int, ...], *, done: bool = True) -> Play:
    """A dynamic fork of three items."""
    step = {"metadata": {"forEach": "[1, 2, 3]", "join": policy}}
    play = Play(flow_of({"begin": {}, "e": step, "end": {}}, [("begin", "e"), ("e", "end")]))
    for index in range(3 if done else 1):
        if index in broken:
            play.fail("e", index=index, retryable=False)
        else:
            play.complete("e", index=index)
    return play


def doubtful(can: Mapping[str, bool], answer: Any = None) -> Play:
    """A single start whose scheduler died, or that was answered in a way that leaves doubt."""
    play = Play(flow_of({"begin": {}, "a": {}, "end": {}}, [("begin", "a"), ("a", "end")]), can=can)
    if answer is None:
        play.crash()
    else:
        play.answer("a", answer)
    return play


def twice_failed() -> Play:
    """Retried, failed again."""
    play = finished(pair(j={"metadata": {"join": "all"}}), ("a",))
    play.act(lambda d: retry(d, None))
    return fail(play, "a")


def failed_whole() -> Play:
    """A run that failed as a whole."""
    play = pair()
    play.act(lambda d: setattr(d, "failure", Failure("TooManyVisits", "a loop", d.now, retryable=False)))
    return play


def of_one(step: Mapping[str, Any]) -> Play:
    """A single step."""
    return Play(flow_of({"begin": {}, "s": step, "end": {}}, [("begin", "s"), ("s", "end")]))


PLIGHTS: dict[str, Callable[[], Play]] = {
    "pending": lambda: Play(flow_of(["begin", "s", "end"], [("begin", "s"), ("s", "end")])),
    "both being started": pair,
    "a start not answered": lambda: _answered(pair(), "a", Unreached("503")),
    "unconfirmed": lambda: doubtful({"idempotent": False, "finds": False}),
    "unconfirmed beside one that runs": lambda: unconfirmed_beside(),
    "being looked for": lambda: doubtful({"idempotent": False, "finds": True}),
    "looked for in vain": lambda: _answered(doubtful({"idempotent": False, "finds": True}), "a", Unreached("502")),
    "answered without an id": lambda: doubtful({"idempotent": False}, Failed("no id", "NoExternalId", retryable=False)),
    "answered without an id, can be found": lambda: doubtful(
        {"idempotent": False, "finds": True}, Failed("no id", "NoExternalId", retryable=False)
    ),
    "one runs": lambda: polled(pair(), "a", Running(0.5)),
    "one is stale": lambda: polled(pair(), "a", *[Unreached("HTTP 503")] * 4),
    "one is lost": lambda: polled(pair(), "a", Lost()),
    "lost for good": lambda: polled(pair(), "a", Lost(), Lost()),
    "awaits its retry": lambda: fail(pair(), "a", retryable=True),
    "failed inside a fork": lambda: fail(pair(), "a"),
    "both failed, join fired": lambda: finished(pair(), ("a", "b")),
    "completed with failures": lambda: finished(pair(), ("a",)),
    "completed": lambda: finished(pair(), ()),
    "join held": lambda: finished(pair(j={"metadata": {"join": "all"}}), ("a",)),
    "failFast": lambda: fail(pair(j={"metadata": {"join": "failFast"}}), "a"),
    "any fired without it": lambda: finished(pair(j={"metadata": {"join": "any"}}), ("a",)),
    "join held, both failed": lambda: finished(pair(j={"metadata": {"join": "any"}}), ("a", "b")),
    "main failed after a fork": lambda: finished(pair(), ("last",)),
    "main failed before a fork": lambda: finished(of_one({}), ("s",)),
    "the join step failed": lambda: finished(pair(), ("j",)),
    "failed again": twice_failed,
    "failed as a whole": failed_whole,
    "skipped": lambda: acted(fail(pair(), "a"), lambda d: skip(d, "main/begin.1/a", None)),
    "retried while a sibling runs": lambda: acted(fail(polled(pair(), "b"), "a"), lambda d: retry(d, None)),
    "cancel first": lambda: acted(
        polled(pair(), "a", Unreached("x")), lambda d: retry(d, "main/begin.1/a", "cancel-first")
    ),
    "superseded": lambda: acted(finished(pair(), ("a", "last")), lambda d: retry(d, "main/begin.1/a")),
    "cancelled": lambda: acted(polled(pair(), "a"), cancel_run),
    "cancelled with a failed branch": lambda: acted(fail(pair(), "a"), cancel_run),
    "paused": lambda: held(polled(pair(), "a"), "run=run-1"),
    "paused with a failed branch": lambda: held(fail(pair(), "a"), "run=run-1"),
    "all held": lambda: held(polled(pair(), "a", Running()), "all"),
    "system held": lambda: held(polled(pair(), "a", Running()), "system=fake"),
    "held, failed": lambda: held(finished(pair(), ("last",)), "all"),
    "items: one failed, gathered": lambda: each("allSettled", (1,)),
    "items: one failed, held": lambda: each("all", (1,)),
    "items: one failed, passed over": lambda: each("any", (1,)),
    "items: one failed, others work": lambda: each("all", (0,), done=False),
    "not a list": lambda: of_one({"metadata": {"forEach": "5"}}),
    "an event": lambda: of_one(EVENT),
    "an event with a form": lambda: of_one({**EVENT, "eventOutput": {"eventOutputSchema": APPROVAL}}),
    "two branches wait for one name": lambda: pair(a=EVENT, b=EVENT),
    "an event with a hostile name": lambda: of_one({"type": "waitForEvent", "metadata": {"event": HOSTILE}}),
    "an event that looks like an option": lambda: of_one({"type": "waitForEvent", "metadata": {"event": "--payload"}}),
    "two events of one odd name": lambda: pair(
        a={"type": "waitForEvent", "metadata": {"event": "-x"}}, b={"type": "waitForEvent", "metadata": {"event": "-x"}}
    ),
    "paused, an event": lambda: held(of_one(EVENT), "run=run-1"),
    "a timer": lambda: of_one({"type": "resumeAfter", "duration": "1 hour"}),
    "a failed step with a form": lambda: finished(of_one({"metadata": {"resultSchema": APPROVAL}}), ("s",)),
    "no way on": lambda: finished(
        Play(flow_of(["begin", "s", "end"], [("begin", "s"), ("s", "end", "state.never == true")])), ()
    ),
    "odd step names": lambda: _odd_names(),
}


def _answered(play: Play, step: str, outcome: Any) -> Play:
    play.answer(step, outcome)
    return play


def unconfirmed_beside() -> Play:
    """One branch cannot be accounted for while its sibling runs."""
    play = Play(flow_of(["begin", "a", "b", "j", "last", "end"], PAIR), can={"idempotent": False, "finds": False})
    play.answer("b", Started("job-b"))
    play.crash()
    return play


def _odd_names() -> Play:
    names = ("it's a", "b/c#1 $x")
    ways = [("begin", n) for n in names] + [(n, "end") for n in names]
    return finished(Play(flow_of(["begin", *names, "end"], ways)), names[:1])


def random_plight(tree: list[Node], seed: int) -> Iterator[RandomPlay]:
    """A random flow at random moments, with acts of operators and holds between; the same play again and again."""
    made = make(tree)
    play = RandomPlay(made, seed)
    made.width.clear()
    chance = play.chance
    names = made.tasks()
    play.failing = frozenset(chance.sample(names, min(2, len(names))))
    for _ in range(3):
        for _ in range(chance.randint(0, 12)):
            if not play.step_once():
                break
        yield play
        branch, intent = chance.choice(list(play.branches)), chance.choice(INTENTS)
        with suppress(ForkjoinError):
            if chance.random() < 0.5:
                play.act(partial(skip, branch_id=branch, result=1))
            else:
                play.act(partial(retry, branch_id=branch, intent=intent, force=True))
        if chance.random() < 0.2:
            play.holds = [] if play.holds else [Hold("run=run-1", "mia", play.now)]
            play.wake()
    with suppress(ForkjoinError):
        if chance.random() < 0.3:
            play.act(cancel_run)
    yield play


class OneFlow:
    """A catalog that knows the workflow of one play."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self.systems: dict[str, Any] = {}

    def find(self, name: str) -> Workflow:
        return Workflow("play", Path("play"))

    def check(self, workflow: Workflow, *, simulate: bool = False) -> Flow:
        return self._program.flow

    def program(self, run: Run, source: Any) -> Program:
        return self._program

    def workflows(self) -> list[Workflow]:
        return []

    def close(self) -> None: ...


def desk_of(play: Play, *, read_only: bool = False) -> Runtime:
    """The operations over a store that holds this run, as it stands."""
    store, clock, catalog = memory_store(), ManualClock(play.now), OneFlow(play.program)
    run = replace(play.run, flow_hash=play.program.flow.hash)
    stored = play.stored
    store.flows.put(run.flow_hash, play.program.flow.source, "play")
    assert not store.runs.save(
        [Save(run, None, branches=tuple(stored.branches.values()), firings=tuple(stored.firings))]
    )
    for hold in play.holds:
        store.holds.put(hold)
    catalogs: Any = catalog
    runtime = Runtime(
        Settings(store=":memory:"),
        store,
        Path("/nowhere"),
        clock,
        Queries(store, clock, lambda: catalogs),
        systems=LazySystems(lambda: Systems(Path("/nowhere"), clock)),
        access=Access(Actor("mia"), read_only, runs_code=False),
    )
    runtime.__dict__["catalog"] = catalogs
    return runtime


def suggestions(text: str) -> list[str]:
    """The commands a sentence names after `You can:`."""
    _, found, told = text.partition("You can: ")
    return re.split(r"; (?=forkjoin )", told) if found else []


def words_of(line: str) -> list[str]:
    """The words a shell makes of a line."""
    if "$'" not in line:
        return shlex.split(line)
    printed = subprocess.run(["bash", "-c", f"printf '%s\\0' {line}"], capture_output=True, check=True).stdout
    return printed.decode().split("\0")[:-1]
