"""Acts that keep an installation in order: schedules, bulk acts that go on, runs that ended long ago."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from console.commands.base import Command, Group, Here, Possible
from console.dialogs.act_dialog import ActDialog
from console.dialogs.act_form import Answers, Field, Option, Plan
from runtime.operations.spans import seconds

if TYPE_CHECKING:
    from console.app import ForkjoinApp
    from runtime.assembly.runtime import Runtime
    from runtime.operations.records import Receipt


class Schedule(Command):
    """Switches the schedule of a workflow on or off. Asks first."""

    id = "schedule"
    key = "D"
    label = "schedule"
    group = Group.ACT
    screens = frozenset({"workflows"})
    writes = True
    cli = "forkjoin schedule enable {subject}"

    @classmethod
    def availability(cls, here: Here) -> Possible:
        """A workflow must be selected."""
        return Possible(bool(here.subject), "switch its schedule" if here.subject else "no workflow is selected.")

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """On or off."""
        flow = str(here.subject)

        def act(runtime: Runtime, answers: Answers, *, dry_run: bool) -> Receipt:
            on = answers.option == "enable"
            return runtime.commands.schedule(flow, enabled=on, reason=answers.reason, dry_run=dry_run)

        plan = Plan(
            f"Schedule of {flow}",
            "Switch it",
            lambda runtime, answers: act(runtime, answers, dry_run=True),
            lambda runtime, answers: act(runtime, answers, dry_run=False),
            lambda answers: ("forkjoin", "schedule", answers.option, flow),
            options_label="Switch",
            options=(Option("enable", "ticks start runs"), Option("disable", "no tick starts a run")),
            preset="enable",
        )
        app.open_dialog(ActDialog(app.look, plan))


class StopBulk(Command):
    """Stops the bulk act under the cursor; what it has done stays done. Asks first."""

    id = "stop_bulk"
    key = "X"
    label = "stop"
    group = Group.ACT
    screens = frozenset({"acts"})
    writes = True
    cli = "forkjoin bulk stop {subject}"

    @classmethod
    def availability(cls, here: Here) -> Possible:
        """An act must be selected; whether it still runs is asked when the dialog opens."""
        return Possible(isinstance(here.subject, int), "stop the bulk act" if here.subject else "no act is selected.")

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Say how many runs would not be touched."""
        act_id = int(here.subject)
        plan = Plan(
            f"Stop act {act_id}",
            "Stop the act",
            lambda runtime, answers: runtime.commands.bulk_stop(act_id, dry_run=True),
            lambda runtime, answers: runtime.commands.bulk_stop(act_id, reason=answers.reason),
            lambda answers: ("forkjoin", "bulk", "stop", str(act_id)),
            keep="Let it go on",
        )
        app.open_dialog(ActDialog(app.look, plan))


class Prune(Command):
    """Removes completed and cancelled runs that ended long enough ago. Asks first."""

    id = "prune"
    group = Group.ACT
    screens = frozenset({"health", "runs"})
    writes = True
    cli = "forkjoin prune --older-than 30d"

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Ask for the age."""

        def act(runtime: Runtime, answers: Answers, *, dry_run: bool) -> Receipt:
            age = timedelta(seconds=seconds(str(answers.values.get("age", "30 days"))))
            failed = answers.option == "failed too"
            return runtime.commands.prune(age, failed, reason=answers.reason, dry_run=dry_run)

        plan = Plan(
            "Remove ended runs",
            "Remove them",
            lambda runtime, answers: act(runtime, answers, dry_run=True),
            lambda runtime, answers: act(runtime, answers, dry_run=False),
            lambda answers: (
                *("forkjoin", "prune", "--older-than", str(answers.values.get("age", "30 days"))),
                *(("--failed",) if answers.option == "failed too" else ()),
            ),
            keep="Keep them",
            options_label="Which",
            options=(Option("ended", "completed and cancelled runs"), Option("failed too", "failed runs as well")),
            preset="ended",
            fields=(Field("age", "older than", "text", required=True, preset="30 days", hint="30 days, 12 hours"),),
            finished=lambda _: app.look_again(),
        )
        app.open_dialog(ActDialog(app.look, plan))


COMMANDS: tuple[type[Command], ...] = (Schedule, StopBulk, Prune)
