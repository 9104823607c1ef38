"""Acts on one branch: retry, skip, poll now, send an event."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from console.commands.base import Command, Group, Here, Possible
from console.commands.planning import run_plan
from console.dialogs import fields
from console.dialogs.act_dialog import ActDialog
from console.dialogs.plan import Answers, Option
from console.panes.branches import last_attempt
from runtime.safe_text import json_text

if TYPE_CHECKING:
    from console.app import ForkjoinApp
    from runtime.assembly import Runtime
    from runtime.operations.records import Branch, Receipt

RUNS = frozenset({"runs"})


def no_run(here: Here) -> Possible | None:
    """A refusal where no run is selected and none is marked."""
    if here.run is None and not here.marks:
        return Possible(False, "no run is selected; 1 shows the runs.")
    return None


class Retry(Command):
    """A new attempt of the failed branch, siblings untouched; asks first."""

    id, key, label, group = "retry", "R", "retry", Group.ACT
    screens = frozenset({"runs", "attention"})
    changes, cli = True, "forkjoin retry {run} {branch}"

    @classmethod
    def advised(cls, here: Here) -> bool:
        """Where a branch has failed."""
        return cls.target(here) is not None

    @classmethod
    def target(cls, here: Here) -> Branch | None:
        """The failed branch that is meant: the chosen one, else the first of the run."""
        if here.branch is not None and here.branch.status in ("failed", "awaiting_retry"):
            return here.branch
        found = here.detail.leaves if here.detail else ()
        return next((b for b in found if b.status == "failed"), None)

    @classmethod
    def possible(cls, here: Here) -> Possible:
        """A branch must have failed, or be lost or stale (to be cancelled first)."""
        if (refused := no_run(here)) is not None:
            return refused
        if here.marks:
            return Possible(True, f"retry {len(here.marks)} marked runs")
        branch = cls.target(here)
        if branch is None:
            chosen = here.branch
            if chosen is not None and chosen.status == "running" and chosen.next_poll_at is not None:
                return Possible(True, f"cancel and start {chosen.step_id} again")
            return Possible(
                False, f"nothing to retry in {here.run_id}, no branch has failed. p polls what is open now."
            )
        name = here.detail.name(branch) if here.detail else branch.id
        return Possible(True, f"retry {name}")

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Show intents, with what the external system says now."""
        branch = cls.target(here) or here.branch
        if here.marks or branch is None:
            plan = run_plan(
                here, "retry", title="Retry", do="Retry", arguments=lambda _: {"intent": "new-attempt"}, preset=""
            )
            app.open_dialog(ActDialog(app.look, plan))
            return
        assert here.detail is not None
        name = here.detail.name(branch)
        options, preset = intents(branch)
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
            arguments=lambda answers: {"intent": answers.option, "force": False},
            words=lambda answers: ("--intent", answers.option),
            options=options,
            preset=preset,
            facts=tuple(facts),
            ask=(here.run_id, branch.id) if attempt is not None else None,
        )
        app.open_dialog(ActDialog(app.look, plan))


def intents(branch: Branch) -> tuple[tuple[Option, ...], str]:
    """The four intents with what they mean here, and the one to begin with."""
    attempt = last_attempt(branch)
    number = attempt.attempt if attempt else 0
    known = attempt is not None and attempt.external_id is not None
    failed = branch.status in ("failed", "awaiting_retry")
    unsure = branch.observation is not None and str(branch.observation.state) != "fresh"
    no_new = "" if failed else "the old job may still run; cancel-first ends it before"
    options = (
        Option("new-attempt", f"start again as attempt {number + 1}, with a new key", no_new),
        Option(
            "same-key",
            "start again with the old key",
            "" if attempt and failed else "nothing was started" if not attempt else no_new,
        ),
        Option(
            "reattach",
            "start nothing, poll the known id again",
            "" if known and failed else "no external id is known" if not known else "it is being polled",
        ),
        Option("cancel-first", "cancel the old job, then start again", "" if known else "nothing runs"),
    )
    preset = "cancel-first" if not failed else "same-key" if unsure and not known else "new-attempt"
    return options, preset


