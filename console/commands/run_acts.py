"""Acts on a run: pause, resume, cancel, restart, set its wake, acknowledge, edit its state."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from console.commands.base import Command, Group, Here, Possible
from console.commands.planning import run_plan
from console.commands.verdicts import judged, no_run, one_run
from console.dialogs.act_dialog import ActDialog
from console.dialogs.act_form import Answers, Field, Option
from runtime.errors import InvalidInput
from runtime.operations.ids import random_id
from runtime.operations.spans import seconds
from runtime.shell_line import shell_line

if TYPE_CHECKING:
    from datetime import datetime

    from console.app import ForkjoinApp

RUNS = frozenset({"runs"})
WITH_RUNS = frozenset({"runs", "wakes"})


class Pause(Command):
    """Pauses the run, or ends its pause; a failed run is resumed by retrying its failed branches. Asks first."""

    id = "pause"
    key = "P"
    label = "pause/resume"
    group = Group.ACT
    screens = RUNS
    writes = True
    cli = "forkjoin pause {run}"

    @classmethod
    def availability(cls, here: Here) -> Possible:
        """The run must not have ended well."""
        if (refused := no_run(here)) is not None:
            return refused
        if here.marks or here.detail is None:
            return Possible(True, f"pause {here.many}")
        allowed = here.detail.allowed
        if allowed.run("resume"):
            return Possible(True, "resume" if here.detail.run.status == "paused" else "resume: retry what failed")
        return judged(here, allowed.run("pause"), "pause")

    @classmethod
    def shell(cls, here: Here) -> str:
        """Pause or resume by what the run is."""
        resuming = here.detail is not None and bool(here.detail.allowed.run("resume"))
        return shell_line(("forkjoin", "resume" if resuming else "pause", here.run_id))

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Pause or resume by what the run is."""
        resuming = not here.marks and here.detail is not None and bool(here.detail.allowed.run("resume"))
        verb = "resume" if resuming else "pause"
        options = (
            ()
            if resuming
            else (
                Option("stop", "timeouts stand still while it is paused"),
                Option("run", "timeouts go on"),
            )
        )
        plan = run_plan(
            here,
            verb,
            title=f"{verb.capitalize()} {here.run_id}",
            do=f"{verb.capitalize()} 1 run",
            arguments=(lambda a: {}) if resuming else (lambda a: {"clocks": a.option or "stop"}),
            words=lambda a: ("--clocks", "run") if a.option == "run" and not resuming else (),
            options_label="Clocks",
            options=options,
        )
        app.open_dialog(ActDialog(app.look, plan))


