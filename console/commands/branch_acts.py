"""Acts on one branch: retry, skip, poll now, send an event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from console.commands.base import Command, Group, Here, Possible
from console.commands.intents import after_asking, intent_arguments, intent_words, intents, retries
from console.commands.planning import run_plan
from console.commands.polling import polling, polling_all
from console.commands.verdicts import instead, judged, no_run
from console.dialogs import fields
from console.dialogs.act_dialog import ActDialog
from console.dialogs.act_form import Answers
from console.panes.branches import last_attempt
from runtime.safe_text import json_text
from runtime.shell_line import shell_line

if TYPE_CHECKING:
    from console.app import ForkjoinApp
    from runtime.operations.records import Branch

RUNS = frozenset({"runs"})
BROKEN = ("failed", "unconfirmed")


class Retry(Command):
    """A new attempt of the failed branch, siblings untouched; asks first."""

    id = "retry"
    key = "R"
    label = "retry"
    group = Group.ACT
    screens = frozenset({"runs", "attention"})
    writes = True
    cli = "forkjoin retry {run} {branch}"

    @classmethod
    def recommended(cls, here: Here) -> bool:
        """Where a branch has failed, or the run as a whole."""
        branch = cls.target(here)
        return here.run is not None and (branch.status in BROKEN if branch else here.run.failure is not None)

    @classmethod
    def target(cls, here: Here) -> Branch | None:
        """The branch that is meant: the chosen one if it can be retried, else the first failed one that can."""
        if here.detail is None:
            return None
        failed = [b for b in here.detail.leaves if b.status in BROKEN]
        meant = [*([here.branch] if here.branch is not None else []), *failed]
        return next((b for b in meant if any(retries(here.detail, b).values())), None)

    @classmethod
    def availability(cls, here: Here) -> Possible:
        """By the rule of the engine: a branch must have failed, or run (to be cancelled first)."""
        if (refused := no_run(here)) is not None:
            return refused
        if here.marks or here.detail is None:
            return Possible(True, f"retry {here.many}")
        branch, allowed = cls.target(here), here.detail.allowed
        if branch is not None:
            name = here.detail.name(branch)
            told = {"failed": f"retry {name}", "unconfirmed": f"start {name} again"}
            return Possible(True, told.get(str(branch.status), f"cancel and start {name} again"))
        failed = next((b for b in here.detail.leaves if b.status == "failed"), None)
        if failed is None or allowed.run("retry"):
            return judged(here, allowed.run("retry"), f"retry {here.run_id}")
        return judged(here, allowed.retry(failed), "")

    @classmethod
    def shell(cls, here: Here) -> str:
        """With the first intent that is accepted."""
        branch = cls.target(here)
        if branch is None or here.detail is None:
            return shell_line(("forkjoin", "retry", here.run_id))
        intent = next(name for name, verdict in retries(here.detail, branch).items() if verdict)
        words = ("forkjoin", "retry", here.run_id, branch.id)
        return shell_line(words if intent == "new-attempt" else (*words, *intent_words(intent)))

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Show intents, with what the external system says now."""
        branch = cls.target(here)
        if here.marks or branch is None or here.detail is None:
            title = "Retry" if here.marks else f"Retry {here.run_id}"
            plan = run_plan(
                here, "retry", title=title, do="Retry 1 run", arguments=lambda _: {"intent": "new-attempt"}, preset=""
            )
            app.open_dialog(ActDialog(app.look, plan))
            return
        name = here.detail.name(branch)
        options, preset = intents(here.detail, branch)
        attempt = last_attempt(branch)
        facts: list[tuple[str, str]] = []
        visit = branch.current
        if visit is not None and visit.failure is not None:
            tries = f"attempt {attempt.attempt}: " if attempt else ""
            facts.append(("Failed", f"{tries}{visit.failure.type}: {visit.failure.message}"))
        if attempt is not None:
            facts.append(("Last key", attempt.idempotency_key))
        plan = run_plan(
            here,
            "retry",
            title=f"Retry {name} in {here.run_id}",
            do="Retry 1 branch",
            branch=branch,
            undoable=True,
            arguments=lambda answers: intent_arguments(answers.option),
            words=lambda answers: intent_words(answers.option),
            options=options,
            preset=preset,
            facts=tuple(facts),
            ask=(here.run_id, branch.id) if attempt is not None else None,
            asked=lambda question: after_asking(options, preset, branch, question),
        )
        app.open_dialog(ActDialog(app.look, plan))