class Skip(Command):
    """Settles the branch by hand, with a result; asks first."""

    id, key, label, group, screens = "skip", "S", "skip", Group.ACT, RUNS
    changes, cli = True, "forkjoin skip {run} {branch} --result JSON --reason TEXT"

    @classmethod
    def advised(cls, here: Here) -> bool:
        """Where a branch has failed, or is not seen."""
        branch = here.branch
        if branch is None:
            return False
        unseen = branch.observation is not None and str(branch.observation.state) != "fresh"
        return branch.status == "failed" or (branch.status == "running" and unseen)

    @classmethod
    def possible(cls, here: Here) -> Possible:
        """The branch must stand on a step that is not settled."""
        if (refused := no_run(here)) is not None:
            return refused
        branch = here.branch
        if branch is None:
            return Possible(False, "no branch is selected.")
        if branch.status in ("completed", "skipped", "cancelled", "superseded", "arrived"):
            return Possible(False, f"{branch.step_id} is {branch.status}: it is settled already.")
        if branch.open_fork is not None:
            return Possible(False, f"{branch.step_id} has forked; its branches can be skipped.")
        return Possible(True, "skip it")

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

    id, key, label, group = "poll", "p", "poll now", Group.ACT
    screens = frozenset({"runs", "wakes"})
    changes, cli = True, "forkjoin poll {run} {branch}"

    @classmethod
    def advised(cls, here: Here) -> bool:
        """Where work is open outside."""
        return here.run is not None and here.run.status not in ("completed", "cancelled", "failed")

    @classmethod
    def possible(cls, here: Here) -> Possible:
        """Something must be open outside."""
        if (refused := no_run(here)) is not None:
            return refused
        if here.detail is None:
            return Possible(True, "poll now")
        open_ones = [b for b in here.detail.leaves if b.status == "running" and b.next_poll_at is not None]
        if not open_ones:
            return Possible(False, f"nothing to poll: no branch of {here.run_id} has work open outside.")
        return Possible(True, "poll now" if here.branch in open_ones else "poll all open branches now")

    @classmethod
    def run(cls, app: ForkjoinApp, here: Here) -> None:
        """Harmless, so without a dialog."""
        branch = (
            here.branch.id if here.branch and here.branch.status == "running" and here.branch.next_poll_at else None
        )
        run_ids = here.marks or (here.run_id,)
        for run_id in run_ids:
            chosen = branch if not here.marks else None
            words = ("forkjoin", "poll", run_id, *((chosen,) if chosen else ()))
            app.dispatch_acts.give(polling(run_id, chosen), words)


def polling(run_id: str, branch: str | None) -> Callable[[Runtime], Receipt]:
    """Polls a run now."""
    return lambda runtime: runtime.commands.poll(run_id, branch)


class Send(Command):
    """Answers an event the run waits for, like an approval; asks first."""

    id, key, label, group, screens = "send", "W", "send event", Group.ACT, RUNS
    changes, cli = True, "forkjoin send {run} EVENT --payload JSON"

    @classmethod
    def advised(cls, here: Here) -> bool:
        """Where an event is open."""
        return bool(cls.open_waits(here))

    @classmethod
    def open_waits(cls, here: Here) -> list[Branch]:
        """Branches that wait for an event, the chosen one first."""
        found = [
            b
            for b in (here.detail.leaves if here.detail else ())
            if b.status == "waiting" and b.current and b.current.event
        ]
        return sorted(found, key=lambda b: b is not here.branch)

    @classmethod
    def possible(cls, here: Here) -> Possible:
        """An event must be open."""
        if (refused := no_run(here)) is not None:
            return refused
        waits = cls.open_waits(here)
        if not waits:
            return Possible(False, f"{here.run_id} waits for no event.")
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
            return (*words[:3], event, "--branch", branch.id, "--payload", json_words(answers.values))

        from dataclasses import replace

        app.open_dialog(ActDialog(app.look, replace(plan, command=command)))


COMMANDS: tuple[type[Command], ...] = (Retry, Skip, PollNow, Send)
