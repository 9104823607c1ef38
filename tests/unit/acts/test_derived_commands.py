"""An act that nobody wrote a command for has one: key, help, availability, dialog and equal command are its words."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, ClassVar

import pytest

from console.commands.act_command import RunActCommand
from console.commands.act_registry import OWN_FORMS, act_commands, derived
from console.commands.base import Command
from console.commands.registry import BY_ID
from console.dialogs.act_dialog import ActDialog
from console.dialogs.act_form import Answers, Plan
from console.here import Here
from console.options import SessionOptions
from runtime.acts.base import BranchAct, Input, Kind, OnScreen
from runtime.acts.registry import ACTS, act_class
from runtime.engine.draft import Draft
from runtime.errors import Refused
from runtime.model.branch import Branch
from runtime.operations.queries.run_detail import read_detail
from tests.situations import PLIGHTS, desk_of

A = "main/begin.1/a"


class Rename(BranchAct, frozen=True, kw_only=True):
    """Give a branch another name."""

    verb: ClassVar[str] = "rename"
    bulk: ClassVar[bool] = True
    on_screen: ClassVar[OnScreen | None] = OnScreen(
        help="Gives the branch another name.", key="Z", label="rename", screens=frozenset({"runs"})
    )

    branch: str
    name: Annotated[str, Input(positional=True)]
    tone: Annotated[str, Input(choices=("high", "low"), meanings=("loud", "soft"))] = "high"
    quiet: Annotated[bool, Input(kind=Kind.FLAG, help="Without a word.")] = False
    due: Annotated[Any, Input(kind=Kind.JSON)] = None

    def apply(self, draft: Draft, branch: Branch | None) -> list[str]:
        assert branch is not None
        if branch.status == "failed":
            raise Refused(f"{branch.id} has failed, and keeps its name.")
        return [f"{branch.id} is called {self.name}."]

    @classmethod
    def sample(cls, draft: Draft, branch: Branch | None) -> Rename:
        return cls(branch=branch.id if branch is not None else "", name="x")


class Sitting:
    """What a command of an act needs of a console."""

    def __init__(self) -> None:
        self.plan: Plan | None = None
        self.options = SessionOptions(self.unasked, self.unasked, self.unasked)

    def unasked(self) -> Any:
        raise AssertionError("nothing here opens a store or depends on the time")

    def open_dialog(self, dialog: ActDialog) -> None:
        self.plan = dialog.plan


COMMAND = derived(Rename)


def here_in(plight: str) -> Here:
    """The branch `a` under the cursor."""
    detail = read_detail(desk_of(PLIGHTS[plight]()).queries, "run-1")
    return Here("runs", detail.run, detail.branches[A], detail)


def test_it_is_offered_as_it_declares() -> None:
    assert (COMMAND.id, COMMAND.key, COMMAND.label, COMMAND.writes) == ("rename", "Z", "rename", True)
    assert COMMAND.text() == "Gives the branch another name."
    assert COMMAND.cli == "forkjoin rename {run} {branch} NAME"
    assert COMMAND.belongs("runs") and not COMMAND.belongs("wakes")


def test_its_rule_says_where_it_is_possible() -> None:
    assert COMMAND.availability(here_in("one runs")).text == "rename"
    refused = COMMAND.availability(here_in("completed with failures"))
    assert not refused and refused.text.startswith(f"{A} has failed, and keeps its name.")
    assert COMMAND.availability(replace(here_in("one runs"), branch=None)).text == "no branch is selected."
    assert COMMAND.availability(replace(here_in("one runs"), marks=("r1", "r2"))).text == "rename 2 runs"
    assert "no run is selected" in COMMAND.availability(Here("runs")).text


def test_its_arguments_are_the_form_of_its_dialog() -> None:
    sitting, here = Sitting(), here_in("one runs")
    COMMAND.run(sitting, here)  # type: ignore[arg-type]
    plan = sitting.plan
    assert plan is not None
    assert (plan.title, plan.do, plan.options_label) == ("Rename run-1", "Rename 1 branch", "Tone")
    assert [(o.value, o.text) for o in plan.options] == [("high", "loud"), ("low", "soft")]
    assert [(f.name, f.kind, f.required) for f in plan.fields] == [
        ("name", "text", True),
        ("quiet", "choice", False),
        ("due", "json", False),
    ]
    answers = Answers("low", {"name": "new", "quiet": True, "due": [1]}, "why not")
    assert plan.rehearse(desk_of(PLIGHTS["one runs"]()), answers).effects == (f"{A} is called new.",)
    assert plan.command(answers) == (
        *("forkjoin", "rename", "run-1", A, "new"),
        *("--tone", "low", "--quiet", "--due", "[1]"),
    )
    plain = Answers("high", {"name": "new", "quiet": False})
    assert plan.command(plain) == ("forkjoin", "rename", "run-1", A, "new")


@pytest.mark.parametrize("verb", ACTS)
def test_every_act_that_a_console_offers_has_one_command(verb: str) -> None:
    act = act_class(verb)
    assert act is not None
    commands = [c for c in act_commands() if getattr(c, "act", None) is act]
    assert len(commands) == (act.on_screen is not None)
    for command in commands:
        assert BY_ID[command.id].text() == command.text()


def test_own_forms_are_those_of_acts_there_are() -> None:
    offered: set[type[Command]] = set(act_commands())
    assert set(OWN_FORMS) <= offered
    assert {"wake", "ack"} <= {c.id for c in offered - set(OWN_FORMS) if issubclass(c, RunActCommand)}
