"""What a run is said to allow is accepted when it is done, and what is said to be refused is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import console.cli.main as command_line
from console.cli.session import Session
from runtime.acts.edit import Edit
from runtime.acts.poll import Poll
from runtime.acts.registry import run_acts
from runtime.acts.send import Send
from runtime.acts.skip import Skip
from runtime.assembly.runtime import Runtime
from runtime.engine.repair.allowed import Verdict
from runtime.engine.repair.retry import INTENTS
from runtime.errors import InvalidInput, NotFound, Refused
from runtime.operations.queries.run_detail import read_detail
from tests.situations import PLIGHTS, desk_of, random_plight, suggestions, words_of
from tests.unit.engine.grammar import Node, sequences
from tests.unit.engine.play import Play


class At(Session):
    """A session of the command line at a desk."""

    def __init__(self, desk: Runtime) -> None:
        super().__init__()
        self._runtime = desk

    def close(self) -> None: ...


def run_at(desk: Runtime, words: list[str], monkeypatch: pytest.MonkeyPatch) -> int:
    """Run a command line at a desk."""
    monkeypatch.setattr(command_line, "Session", lambda: At(desk))
    assert words[0] == "forkjoin"
    return command_line.run(words[1:])


def check_suggestions(play: Play, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> int:
    """Every command that why suggests is accepted as it stands, tried out and for real."""
    capsys.readouterr()
    assert run_at(desk_of(play), ["forkjoin", "why", "run-1"], monkeypatch) == 0
    lines = [line for s in capsys.readouterr().out.splitlines() for line in suggestions(s)]
    for line in lines:
        words = words_of(line)
        for more in (["--dry-run"], []):
            desk = desk_of(play)
            code = run_at(desk, [*words[:2], *more, *words[2:]], monkeypatch)
            assert code == 0, (line, more, capsys.readouterr().err)
            assert bool(desk.store.acts.newest(limit=1)) is not bool(more)
    return len(lines)


@pytest.mark.parametrize("plight", list(PLIGHTS))
def test_what_why_suggests_is_accepted(
    plight: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    play = PLIGHTS[plight]()
    found = check_suggestions(play, monkeypatch, capsys)
    helpless = play.run.status in ("pending", "completed") or plight in ("both being started", "a timer", "all held")
    assert found or helpless or plight == "system held", "an operator is left without a way on"


def accepted(act: Callable[[], object]) -> bool:
    """Whether an act is accepted; what lacks fitting input counts as accepted."""
    try:
        act()
    except InvalidInput:
        return True
    except (Refused, NotFound):
        return False
    return True


def check_verdicts(play: Play) -> None:
    """Every verdict is what the commands answer to a dry run."""
    desk = desk_of(play)
    detail = read_detail(desk.queries, "run-1")
    allowed, do = detail.allowed, desk.commands
    later = desk.clock.now()
    runs: dict[str, Callable[[], object]] = {
        "retry": lambda: do.retry("run-1", dry_run=True),
        "resume": lambda: do.resume("run-1", dry_run=True),
        "pause": lambda: do.pause("run-1", dry_run=True),
        "cancel": lambda: do.cancel("run-1", dry_run=True),
        "poll": lambda: do.poll("run-1", dry_run=True),
        "wake": lambda: do.wake("run-1", later, dry_run=True),
        "ack": lambda: do.ack("run-1", note="x", dry_run=True),
        "edit": lambda: do.edit("run-1", dict(play.run.state), dry_run=True),
        "restart": lambda: do.restart("run-1", dry_run=True),
    }
    for verb, act in runs.items():
        agrees(run_acts()[verb].allowed(allowed), accepted(act), verb)
    for branch in detail.branches.values():
        for intent in INTENTS:
            tried = accepted(lambda b=branch, i=intent: do.retry("run-1", b.id, i, dry_run=True))  # type: ignore[misc]
            agrees(allowed.retry(branch, intent), tried, (branch.id, intent))
        tried = accepted(lambda b=branch: do.skip("run-1", b.id, reason="x", dry_run=True))  # type: ignore[misc]
        agrees(Skip.allowed(allowed, branch), tried, (branch.id, "skip"))
        tried = accepted(lambda b=branch: do.poll("run-1", b.id, dry_run=True))  # type: ignore[misc]
        agrees(Poll.allowed(allowed, branch), tried, (branch.id, "poll"))
        event = branch.current.event if branch.current else None
        if event is not None:
            tried = accepted(lambda b=branch, e=event: do.send("run-1", e, None, b.id, dry_run=True))  # type: ignore[misc]
            agrees(Send.allowed(allowed, branch), tried, (branch.id, "send"))


def agrees(verdict: Verdict, tried: bool, what: object) -> None:
    assert bool(verdict) is tried, (what, verdict)
    assert bool(verdict.refusal) is not tried


@pytest.mark.parametrize("plight", list(PLIGHTS))
def test_verdicts_are_those_of_the_rules(plight: str) -> None:
    check_verdicts(PLIGHTS[plight]())


@pytest.mark.parametrize("plight", list(PLIGHTS))
def test_the_state_can_be_edited_wherever_something_can_be_retried(plight: str) -> None:
    play = PLIGHTS[plight]()
    detail = read_detail(desk_of(play).queries, "run-1")
    draft_failed = any(detail.allowed.retry(b, i) for b in detail.branches.values() for i in INTENTS)
    assert bool(Edit.allowed(detail.allowed)) or not draft_failed


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(tree=sequences(), seed=st.integers(0, 2**32))
def test_random_flows_at_random_moments(
    tree: list[Node], seed: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for play in random_plight(tree, seed):
        if len(play.branches) < 12:
            check_suggestions(play, monkeypatch, capsys)
        check_verdicts(play)
