"""Acts on one branch that are asked for in their own way: skip, poll now, send an event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from console.commands import act_command
from console.commands.act_plan import Form
from console.commands.base import Possible
from console.commands.polling import polling, polling_all
from console.commands.retry_act import BROKEN
from console.commands.verdicts import instead, judged, no_run
from console.dialogs import fields
from console.dialogs.act_form import Answers
from console.here import Here
from runtime.acts import poll, send, skip
from runtime.acts.base import RunAct
from runtime.safe_text import json_text
from runtime.shell_line import shell_line

if TYPE_CHECKING:
    from console.desk import Desk
    from runtime.operations.records import Branch


class Skip(act_command.RunActCommand):
    act = skip.Skip

    @classmethod
    def recommended(cls, here: Here) -> bool:
        """Where a branch has failed, or is not seen."""
        branch = here.branch
        if branch is None:
            return False
        unseen = branch.observation is not None and str(branch.observation.state) != "fresh"
        return branch.status in BROKEN or (branch.status == "running" and unseen)

    @classmethod
    def availability(cls, here: Here) -> Possible:
        """The branch must stand on a step that is not settled."""
        if (refused := no_run(here)) is not None:
            return refused
        branch, detail = here.branch, here.detail
        if branch is None or detail is None:
            return Possible(False, "no branch is selected.")
        return judged(here, cls.act.allowed(detail.allowed, branch), cls.offered.does)

    @classmethod
    def form(cls, desk: Desk, here: Here) -> Form[RunAct]:
        """A form for the result, made from the schema of the step."""
        branch, detail = here.branch, here.detail
        assert branch is not None and detail is not None
        step = detail.program.step(branch.step_id)

        def make(answers: Answers) -> RunAct:
            return skip.Skip(branch=branch.id, result=payload(answers.values))

        return replace(
            super().form(desk, here),
            title=f"Skip {detail.name(branch)} in {here.run_id}",
            make=make,
            options_of_line=lambda answers: ("--result", json_words(answers.values)),
            fields=fields.from_schema(step.result_schema or step.event_schema),
        )


class PollNow(act_command.RunActCommand):
    act = poll.Poll

    @classmethod
    def recommended(cls, here: Here) -> bool:
        """Where work is open outside."""
        return here.run is not None and here.run.status not in ("completed", "cancelled", "failed")

    @classmethod
    def availability(cls, here: Here) -> Possible:
        """Something must be open outside."""
        if not here.marks and no_run(here) is None and cls.target(here) is not None:
            return Possible(True, "poll now")
        return super().availability(here)

    @classmethod
    def shell(cls, here: Here) -> str:
        """For the branch under the cursor, or the run."""
        return shell_line(cls.line(here))

    @classmethod
    def line(cls, here: Here) -> tuple[str, ...]:
        """The line for the branch under the cursor, if there is something to poll in it, or the run."""
        chosen = cls.target(here)
        return ("forkjoin", "poll", here.run_id, *((chosen.id,) if chosen is not None else ()))

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """Harmless, so without a dialog."""
        if here.marks:
            desk.acts.give(polling_all(here.marks, here.marked), *(("forkjoin", "poll", i) for i in here.marks))
            return
        chosen = cls.target(here)
        desk.acts.give(polling(here.run_id, chosen.id if chosen is not None else None), cls.line(here))


class Send(act_command.RunActCommand):
    act = send.Send

    @classmethod
    def recommended(cls, here: Here) -> bool:
        """Where an event is open."""
        return bool(cls.open_waits(here))

    @classmethod
    def open_waits(cls, here: Here) -> list[Branch]:
        """Branches that wait for an event, the chosen one first."""
        detail = here.detail
        found = [b for b in detail.leaves if cls.act.allowed(detail.allowed, b)] if detail is not None else []
        return sorted(found, key=lambda b: b is not here.branch)

    @classmethod
    def availability(cls, here: Here) -> Possible:
        """An event must be open."""
        if (refused := no_run(here)) is not None:
            return refused
        waits = cls.open_waits(here)
        if not waits:
            return Possible(False, f"{here.run_id} waits for no event.{instead(here)}")
        visit = waits[0].current
        return Possible(True, f"send {visit.event}" if visit else "send the event")

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """For the run under the cursor, whatever is marked."""
        super().run(desk, replace(here, branch=cls.open_waits(here)[0], marks=()))

    @classmethod
    def form(cls, desk: Desk, here: Here) -> Form[RunAct]:
        """A form for the payload, made from the schema of the event."""
        branch = here.branch
        assert here.detail is not None and branch is not None and branch.current is not None and branch.current.event
        event = branch.current.event
        step = here.detail.program.step(branch.step_id)

        def make(answers: Answers) -> RunAct:
            return send.Send(event=event, payload=payload(answers.values), branch=branch.id)

        return Form(
            verb="send",
            title=f"Send event {event} to {here.run_id}",
            button=f"Send {event}",
            make=make,
            options_of_line=lambda answers: ("--branch", branch.id, "--payload", json_words(answers.values)),
            places=lambda _: (event,),
            branch=branch,
            keep=cls.offered.keep,
            fields=fields.from_schema(step.event_schema),
        )


def payload(values: Mapping[str, Any]) -> Any:
    """The value that a form stands for; null where nothing is filled in."""
    return fields.payload_of(values) if values else None


def json_words(values: Mapping[str, Any]) -> str:
    """The value of a form as the command line takes it."""
    return json_text(payload(values), indent=None)