class Skip(Command):
    """Settles the branch by hand, with a result; asks first."""

    id = "skip"
    key = "S"
    label = "skip"
    group = Group.ACT
    screens = RUNS
    writes = True
    cli = "forkjoin skip {run} {branch} --result JSON --reason TEXT"

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
        return judged(here, detail.allowed.skip(branch), "skip it")

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """A form for the result, made from the step's schema."""
        branch, detail = here.branch, here.detail
        assert branch is not None and detail is not None
        step = detail.program.step(branch.step_id)
        schema = step.result_schema or step.event_schema
        plan = run_plan(
            here,
            "skip",
            title=f"Skip {detail.name(branch)} in {here.run_id}",
            do="Skip 1 branch",
            branch=branch,
            undoable=True,
            arguments=lambda answers: {"result": fields.payload_of(answers.values) if answers.values else None},
            words=lambda answers: ("--result", json_words(answers.values)),
            fields=fields.from_schema(schema),
            reason_needed=True,
        )
        app.open_dialog(ActDialog(app.look, plan))


def json_words(values: Mapping[str, Any]) -> str:
    """The value of a form as the command line takes it."""
    return json_text(fields.payload_of(values) if values else None, indent=None)


class PollNow(Command):
    """Polls the selected branch, or every open one, now."""

    id = "poll"
    key = "p"
    label = "poll now"
    group = Group.ACT
    screens = frozenset({"runs", "wakes"})
    writes = True
    cli = "forkjoin poll {run} {branch}"

    @classmethod
    def recommended(cls, here: Here) -> bool:
        """Where work is open outside."""
        return here.run is not None and here.run.status not in ("completed", "cancelled", "failed")

    @classmethod
    def availability(cls, here: Here) -> Possible:
        """Something must be open outside."""
        if (refused := no_run(here)) is not None:
            return refused
        if here.marks or here.detail is None:
            return Possible(True, f"poll {here.many} now")
        if cls.chosen(here) is not None:
            return Possible(True, "poll now")
        return judged(here, here.detail.allowed.run("poll"), "poll all open branches now")

    @classmethod
    def shell(cls, here: Here) -> str:
        """For the branch under the cursor, or the run."""
        chosen = cls.chosen(here)
        return shell_line(("forkjoin", "poll", here.run_id, *((chosen.id,) if chosen is not None else ())))

    @classmethod
    def chosen(cls, here: Here) -> Branch | None:
        """The branch under the cursor, if there is something to poll in it."""
        branch, detail = here.branch, here.detail
        return branch if branch is not None and detail is not None and detail.allowed.poll(branch) else None

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Harmless, so without a dialog."""
        if here.marks:
            app.dispatch_acts.give(polling_all(here.marks, here.marked), *(("forkjoin", "poll", i) for i in here.marks))
            return
        chosen = cls.chosen(here)
        branch = chosen.id if chosen is not None else None
        words = ("forkjoin", "poll", here.run_id, *((branch,) if branch else ()))
        app.dispatch_acts.give(polling(here.run_id, branch), words)


class Send(Command):
    """Answers an event the run waits for, like an approval; asks first."""

    id = "send"
    key = "W"
    label = "send event"
    group = Group.ACT
    screens = RUNS
    writes = True
    cli = "forkjoin send {run} EVENT --payload JSON"

    @classmethod
    def recommended(cls, here: Here) -> bool:
        """Where an event is open."""
        return bool(cls.open_waits(here))

    @classmethod
    def open_waits(cls, here: Here) -> list[Branch]:
        """Branches that wait for an event, the chosen one first."""
        found = [b for b in (here.detail.leaves if here.detail else ()) if here.detail and here.detail.allowed.send(b)]
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
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """A form for the payload, made from the event's schema."""
        branch = cls.open_waits(here)[0]
        assert here.detail is not None and branch.current is not None and branch.current.event
        event = branch.current.event
        step = here.detail.program.step(branch.step_id)
        plan = run_plan(
            Here(here.screen, here.run, branch, here.detail, (), "", None, here.read_only),
            "send",
            title=f"Send event {event} to {here.run_id}",
            do=f"Send {event}",
            keep="Not now",
            branch=branch,
            arguments=lambda answers: {
                "event": event,
                "payload": fields.payload_of(answers.values) if answers.values else None,
            },
            fields=fields.from_schema(step.event_schema),
        )
        given = plan.command

        def command(answers: Answers) -> tuple[str, ...]:
            words = given(answers)
            options = ("--branch", branch.id, "--payload", json_words(answers.values))
            # What begins with a dash would be taken for an option.
            return (*words[:2], *options, "--", words[2], event) if event[0] == "-" else (*words[:3], event, *options)

        from dataclasses import replace

        app.open_dialog(ActDialog(app.look, replace(plan, command=command)))


COMMANDS: tuple[type[Command], ...] = (Retry, Skip, PollNow, Send)
