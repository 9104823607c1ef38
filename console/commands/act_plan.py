"""Making the plan of an act: what every act on one run, on all marked runs, or on the store has in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from console.dialogs.act_form import Answers, Field, Option, Plan
from console.here import Here
from runtime.acts.base import OperatorAct, RunAct, StoreAct
from runtime.acts.command_line import Words, placed
from runtime.operations.bulk import Batch
from runtime.operations.order import Order

if TYPE_CHECKING:
    from runtime.assembly.runtime import Runtime
    from runtime.operations.records import Branch, Question, Receipt, Run

UNDO_SECONDS = 5.0
RATE = 10.0
ONE_FIRST = Option("one first", "on one run; on the rest if that one does not fail again")
ALL_AT_ONCE = Option("all", f"at once, {RATE:g} runs a second")
ActT_co = TypeVar("ActT_co", bound=OperatorAct, covariant=True)


def no_words(_: Answers) -> Words:
    """Nothing more on the line."""
    return ()


@dataclass(frozen=True, kw_only=True)
class Form(Generic[ActT_co]):
    """What the dialog of an act asks, and the act that the answers make."""

    verb: str
    title: str
    button: str
    """What the button that gives the act says."""
    make: Callable[[Answers], ActT_co]
    """The act with what was answered; InvalidInput where that cannot be read."""
    options_of_line: Callable[[Answers], Words] = no_words
    """The options of the equal command."""
    places: Callable[[Answers], Words] = no_words
    """The arguments of the equal command, after the run."""
    branch: Branch | None = None
    undoable: bool = False
    """Whether it is stored, due in some seconds; the scheduler carries it out unless it is taken back before."""
    facts: tuple[tuple[str, str], ...] | None = None
    """Labels and sentences: what is acted on; None for what is said of any."""
    keep: str = "Keep as it is"
    options_label: str = "Intent"
    options: tuple[Option, ...] = ()
    preset: str = ""
    fields: tuple[Field, ...] = ()
    reason_needed: bool = False
    ask: tuple[str, str] | None = None
    """Run and branch of which the scheduler is to ask the external system."""
    ask_kind: str = "status"
    fill: Callable[[Question], Mapping[str, str]] | None = None
    asked: Callable[[Question], tuple[tuple[Option, ...], str]] | None = None
    kept: str = ""
    finished: Callable[[Receipt], object] | None = None


def saw(run: Run, branch: Branch | None) -> dict[str, Any]:
    """What the operator sees of what the act is meant for; the act is refused only if that changed."""
    seen: dict[str, Any] = {"run_status": str(run.status)}
    if branch is not None:
        visit = branch.current
        attempt = visit.attempts[-1].attempt if visit and visit.attempts else 0
        seen |= {"branch_status": str(branch.status), "attempt": attempt}
    return seen


def about(here: Here, *, branch: bool) -> tuple[tuple[str, str], ...]:
    """What is acted on, in a sentence."""
    run = here.run
    if run is None:
        return ()
    facts = [
        ("Run", f"{run.id}, {run.workflow} v{run.flow_version}, {run.status}" + (f": {run.why}" if run.why else ""))
    ]
    if branch and here.branch is not None and here.detail is not None:
        chosen = here.branch
        visit = chosen.current
        failure = visit.failure if visit else None
        told = f"{here.detail.name(chosen)} is {chosen.status}"
        if failure is not None:
            told += f": {failure.type}: {failure.message}"
        facts.append(("Branch", told))
    return tuple(facts)


def run_plan(here: Here, form: Form[RunAct]) -> Plan:
    """The plan of an act on one run (and branch), or on every marked run if there are marks."""
    if here.marks and form.branch is None:
        return bulk_plan(here, form)
    run = here.run
    assert run is not None
    seen = saw(run, form.branch)
    facts = about(here, branch=form.branch is not None) if form.facts is None else form.facts

    def rehearse(runtime: Runtime, answers: Answers) -> Receipt:
        act = form.make(answers)
        reason = answers.reason or ("-" if act.needs_reason else "")
        return runtime.commands.give(act, run.id, Order(reason=reason, dry_run=True))

    def carry_out(runtime: Runtime, answers: Answers) -> Receipt:
        act = form.make(answers)
        if form.undoable:
            return runtime.commands.later(act, run.id, UNDO_SECONDS, reason=answers.reason, saw=seen)
        return runtime.commands.give(act, run.id, Order(reason=answers.reason, saw=seen))

    def command(answers: Answers) -> Words:
        return ("forkjoin", form.verb, *placed((run.id, *form.places(answers)), form.options_of_line(answers)))

    return _plan(replace(form, facts=facts), rehearse, carry_out, command)


def bulk_plan(here: Here, form: Form[RunAct]) -> Plan:
    """The plan of a bulk act over the marked runs, carried out by the scheduler with a rate."""
    ids = here.marks
    where = here.where or "id:" + ",".join(ids)

    def meant(answers: Answers) -> Answers:
        # The choice of this dialog is how the bulk act goes; the act itself gets its preset.
        return replace(answers, option=form.preset)

    def batch(runtime: Runtime, answers: Answers) -> Batch:
        runs = [stored for i in ids if (stored := runtime.queries.records.head(i)) is not None]
        canary = answers.option == ONE_FIRST.value
        return Batch(runs=runs, where=where, rate=RATE, canary=canary, due_in=UNDO_SECONDS)

    def rehearse(runtime: Runtime, answers: Answers) -> Receipt:
        return runtime.commands.bulk(form.make(meant(answers)), batch(runtime, answers), dry_run=True)

    def carry_out(runtime: Runtime, answers: Answers) -> Receipt:
        return runtime.commands.bulk(form.make(meant(answers)), batch(runtime, answers), reason=answers.reason)

    def command(answers: Answers) -> Words:
        canary = ("--canary",) if answers.option == ONE_FIRST.value else ()
        return ("forkjoin", form.verb, *form.options_of_line(meant(answers)), "--where", where, *canary)

    many = f"{len(ids):,} runs"
    facts = [("Runs", ", ".join(ids[:6]) + (f" and {len(ids) - 6:,} more" if len(ids) > 6 else ""))]
    if here.marked:
        facts.append(("Marked", f"{here.marked}; all of them are meant"))
    return Plan(
        f"{form.title.split()[0]} {many}",
        f"{form.button.split()[0]} {many}",
        rehearse,
        carry_out,
        command,
        facts=tuple(facts),
        options_label="How",
        options=(ONE_FIRST, ALL_AT_ONCE),
        preset=ONE_FIRST.value,
        number=len(ids),
        fields=form.fields,
        reason_needed=form.reason_needed,
        finished=form.finished,
    )


def store_plan(form: Form[StoreAct], command: Callable[[Answers], Words]) -> Plan:
    """The plan of an act on the store."""

    def rehearse(runtime: Runtime, answers: Answers) -> Receipt:
        return runtime.commands.give_store(form.make(answers), Order(reason=answers.reason, dry_run=True))

    def carry_out(runtime: Runtime, answers: Answers) -> Receipt:
        return runtime.commands.give_store(form.make(answers), Order(reason=answers.reason))

    return _plan(form, rehearse, carry_out, command)


Work = Callable[["Runtime", Answers], "Receipt"]


def _plan(form: Form[OperatorAct], rehearse: Work, carry_out: Work, command: Callable[[Answers], Words]) -> Plan:
    return Plan(
        form.title,
        form.button,
        rehearse,
        carry_out,
        command,
        facts=form.facts or (),
        keep=form.keep,
        options_label=form.options_label,
        options=form.options,
        preset=form.preset,
        fields=form.fields,
        reason_needed=form.reason_needed,
        ask=form.ask,
        ask_kind=form.ask_kind,
        fill=form.fill,
        asked=form.asked,
        kept=form.kept,
        finished=form.finished,
    )
