"""Acts on a run that are asked for in their own way: pause or resume, cancel, restart, edit its state."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from console.commands import act_command
from console.commands.act_plan import Form
from console.commands.base import Possible
from console.here import Here
from runtime.acts import cancel, edit, pause, restart, resume
from runtime.acts.base import RunAct
from runtime.operations.ids import random_id
from runtime.shell_line import shell_line

if TYPE_CHECKING:
    from console.desk import Desk


class Pause(act_command.RunActCommand):
    act = pause.Pause

    @classmethod
    def resumes(cls, here: Here) -> bool:
        """Whether the run under the cursor is to be resumed, by what it is."""
        return not here.marks and here.detail is not None and bool(resume.Resume.allowed(here.detail.allowed))

    @classmethod
    def availability(cls, here: Here) -> Possible:
        """The run must not have ended well."""
        if here.run is not None and here.detail is not None and cls.resumes(here):
            return Possible(True, "resume" if here.detail.run.status == "paused" else "resume: retry what failed")
        return super().availability(here)

    @classmethod
    def shell(cls, here: Here) -> str:
        """Pause or resume by what the run is."""
        resuming = cls.resumes(replace(here, marks=()))
        return shell_line(("forkjoin", "resume" if resuming else "pause", here.run_id))

    @classmethod
    def form(cls, desk: Desk, here: Here) -> Form[RunAct]:
        """Pause or resume by what the run is."""
        if cls.resumes(here):
            title = f"Resume {here.run_id}"
            return Form(verb="resume", title=title, button="Resume 1 run", make=lambda _: resume.Resume())
        return super().form(desk, here)


class Cancel(act_command.RunActCommand):
    act = cancel.Cancel

    @classmethod
    def recommended(cls, here: Here) -> bool:
        """While it has not ended."""
        return here.run is not None and not here.marks

    @classmethod
    def form(cls, desk: Desk, here: Here) -> Form[RunAct]:
        """Say what happens to the external jobs."""
        jobs = 0
        if here.detail is not None:
            jobs = sum(b.status in ("running", "starting") and b.next_poll_at is not None for b in here.detail.leaves)
        facts = (
            ("Run", f"{here.run_id} is {here.run.status if here.run else ''}; it ends at once."),
            ("Outside", f"{jobs} external jobs are asked to stop, again and again until they answer."),
        )
        return replace(super().form(desk, here), facts=facts)


class Restart(act_command.RunActCommand):
    act = restart.Restart

    @classmethod
    def form(cls, desk: Desk, here: Here) -> Form[RunAct]:
        """The new run gets the id that the dialog shows; where many are restarted, ids are made up."""
        form = super().form(desk, here)
        if here.marks:
            return form
        new_id = random_id()
        return replace(form, make=lambda _: restart.Restart(new_id=new_id), options_of_line=lambda _: ("--id", new_id))


class Edit(act_command.RunActCommand):
    act = edit.Edit

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """Open the editor, then show the difference."""
        from console.commands.editing import edit_state

        edit_state(desk, here)
