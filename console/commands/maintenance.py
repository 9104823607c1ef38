"""Acts that keep an installation in order, asked for in their own way: schedules switched, ended runs removed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from console.commands import act_command
from console.commands.act_plan import Form, store_plan
from console.dialogs.act_dialog import ActDialog
from console.dialogs.act_form import Answers, Field, Option
from console.here import Here
from runtime.acts import prune, schedule
from runtime.acts.base import StoreAct
from runtime.acts.command_line import Words
from runtime.durations import seconds

if TYPE_CHECKING:
    from console.desk import Desk


class Schedule(act_command.StoreActCommand):
    act = schedule.EnableSchedule

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """On or off."""
        flow = str(here.subject)

        def make(answers: Answers) -> StoreAct:
            on = answers.option == "enable"
            return schedule.EnableSchedule(flow=flow) if on else schedule.DisableSchedule(flow=flow)

        form = Form(
            verb="schedule",
            title=f"Schedule of {flow}",
            button=cls.offered.button,
            make=make,
            options_label="Switch",
            options=(Option("enable", "ticks start runs"), Option("disable", "no tick starts a run")),
            preset="enable",
        )
        plan = store_plan(form, lambda answers: ("forkjoin", *make(answers).verb.split(), flow))
        desk.open_dialog(ActDialog(desk, plan))


class Prune(act_command.StoreActCommand):
    act = prune.Prune

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """Ask for the age, and whether failed runs are meant too."""

        def age(answers: Answers) -> str:
            return str(answers.values.get("age", "30 days"))

        def make(answers: Answers) -> StoreAct:
            older_than = timedelta(seconds=seconds(age(answers)))
            return prune.Prune(older_than=older_than, failed=answers.option == "failed too")

        def command(answers: Answers) -> Words:
            failed = ("--failed",) if answers.option == "failed too" else ()
            return ("forkjoin", "prune", "--older-than", age(answers), *failed)

        form = Form(
            verb="prune",
            title=cls.offered.title,
            button=cls.offered.button,
            make=make,
            keep=cls.offered.keep,
            options_label="Which",
            options=(Option("ended", "completed and cancelled runs"), Option("failed too", "failed runs as well")),
            preset="ended",
            fields=(Field("age", "older than", "text", required=True, preset="30 days", hint="30 days, 12 hours"),),
            finished=lambda _: desk.read_again(),
        )
        desk.open_dialog(ActDialog(desk, store_plan(form, command)))
