"""The menu offers what the engine accepts, and nothing else; equal commands of dialogs are accepted as they stand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.commands import editing
from console.commands.adopt_act import Adopt, Find
from console.commands.base import Command, Possible
from console.commands.branch_acts import PollNow, Send, Skip
from console.commands.intents import after_asking, intents
from console.commands.open_pane import NextFailed
from console.commands.registry import BY_ID
from console.commands.retry_act import Retry
from console.commands.run_acts import Cancel, Edit, Pause, Restart
from console.dialogs.act_dialog import ActDialog
from console.dialogs.act_form import Answers, Plan, with_reason
from console.drafts import Drafts
from console.here import Here
from console.key_dispatch import read_only
from console.options import SessionOptions
from runtime.acts.retry import INTENTS
from runtime.assembly.runtime import Runtime
from runtime.errors import ForkjoinError, InvalidInput, Refused
from runtime.flow.sample import NoSample, sample
from runtime.model.question import Question
from runtime.operations.queries.run_detail import read_detail
from runtime.shell_line import shell_line
from tests.situations import PLIGHTS, desk_of, random_plight, words_of
from tests.unit.engine.grammar import Node, sequences
from tests.unit.engine.play import Play
from tests.unit.operations.test_every_suggestion import run_at

SetWake, Acknowledge = BY_ID["wake"], BY_ID["ack"]
ACTS: tuple[type[Command], ...] = (
    Retry,
    Adopt,
    Find,
    Skip,
    PollNow,
    Send,
    Pause,
    Cancel,
    Restart,
    SetWake,
    Acknowledge,
)


class Sitting:
    """A desk as far as commands need one: it keeps the plan of the dialog, or the act that was given."""

    def __init__(self, desk: Runtime) -> None:
        self.plan: Plan | None = None
        self.drafts = Drafts()
        self.given: list[tuple[Callable[[Runtime], object], tuple[str, ...]]] = []
        self.options = SessionOptions(lambda: desk, lambda: desk, desk.clock.now)
        self.acts = self

    def open_dialog(self, dialog: ActDialog) -> None:
        self.plan = dialog.plan

    def give(self, work: Callable[[Runtime], object], words: tuple[str, ...]) -> None:
        self.given.append((work, words))

    def say(self, text: str, *, trouble: bool = False) -> None:
        raise AssertionError(text)


def heres(play: Play) -> list[Here]:
    """Every branch under the cursor in turn."""
    desk = desk_of(play)
    detail = read_detail(desk.queries, "run-1")
    here = Here("runs", detail.run, None, detail)
    return [replace(here, branch=b) for b in detail.branches.values() if b.status != "superseded"]


def values_of(command: type, here: Here, plan: Plan) -> dict[str, Any]:
    """A form filled in with what fits."""
    values: dict[str, Any] = {f.name: f.preset or "x" for f in plan.fields if f.kind == "text"}
    if command in (Skip, Send) and here.detail is not None:
        branch = Send.open_waits(here)[0] if command is Send else here.branch
        assert branch is not None
        step = here.detail.program.step(branch.step_id)
        schema = step.event_schema if command is Send else step.result_schema or step.event_schema
        try:
            made = sample(schema)
        except NoSample:
            made = None
        values = dict(made) if isinstance(made, dict) else {}
    return values


def rehearsed(act: Callable[[], object]) -> bool:
    """Whether an act is accepted; what lacks fitting input counts as accepted."""
    try:
        act()
    except InvalidInput:
        return True
    except ForkjoinError:
        return False
    return True


def check_menu(play: Play, monkeypatch: pytest.MonkeyPatch, *, shells: bool) -> None:
    """What is offered is accepted in the dialog and as the equal command, what is not is refused."""
    for here in heres(play):
        for command in ACTS:
            possible = command.availability(here)
            desk, app = desk_of(play), Sitting(desk_of(play))
            if not possible:
                check_refused(command, here, possible, desk)
                assert possible.text in read_only(command, here)
                continue
            if shells:
                check_shell(play, command, here, monkeypatch)
            command.run(app, here)  # type: ignore[arg-type]
            for work, words in app.given:
                work(desk_of(play))
                check_equal(play, words, monkeypatch)
            if app.plan is None:
                assert app.given, command
                continue
            plan = app.plan
            offered = [o.value for o in plan.options if not o.problem] or [""]
            assert plan.preset in (*offered, ""), (command, plan.preset, offered)
            values = values_of(command, here, plan)
            for option in offered:
                answers = Answers(option, values, "a reason")
                assert rehearsed(lambda p=plan, a=answers: p.rehearse(desk_of(play), a)), (command, option)  # type: ignore[misc]
                if shells:
                    check_equal(play, with_reason(plan.command(answers), answers), monkeypatch)
            for option in [o.value for o in plan.options if o.problem.startswith("not possible")]:
                assert not rehearsed(
                    lambda p=plan, o=option: p.rehearse(desk_of(play), Answers(o, {}, "x"))  # type: ignore[misc]
                ), (command, option)


def check_equal(play: Play, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """The equal command is accepted by a shell's command line as it is shown."""
    line = words_of(shell_line(words))
    assert line == list(words)
    for more in (["--dry-run"], []):
        assert run_at(desk_of(play), [*line[:2], *more, *line[2:]], monkeypatch) == 0, line


