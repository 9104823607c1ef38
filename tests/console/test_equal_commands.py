"""The equal command of an act is accepted where the act was, and is the same act."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from console.cli.main import run as command
from console.commands.act_plan import Form, bulk_plan
from console.commands.copying import same_as
from console.dialogs.act_form import Answers, with_reason
from console.here import Here
from runtime.acts.ack import Acknowledge
from runtime.acts.edit import Edit
from runtime.acts.pause import Pause
from runtime.acts.restart import Restart
from runtime.acts.retry import Retry
from runtime.assembly.runtime import Runtime
from runtime.model.act import Act
from runtime.operations.bulk import Batch
from runtime.operations.equal import equal_command
from runtime.shell_line import shell_line
from tests.scheduling import opened
from tests.situations import PLIGHTS, desk_of, words_of
from tests.unit.operations.test_every_suggestion import run_at


def awaited_event(runtime: Runtime) -> str | None:
    """The event for which the run waits."""
    visit = runtime.store.runs.load(["run-1"])[0].branches["main"].current
    return visit.event if visit is not None else None


STATE = {"it's": '$HOME "x" `y`', "n": 9007199254740993, "deep": {"a": [1, None, True]}}
FAILED = "completed with failures"
A = "main/begin.1/a"


def every(desk: Runtime, where: str = "id:run-1") -> Batch:
    return Batch(runs=desk.queries.runs(), where=where)


ACTS: dict[str, tuple[str, Callable[[Runtime], object]]] = {
    "retry": (FAILED, lambda r: r.commands.retry("run-1", A, reason='it\'s "me"; rm -rf ~')),
    "retry all": (FAILED, lambda r: r.commands.retry("run-1")),
    "retry, same key": (FAILED, lambda r: r.commands.retry("run-1", A, "same-key", True)),
    "poll": ("one runs", lambda r: r.commands.poll("run-1", A)),
    "pause": ("one runs", lambda r: r.commands.pause("run-1", reason="two\nlines \x1b[31m")),
    "resume": ("paused", lambda r: r.commands.resume("run-1")),
    "cancel": ("one runs", lambda r: r.commands.cancel("run-1")),
    "wake": ("one runs", lambda r: r.commands.wake("run-1", r.clock.now())),
    "ack": (FAILED, lambda r: r.commands.ack("run-1", None, "mia looks, INC-5")),
    "ack a branch": (FAILED, lambda r: r.commands.ack("run-1", A, "mia")),
    "skip with text": (FAILED, lambda r: r.commands.skip("run-1", A, "some text", reason="x")),
    "skip with null": (FAILED, lambda r: r.commands.skip("run-1", A, None, reason="x")),
    "skip with false": (FAILED, lambda r: r.commands.skip("run-1", A, False, reason="x")),
    "send": ("an event", lambda r: r.commands.send("run-1", "go", {"approved": True})),
    "send to one of two": ("two branches wait for one name", lambda r: r.commands.send("run-1", "go", True, A)),
    "send, a hostile name": (
        "an event with a hostile name",
        lambda r: r.commands.send("run-1", awaited_event(r) or "", "text"),
    ),
    "send, a dash": ("an event that looks like an option", lambda r: r.commands.send("run-1", "--payload", {})),
    "edit": ("one runs", lambda r: r.commands.edit("run-1", STATE)),
    "edit to nothing": ("one runs", lambda r: r.commands.edit("run-1", {})),
    "hold all": ("one runs", lambda r: r.commands.hold("all", "run", reason="outage")),
    "hold a run": ("one runs", lambda r: r.commands.hold("run=run-1")),
    "release": ("all held", lambda r: r.commands.release("all")),
    "restart": ("completed", lambda r: r.commands.restart("run-1", new_id="again")),
    "prune": ("completed", lambda r: r.commands.prune(r.clock.now() - r.clock.now(), failed=True)),
    "bulk retry": (
        FAILED,
        lambda r: r.commands.bulk(
            Retry(intent="same-key"),
            Batch(runs=r.queries.runs(), where="id:run-1", rate=5.0, canary=True),
            reason="some; of it",
        ),
    ),
    "bulk ack": (FAILED, lambda r: r.commands.bulk(Acknowledge(note="a b"), every(r))),
    "bulk restart": (FAILED, lambda r: r.commands.bulk(Restart(), every(r, 'is:ended !error~"a b"'))),
    "bulk pause": (
        "one runs",
        lambda r: r.commands.bulk(Pause(clocks="run"), every(r)),
    ),
    "bulk edit": ("one runs", lambda r: r.commands.bulk(Edit(state={}), every(r))),
}


def newest(desk: Runtime) -> Act:
    return desk.store.acts.newest(limit=1)[0]


def told(act: Act) -> Mapping[str, Any]:
    """What an act says, without who and when."""
    arguments = {k: v for k, v in (act.arguments or {}).items() if v not in (None, "", False)}
    return {
        "verb": act.verb,
        "target": act.target,
        "reason": act.reason,
        "arguments": arguments,
        "outcome": act.outcome,
    }


@pytest.mark.parametrize("name", list(ACTS))
def test_the_equal_command_does_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plight, act = ACTS[name]
    first, second = desk_of(PLIGHTS[plight]()), desk_of(PLIGHTS[plight]())
    act(first)
    line = same_as(newest(first))
    assert line.isprintable()
    words = words_of(line)
    assert run_at(desk_of(PLIGHTS[plight]()), [*words[:2], "--dry-run", *words[2:]], monkeypatch) == 0
    assert run_at(second, words, monkeypatch) == 0
    assert told(newest(second)) == told(newest(first))


def test_what_is_given_later_is_the_same_once_it_is_carried_out(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = desk_of(PLIGHTS[FAILED]())
    desk.commands.later(Retry(branch=A, intent="same-key"), "run-1", 5.0, reason="x")
    words = equal_command(newest(desk))
    assert words == ("forkjoin", "retry", "run-1", A, "--intent", "same-key", "--reason", "x")
    assert run_at(desk_of(PLIGHTS[FAILED]()), list(words), monkeypatch) == 0


@pytest.mark.parametrize(
    "words",
    [
        ("start", "profile_update", "--id", "p"),
        ("start", "profile_update", "--id", "p", "--state", '{"userId": "it\'s $1"}', "--label", "a=b c", "--simulate"),
        ("schedule", "enable", "nightly_etl"),
    ],
)
def test_starts_and_schedules(tmp_path: Path, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    acts = []
    line = list(words)
    for store in ("one", "two"):
        monkeypatch.setenv("FORKJOIN_STORE", str(tmp_path / store))
        assert command(line) == 0
        with opened(tmp_path / store) as runtime:
            acts.append(newest(runtime))
        line = words_of(same_as(acts[0]))[1:]
    assert told(acts[0]) == told(acts[1])


@pytest.mark.parametrize("count", [1, 20, 39, 400])
def test_an_act_on_many_runs_names_all_of_them(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = desk_of(PLIGHTS[FAILED]())
    run = desk.queries.load("run-1").run
    ids = tuple(f"run-with-a-long-name-{n:04d}" for n in range(count))
    here = Here("runs", run, None, None, ids)
    plan = bulk_plan(here, Form(verb="retry", title="Retry", button="Retry", make=lambda _: Retry()))
    words = with_reason(plan.command(Answers("one first", {}, "x y")), Answers("one first", {}, "x y"))
    named = words[words.index("--where") + 1].removeprefix("id:").split(",")
    assert tuple(named) == ids
    assert words_of(shell_line(words)) == list(words)
    monkeypatch.setattr(desk.store.runs, "get", lambda i: replace(run, id=i))
    plan.carry_out(desk, Answers("one first", {}, "x y"))
    assert equal_command(newest(desk)) == (
        *words[:2],
        "--intent",
        "new-attempt",
        *words[2:5],
        "--rate",
        "10",
        *words[5:],
    )
