"""Acts on more than a run: hold and release, start, undo, the scheduler."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.commands import act_command
from console.commands.act_plan import Form, store_plan
from console.commands.base import Command, Group, Possible
from console.dialogs import fields
from console.dialogs.act_dialog import ActDialog
from console.dialogs.act_form import Answers, Field, Option, Plan
from console.feed import Brings
from console.here import Here
from runtime.acts import hold, release, start, undo
from runtime.acts.base import StoreAct
from runtime.operations.ids import random_id
from runtime.safe_text import json_text

if TYPE_CHECKING:
    from console.desk import Desk
    from runtime.assembly.runtime import Runtime
    from runtime.operations.records import Receipt


class HoldScope(act_command.StoreActCommand):
    act = hold.HoldScope

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """Offer the scopes that fit what is selected; held ones are released."""
        scopes = scopes_here(here)
        held = {h.scope: h for h in desk.snapshot.holds}
        options = tuple(
            Option(scope, f"release: held by {held[scope].actor}" if scope in held else meaning)
            for scope, meaning in {**scopes, **dict.fromkeys(held, "")}.items()
        )

        def make(answers: Answers) -> StoreAct:
            scope = answers.option
            return release.Release(scope=scope) if scope in held else hold.HoldScope(scope=scope)

        form = Form(
            verb="hold",
            title=cls.offered.title,
            button=cls.offered.button,
            make=make,
            facts=(("Stops", "starts, polls, timers and schedules in the scope, until it is released"),),
            options_label="Scope",
            options=options[:6],
            preset=next((o.value for o in options if o.value in held), options[0].value),
            finished=lambda _: desk.read_status(),
        )
        plan = store_plan(form, lambda answers: ("forkjoin", make(answers).verb, answers.option))
        desk.open_dialog(ActDialog(desk, plan))


def scopes_here(here: Here) -> dict[str, str]:
    """Scopes that fit what is selected, the narrowest first."""
    found: dict[str, str] = {}
    if here.screen == "systems" and here.subject:
        found[f"system={here.subject}"] = "every branch on this target"
        found[f"system={str(here.subject).split(':')[0]}"] = "every target of this system"
    if here.screen == "workflows" and here.subject:
        found[f"flow={here.subject}"] = "every run of this workflow"
    if here.run is not None:
        found[f"run={here.run.id}"] = "this run"
        found[f"flow={here.run.workflow}"] = "every run of this workflow"
    if here.branch is not None:
        from console.attempts import last_attempt

        attempt = last_attempt(here.branch)
        if attempt is not None and attempt.target:
            found[f"system={attempt.external_system}:{attempt.target}"] = "every branch on this target"
    found["all"] = "everything in this store"
    return found


class Undo(act_command.StoreActCommand):
    act = undo.Undo

    @classmethod
    def availability(cls, here: Here) -> Possible:
        """An act must wait to be carried out."""
        if here.screen == "acts" and isinstance(here.subject, int):
            return Possible(True, f"take back act {here.subject}, if it is not carried out yet")
        text = here.refusals.get(cls.id)
        return Possible(text is None, text or cls.text())

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """Harmless, so without a dialog."""
        act = here.subject if here.screen == "acts" and isinstance(here.subject, int) else desk.acts.last_act
        if act is None:
            desk.say(f"{here.key('undo')}: nothing to take back; no act was given in this session.", trouble=True)
            return
        desk.acts.give(lambda runtime: runtime.commands.undo(act), ("forkjoin", "undo", str(act)))


class Start(act_command.StoreActCommand):
    act = start.Start

    @classmethod
    def availability(cls, here: Here) -> Possible:
        """Everywhere: where no workflow is selected, one is chosen first."""
        return Possible(True, cls.text())

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """The workflow under the cursor, else choose one first."""
        chosen = here.subject if here.screen == "workflows" and here.subject else None

        def work(runtime: Runtime) -> list[tuple[str, Any]]:
            return [(w.name, w.flow) for w in runtime.catalog.workflows() if w.flow is not None]

        def take(known: list[tuple[str, Any]]) -> None:
            flows = dict(known)
            if chosen in flows:
                desk.open_dialog(ActDialog(desk, start_plan(desk, str(chosen), flows[chosen])))
                return
            from console.dialogs.menu import Item, MenuDialog

            def start_chosen(name: str | None) -> None:
                if name:
                    desk.open_dialog(ActDialog(desk, start_plan(desk, name, flows[name])))

            items = [Item(name, f"{flow.name}, version {flow.version}", name) for name, flow in flows.items()]
            desk.open_dialog(
                MenuDialog(desk, "Start a run of", items),
                start_chosen,
            )

        desk.feed.read("flows", work, take, desk.read_failed, slow=True, brings=Brings.DIALOG)


def start_plan(desk: Desk, name: str, flow: Any) -> Plan:
    """The dialog that starts a run."""
    schema_fields = fields.from_schema(flow.state_schema)
    simple = not (len(schema_fields) == 1 and schema_fields[0].name == "")

    def state(answers: Answers) -> dict[str, Any]:
        given = {k: v for k, v in answers.values.items() if k not in (" id",)}
        value = given if simple else given.get("", {})
        return dict(value) if isinstance(value, dict) else {}

    # The run gets the id that the dialog shows, or is refused if somebody took it meanwhile.
    made_up = random_id()

    def run_id(answers: Answers) -> str:
        return str(answers.values.get(" id") or "") or made_up

    def make(answers: Answers) -> StoreAct:
        simulate = answers.option == "simulate"
        return start.Start(flow=name, state=state(answers), run_id=run_id(answers), simulate=simulate)

    def show(receipt: Receipt) -> None:
        desk.say(receipt.message)
        desk.runs.reorder(select=receipt.run.id if receipt.run else None)

    def command(answers: Answers) -> tuple[str, ...]:
        given = state(answers)
        words = ("--state", json_text(given, indent=None)) if given else ()
        named = ("--id", run_id(answers))
        return ("forkjoin", "start", name, *words, *named, *(("--simulate",) if answers.option == "simulate" else ()))

    form = Form(
        verb="start",
        title=f"Start {name}",
        button="Start 1 run",
        make=make,
        facts=(("Flow", f"{flow.name}, version {flow.version}"),),
        keep=Start.offered.keep,
        options_label="Work",
        options=(
            Option("real", "as its tasks are bound"),
            Option("simulate", "unbound tasks go to the simulated system"),
        ),
        preset="real",
        fields=(*schema_fields, Field(" id", "run id", "text", hint=f"{made_up} if left empty")),
        finished=show,
    )
    return store_plan(form, command)


class StartScheduler(Command):
    """Starts a scheduler process that ends 30 s after the last console is gone."""

    id = "scheduler"
    group = Group.ACT
    cli = "forkjoin scheduler"
    writes = True

    @classmethod
    def availability(cls, here: Here) -> Possible:
        """Only where none is alive, and this console may start one."""
        text = here.refusals.get(cls.id)
        return Possible(text is None, text or cls.text())

    @classmethod
    def run(cls, desk: Desk, here: Here) -> None:
        """Only where none is alive."""
        if desk.snapshot.alive:
            desk.say(desk.snapshot.scheduler)
        elif desk.options.start_scheduler is None:
            desk.say(f"This console starts no scheduler. From a shell: {desk.options.driver}", trouble=True)
        else:
            desk.options.start_scheduler()
            desk.say("A scheduler is starting; it serves this console and ends 30 s after the last one is gone.")