def check_shell(play: Play, command: type[Command], here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a read-only session says of an act that is possible is a command that is accepted."""
    told = read_only(command, here)
    assert told.startswith("Read-only."), told
    line, looking, _ = told.partition("From a shell: ")[2].partition(" shows what can be done")
    if looking:
        assert command in (Adopt, Skip, Send), command
        assert run_at(desk_of(play), words_of(line), monkeypatch) == 0
    elif command is Find:
        assert words_of(line)[:3] == ["forkjoin", "find", "run-1"]
    else:
        check_equal(play, tuple(words_of(line)), monkeypatch)


def found_here(desk: Runtime, branch_id: str) -> None:
    """Find, as far as the engine has a say in it: the system can be asked, and what is found can be taken."""
    detail = read_detail(desk.queries, "run-1")
    branch = detail.branches[branch_id]
    if not (verdict := detail.allowed.find(branch)):
        raise Refused(verdict.refusal)
    desk.commands.adopt("run-1", branch_id, "job-9", dry_run=True)


def check_refused(command: type[Command], here: Here, possible: Possible, desk: Runtime) -> None:
    """What is not offered would be refused."""
    assert possible.text
    do, branch = desk.commands, here.branch
    assert branch is not None
    tries: dict[type, Callable[[], object]] = {
        Retry: lambda: do.retry("run-1", branch.id, dry_run=True),
        Adopt: lambda: do.adopt("run-1", branch.id, "job-9", dry_run=True),
        Find: lambda: found_here(desk, branch.id),
        Skip: lambda: do.skip("run-1", branch.id, reason="x", dry_run=True),
        PollNow: lambda: do.poll("run-1", dry_run=True),
        Pause: lambda: do.pause("run-1", dry_run=True),
        Cancel: lambda: do.cancel("run-1", dry_run=True),
        Restart: lambda: do.restart("run-1", dry_run=True),
        SetWake: lambda: do.wake("run-1", desk.clock.now(), dry_run=True),
        Acknowledge: lambda: do.ack("run-1", note="x", dry_run=True),
        Send: lambda: do.send("run-1", branch.current.event or "" if branch.current else "", dry_run=True),
    }
    assert not rehearsed(tries[command]), (command, possible)


@pytest.mark.parametrize("plight", list(PLIGHTS))
def test_menu_and_equal_commands_in_every_plight(plight: str, monkeypatch: pytest.MonkeyPatch) -> None:
    check_menu(PLIGHTS[plight](), monkeypatch, shells=True)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(tree=sequences(), seed=st.integers(0, 2**32))
def test_menu_in_random_flows(tree: list[Node], seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for play in random_plight(tree, seed):
        if len(play.branches) < 8:
            check_menu(play, monkeypatch, shells=False)


@pytest.mark.parametrize("plight", list(PLIGHTS))
def test_the_state_can_be_edited_where_the_engine_says_so(plight: str, monkeypatch: pytest.MonkeyPatch) -> None:
    play = PLIGHTS[plight]()
    here = heres(play)[0]
    accepted = rehearsed(lambda: desk_of(play).commands.edit("run-1", {"a": 1}, dry_run=True))
    assert bool(Edit.availability(here)) is accepted
    if accepted:
        app = Sitting(desk_of(play))
        monkeypatch.setattr(editing, "edited", lambda app, text: '{"it\'s": "$HOME \\u001b"}')
        Edit.run(app, here)  # type: ignore[arg-type]
        assert app.plan is not None
        app.plan.rehearse(desk_of(play), Answers())
        check_equal(play, app.plan.command(Answers()), monkeypatch)
        app.drafts.forget("run-1")


@pytest.mark.parametrize("plight", list(PLIGHTS))
def test_every_failure_is_found_by_its_key(plight: str) -> None:
    play = PLIGHTS[plight]()
    failed = any(b.status in ("failed", "unconfirmed") for b in play.branches.values())
    assert bool(NextFailed.availability(heres(play)[0])) is failed


FAILED = [name for name in PLIGHTS if "failed" in name or "items" in name]


@pytest.mark.parametrize("plight", FAILED)
@pytest.mark.parametrize(
    ("reading", "problem", "out", "preset"),
    [
        ("running", "", {"new-attempt": "still runs"}, "reattach"),
        ("failed", "", {"reattach": "has ended", "cancel-first": "nothing runs"}, "new-attempt"),
        ("lost", "", {"reattach": "not known", "cancel-first": "nothing runs"}, "new-attempt"),
        ("unreachable", "", {}, "same-key"),
        ("", "HTTP 503", {}, "same-key"),
    ],
)
def test_what_the_system_has_ruled_out_is_not_offered(
    plight: str, reading: str, problem: str, out: dict[str, str], preset: str
) -> None:
    play = PLIGHTS[plight]()
    for here in heres(play):
        branch, detail = here.branch, here.detail
        if branch is None or detail is None or branch.status != "failed" or not detail.allowed.retry(branch):
            continue
        asked = Question(1, "status", "run-1", branch.id, play.now, "mia", play.now, reading, "told", problem)
        options, first = intents(detail, branch)
        left, best = after_asking(options, first, branch, asked)
        told = {o.value: o.problem for o in left}
        beside = [] if detail.allowed.retry(branch) else ["anew"]
        assert list(told) == [*INTENTS, *beside]
        assert "anew" not in (first, best), "work beside work is chosen, never preset"
        for intent, reason in out.items():
            assert reason in told[intent] or any(o.value == intent and o.problem for o in options)
        assert not told[best]
        assert best == preset or told[preset]
