"""Commands derived from the declarations of acts, which give id, key, help, screens, availability and dialog."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from console.commands.act_plan import Form, run_plan, store_plan
from console.commands.base import Command, Group, Possible
from console.commands.declared_form import DeclaredForm
from console.commands.verdicts import judged, no_run
from console.dialogs.act_dialog import ActDialog
from console.dialogs.act_form import Answers
from console.here import Here
from runtime.acts.base import BranchAct, OnScreen, OperatorAct, RunAct, StoreAct
from runtime.acts.command_line import Words, placed, template
from runtime.acts.inputs import inputs_of, required

if TYPE_CHECKING:
    from console.desk import Desk
    from runtime.operations.records import Branch


class ActCommand(Command):
    """A command that gives an act; a subclass says more only where an act is asked for in its own way."""

    act: ClassVar[type[OperatorAct]]
    offered: ClassVar[OnScreen]
    """How the act says it is offered."""
    group = Group.ACT
    writes = True

    def __init_subclass__(cls) -> None:
        """Read what the declaration of the act says."""
        if "act" not in cls.__dict__:
            return
        assert cls.act.on_screen is not None, cls.act
        cls.offered = cls.act.on_screen
        cls.id = cls.offered.id or cls.act.verb
        cls.key = cls.offered.key
        cls.label = cls.offered.label
        cls.screens = cls.offered.screens
        cls.cli = template(cls.act)

    @classmethod
    def text(cls) -> str:
        """The help text."""
        return cls.offered.help


class RunActCommand(ActCommand):
    """A command that gives an act to a run or branch under the cursor, or to all marked runs."""

    act: ClassVar[type[RunAct]]

    @classmethod
    def target(cls, here: Here) -> Branch | None:
        """The branch that is meant: the one under the cursor if the act is accepted for it; None for the run."""
        branch, detail = here.branch, here.detail
        if branch is None or detail is None or cls.offered.whole_run or not issubclass(cls.act, BranchAct):
            return None
        return branch if required(cls.act, "branch") or cls.act.allowed(detail.allowed, branch) else None

    @classmethod
    def availability(cls, here: Here) -> Possible:
        """By the rule of the act."""
        if (text := here.refusals.get(cls.id)) is not None:
            return Possible(False, text)
        if cls.offered.alone:
            here = replace(here, marks=())
        if (refused := no_run(here)) is not None:
            return refused
        if here.marks or here.detail is None:
            if not cls.act.bulk:
                return Possible(False, "it is given to one run at a time.")
            return Possible(True, (cls.offered.many or f"{cls.act.verb} {{many}}").format(many=here.many))
        target = cls.target(here)
        if target is None and issubclass(cls.act, BranchAct) and required(cls.act, "branch"):
            return Possible(False, "no branch is selected.")
        return judged(here, cls.act.allowed(here.detail.allowed, target), cls.offered.does or cls.act.verb)

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """Open the dialog of the act."""
        if cls.offered.alone:
            here = replace(here, branch=None, marks=())
        desk.open_dialog(ActDialog(desk, run_plan(here, cls.form(desk, here))))

    @classmethod
    def form(cls, desk: Desk, here: Here) -> Form[RunAct]:
        """What the dialog asks, and the act that the answers make."""
        act, branch, offered = cls.act, cls.target(here), cls.offered
        declared = DeclaredForm(act, desk.options.now)
        given = {"branch": branch.id} if branch is not None else {}

        def make(answers: Answers) -> RunAct:
            return act(**given, **declared.values(answers))

        def places(answers: Answers) -> Words:
            return (*given.values(), *declared.places_of_line(answers))

        return Form(
            verb=act.verb,
            title=(offered.title or f"{act.verb.capitalize()} {{run}}").format(run=here.run_id),
            button=offered.button or f"{act.verb.capitalize()} 1 {'branch' if branch is not None else 'run'}",
            make=make,
            options_of_line=declared.options_of_line,
            places=places,
            branch=branch,
            undoable=act.undoable,
            keep=offered.keep,
            options_label=declared.options_label,
            options=declared.options,
            preset=declared.options[0].value if declared.options else "",
            fields=declared.fields,
            reason_needed=bool(act.needs_reason),
        )


class StoreActCommand(ActCommand):
    """A command that gives an act to what a row stands for, or to the store."""

    act: ClassVar[type[StoreAct]]

    @classmethod
    def availability(cls, here: Here) -> Possible:
        """Where it acts on a row, one must be selected."""
        if (text := here.refusals.get(cls.id)) is not None:
            return Possible(False, text)
        if cls.place() and not here.subject:
            return Possible(False, cls.offered.nothing or "nothing is selected.")
        return Possible(True, cls.offered.does or cls.text())

    @classmethod
    def place(cls) -> str:
        """The field that what is under the cursor fills in; empty without one."""
        return next((field for field, one in inputs_of(cls.act).items() if one.example == "{subject}"), "")

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """Open the dialog of the act."""
        form, declared = cls.form(desk, here), DeclaredForm(cls.act, desk.options.now)
        place = (str(here.subject),) if cls.place() else ()

        def command(answers: Answers) -> Words:
            places = (*place, *declared.places_of_line(answers))
            return ("forkjoin", *form.verb.split(), *placed(places, form.options_of_line(answers)))

        desk.open_dialog(ActDialog(desk, store_plan(form, command)))

    @classmethod
    def form(cls, desk: Desk, here: Here) -> Form[StoreAct]:
        """What the dialog asks, and the act that the answers make."""
        act, offered = cls.act, cls.offered
        declared = DeclaredForm(act, desk.options.now)
        given = {cls.place(): here.subject} if cls.place() else {}

        def make(answers: Answers) -> StoreAct:
            return act(**given, **declared.values(answers))

        return Form(
            verb=act.verb,
            title=(offered.title or act.verb.capitalize()).format(subject=here.subject),
            button=offered.button or act.verb.capitalize(),
            make=make,
            options_of_line=declared.options_of_line,
            keep=offered.keep,
            options_label=declared.options_label,
            options=declared.options,
            preset=declared.options[0].value if declared.options else "",
            fields=declared.fields,
        )
