"""Adopting: work that runs outside already is taken as that of a branch."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from console.attempts import last_attempt
from console.commands import act_command
from console.commands.act_plan import Form, run_plan
from console.commands.base import Command, Group, Possible
from console.commands.verdicts import judged, no_run
from console.dialogs.act_dialog import ActDialog
from console.dialogs.act_form import Answers
from console.here import Here
from runtime.acts import adopt
from runtime.acts.base import RunAct
from runtime.shell_line import shell_line

if TYPE_CHECKING:
    from console.desk import Desk
    from runtime.operations.records import Branch

NO_ID = "NoExternalId"


class Adopt(act_command.RunActCommand):
    act = adopt.Adopt

    @classmethod
    def recommended(cls, here: Here) -> bool:
        """Where nobody can say whether the work was started, or its id could not be read."""
        branch = cls.target(here)
        visit = branch.current if branch is not None else None
        failure = visit.failure if visit is not None else None
        return branch is not None and (
            branch.status == "unconfirmed" or (failure is not None and failure.type == NO_ID)
        )

    @classmethod
    def target(cls, here: Here) -> Branch | None:
        """The branch that is meant: the chosen one, else the first that waits for this."""
        if here.detail is None:
            return None
        waiting = [b for b in here.detail.leaves if b.status == "unconfirmed"]
        chosen = [here.branch] if here.branch is not None else []
        return next((b for b in (*chosen, *waiting) if cls.act.allowed(here.detail.allowed, b)), None)

    @classmethod
    def availability(cls, here: Here) -> Possible:
        """By the rule of the engine: a start must have been written down, and its work not be polled yet."""
        if here.marks:
            return Possible(False, "each branch has an id of its own; it is given for one branch at a time.")
        if (refused := no_run(here)) is not None:
            return refused
        branch, detail = cls.target(here), here.detail
        assert detail is not None
        if branch is not None:
            return Possible(True, f"take the work of {detail.name(branch)} by its id")
        if here.branch is None:
            return Possible(False, "no branch is selected.")
        return judged(here, cls.act.allowed(detail.allowed, here.branch), "")

    @classmethod
    def form(cls, desk: Desk, here: Here) -> Form[RunAct]:
        """Asks for the id."""
        return cls.asking(desk, here, "Adopt the work of")

    @classmethod
    def asking(cls, desk: Desk, here: Here, title: str) -> Form[RunAct]:
        """The form for one branch: what the system finds under its key is shown and filled in where it can be asked."""
        branch, detail = cls.target(here), here.detail
        assert branch is not None and detail is not None
        attempt, visit = last_attempt(branch), branch.current
        facts: list[tuple[str, str]] = []
        if visit is not None and visit.failure is not None:
            facts.append(("Why", f"{visit.failure.type}: {visit.failure.message}"))
        if attempt is not None:
            facts.append(("Key", attempt.idempotency_key))

        def external_id(answers: Answers) -> str:
            return str(answers.values.get("external_id") or "")

        def make(answers: Answers) -> RunAct:
            return adopt.Adopt(branch=branch.id, external_id=external_id(answers))

        return replace(
            super().form(desk, here),
            title=f"{title} {detail.name(branch)} in {here.run_id}",
            make=make,
            options_of_line=lambda answers: ("--external-id", external_id(answers) or "ID"),
            facts=tuple(facts),
            ask=(here.run_id, branch.id) if detail.allowed.find(branch) else None,
            ask_kind="find",
            fill=lambda question: {"external_id": question.external_id},
        )


class Find(Command):
    """Asks the system for the work of the branch's key; starts nothing, and takes what is found if you say so."""

    id = "find"
    key = "K"
    label = "find"
    group = Group.ACT
    screens = frozenset({"runs"})
    writes = True
    cli = "forkjoin find {run} {branch}"

    @classmethod
    def recommended(cls, here: Here) -> bool:
        """As for adopting: what is found can be adopted."""
        return Adopt.recommended(here)

    @classmethod
    def availability(cls, here: Here) -> Possible:
        """By the rules of the engine: the system can be asked for a key, and what is found can be taken."""
        adopting = Adopt.availability(here)
        branch, detail = Adopt.target(here), here.detail
        if branch is None or detail is None or not adopting:
            return adopting
        return judged(here, detail.allowed.find(branch), f"look for the work of {detail.name(branch)} by its key")

    @classmethod
    def shell(cls, here: Here) -> str:
        """For the branch that is meant."""
        branch = Adopt.target(here)
        return shell_line(("forkjoin", "find", here.run_id, branch.id)) if branch is not None else ""

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """The dialog of adopting: the scheduler asks, and the id it finds is filled in."""
        form = Adopt.asking(desk, here, "Find the work of")
        desk.open_dialog(ActDialog(desk, run_plan(here, form)))