class Cancel(Command):
    """Ends the run; its external jobs are asked to stop until they answer. Asks first."""

    id = "cancel"
    key = "C"
    label = "cancel"
    group = Group.ACT
    screens = RUNS
    writes = True
    cli = "forkjoin cancel {run}"

    @classmethod
    def recommended(cls, here: Here) -> bool:
        """While it has not ended."""
        return here.run is not None and not here.marks

    @classmethod
    def availability(cls, here: Here) -> Possible:
        """The run must not have ended."""
        if (refused := no_run(here)) is not None:
            return refused
        if here.marks or here.detail is None:
            return Possible(True, f"cancel {here.many}")
        return judged(here, here.detail.allowed.run("cancel"), "cancel")

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Say what happens to the external jobs."""
        jobs = 0
        if here.detail is not None:
            jobs = sum(b.status in ("running", "starting") and b.next_poll_at is not None for b in here.detail.leaves)
        plan = run_plan(
            here,
            "cancel",
            title=f"Cancel {here.run_id}",
            do="Cancel 1 run",
            keep="Let it run",
            undoable=True,
            facts=(
                ("Run", f"{here.run_id} is {here.run.status if here.run else ''}; it ends at once."),
                ("Outside", f"{jobs} external jobs are asked to stop, again and again until they answer."),
            ),
        )
        app.open_dialog(ActDialog(app.look, plan))


class Restart(Command):
    """Starts a new run with the input of this one. Asks first."""

    id = "restart"
    key = "ctrl+r"
    group = Group.ACT
    screens = RUNS
    writes = True
    cli = "forkjoin restart {run}"

    @classmethod
    def availability(cls, here: Here) -> Possible:
        """Any run can be restarted."""
        if (refused := no_run(here)) is not None:
            return refused
        if here.marks or here.detail is None:
            return Possible(True, f"restart {here.many}")
        return judged(here, here.detail.allowed.run("restart"), "restart as a new run")

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """A dialog with the effect."""
        # The new run gets the id that the dialog shows.
        new_id = random_id()
        plan = run_plan(
            here,
            "restart",
            title=f"Restart {here.run_id}",
            do="Start 1 new run",
            arguments=(lambda _: {}) if here.marks else (lambda _: {"new_id": new_id}),
            words=(lambda _: ()) if here.marks else (lambda _: ("--id", new_id)),
        )
        app.open_dialog(ActDialog(app.look, plan))


class SetWake(Command):
    """Sets the next wake: postpone it or bring it forward. Asks first."""

    id = "wake"
    key = "T"
    label = "set wake"
    group = Group.ACT
    screens = WITH_RUNS
    writes = True
    cli = "forkjoin wake {run} --at 5m"

    @classmethod
    def availability(cls, here: Here) -> Possible:
        """The run must have something to wake for."""
        return one_run(here, "wake", "set the next wake")

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Ask for the span from now."""

        def at(answers: Answers) -> datetime:
            text = str(answers.values.get("in", "5m"))
            try:
                return app.now() + timedelta(seconds=seconds(text))
            except InvalidInput:
                raise InvalidInput(f"{text} is no span; write it like 30s, 5m or 2 hours.") from None

        plan = run_plan(
            Here(here.screen, here.run, None, here.detail, (), "", None, here.read_only),
            "wake",
            title=f"Set the next wake of {here.run_id}",
            do="Set the wake",
            arguments=lambda answers: {"at": at(answers)},
            words=lambda answers: ("--at", str(answers.values.get("in", "5m"))),
            fields=(Field("in", "from now", "text", required=True, preset="5m", hint="30s, 5m, 2 hours"),),
        )
        app.open_dialog(ActDialog(app.look, plan))


class Acknowledge(Command):
    """Takes the run out of needs attention until it changes, with a note. Asks first."""

    id = "ack"
    key = "A"
    group = Group.ACT
    screens = frozenset({"runs", "attention"})
    writes = True
    cli = "forkjoin ack {run} --note seen"

    @classmethod
    def availability(cls, here: Here) -> Possible:
        """By the rule of the engine."""
        if (refused := no_run(here)) is not None:
            return refused
        if here.marks or here.detail is None:
            return Possible(True, f"acknowledge {here.many} with a note")
        return judged(here, here.detail.allowed.run("ack"), "acknowledge with a note")

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Ask for the note."""
        plan = run_plan(
            here,
            "ack",
            title=f"Acknowledge {here.run_id}",
            do="Acknowledge",
            arguments=lambda answers: {"note": str(answers.values.get("note", ""))},
            words=lambda answers: ("--note", str(answers.values.get("note", ""))),
            fields=(Field("note", "note", "text", required=True, hint="who looks after it, ticket"),),
        )
        app.open_dialog(ActDialog(app.look, plan))


class Edit(Command):
    """Edits the state in $EDITOR; a dialog shows the difference before it is saved."""

    id = "edit"
    key = "E"
    group = Group.ACT
    screens = RUNS
    writes = True
    cli = "forkjoin edit {run} --state JSON"

    @classmethod
    def availability(cls, here: Here) -> Possible:
        """By the rule of the engine: wherever something can be retried, or goes on."""
        if (text := here.refusals.get(cls.id)) is not None:
            return Possible(False, text)
        return one_run(here, "edit", "edit the state")

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Open the editor, then show the difference."""
        from console.dialogs.editing import edit_state

        edit_state(app, here)


COMMANDS: tuple[type[Command], ...] = (Pause, Cancel, SetWake, Acknowledge, Edit, Restart)
