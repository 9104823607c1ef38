"""Making the plan of an act: what every act on one run, or on all marked runs, has in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from console.commands.base import Here
from console.dialogs.act_form import Answers, Field, Option, Plan
from runtime.acts.registry import act_of
from runtime.operations.bulk import Batch

if TYPE_CHECKING:
    from runtime.assembly.runtime import Runtime
    from runtime.operations.records import Branch, Receipt, Run

UNDO_SECONDS = 5.0
RATE = 10.0
Arguments = Callable[[Answers], Mapping[str, Any]]


def nothing(_: Answers) -> Mapping[str, Any]:
    """An act without arguments."""
    return {}


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


def run_plan(
    here: Here,
    verb: str,
    *,
    title: str,
    do: str,
    arguments: Arguments = nothing,
    words: Callable[[Answers], tuple[str, ...]] | None = None,
    branch: Branch | None = None,
    undoable: bool = False,
    **more: Any,
) -> Plan:
    """The plan of an act on one run (and branch), or on every marked run if there are marks.

    `undoable` acts are stored, due in 5 s; the scheduler carries them out unless they are taken back before.
    """
    if here.marks and branch is None:
        return bulk_plan(here, verb, title=title, do=do, arguments=arguments, words=words, **more)
    run = here.run
    assert run is not None
    target = (branch.id,) if branch is not None else ()
    seen = saw(run, branch)
    more.setdefault("facts", about(here, branch=branch is not None))

    def given(answers: Answers) -> dict[str, Any]:
        return {**({"branch": branch.id} if branch is not None else {}), **arguments(answers)}

    def rehearse(runtime: Runtime, answers: Answers) -> Receipt:
        call = getattr(runtime.commands, verb)
        reason = answers.reason or ("-" if verb == "skip" else "")
        receipt: Receipt = call(run.id, **given(answers), reason=reason, dry_run=True)
        return receipt

    def carry_out(runtime: Runtime, answers: Answers) -> Receipt:
        if undoable:
            act = act_of(verb, given(answers))
            return runtime.commands.later(act, run.id, UNDO_SECONDS, reason=answers.reason, saw=seen)
        how = {} if verb in UNSEEN else {"saw": seen}
        receipt: Receipt = getattr(runtime.commands, verb)(run.id, **given(answers), reason=answers.reason, **how)
        return receipt

    def command(answers: Answers) -> tuple[str, ...]:
        return ("forkjoin", verb, run.id, *target, *(words(answers) if words else ()))

    return Plan(title, do, rehearse, carry_out, command, **more)


UNSEEN = frozenset({"pause", "resume", "restart"})
"""Acts that are refused by their own rule, whatever was seen."""
ONE_FIRST = Option("one first", "on one run; on the rest if that one does not fail again")
ALL_AT_ONCE = Option("all", f"at once, {RATE:g} runs a second")


def bulk_plan(
    here: Here,
    verb: str,
    *,
    title: str,
    do: str,
    arguments: Arguments = nothing,
    words: Callable[[Answers], tuple[str, ...]] | None = None,
    **more: Any,
) -> Plan:
    """The plan of a bulk act over the marked runs, carried out by the scheduler with a rate."""
    ids = here.marks
    where = here.where or "id:" + ",".join(ids)
    kept = {k: v for k, v in more.items() if k in ("fields", "reason_needed", "finished")}
    intents = tuple(more.get("options", ()))

    def args(answers: Answers) -> dict[str, Any]:
        # The choice of this dialog is how the bulk act goes; the act itself gets its preset.
        return dict(arguments(Answers(more.get("preset", ""), answers.values, answers.reason)))

    def runs(runtime: Runtime) -> list[Run]:
        return runtime.queries.records.heads(ids)

    def batch(runtime: Runtime, answers: Answers) -> Batch:
        canary = answers.option == ONE_FIRST.value
        return Batch(runs=runs(runtime), where=where, rate=RATE, canary=canary, due_in=UNDO_SECONDS)

    def rehearse(runtime: Runtime, answers: Answers) -> Receipt:
        return runtime.commands.bulk(act_of(verb, args(answers)), batch(runtime, answers), dry_run=True)

    def carry_out(runtime: Runtime, answers: Answers) -> Receipt:
        act = act_of(verb, args(answers))
        return runtime.commands.bulk(act, batch(runtime, answers), reason=answers.reason)

    def command(answers: Answers) -> tuple[str, ...]:
        canary = ("--canary",) if answers.option == ONE_FIRST.value else ()
        return ("forkjoin", verb, *(words(answers) if words else ()), "--where", where, *canary)

    many = f"{len(ids):,} runs"
    facts = [("Runs", ", ".join(ids[:6]) + (f" and {len(ids) - 6:,} more" if len(ids) > 6 else ""))]
    if here.marked:
        facts.append(("Marked", f"{here.marked}; all of them are meant"))
    del intents
    return Plan(
        f"{title.split()[0]} {many}",
        f"{do.split()[0]} {many}",
        rehearse,
        carry_out,
        command,
        facts=tuple(facts),
        options_label="How",
        options=(ONE_FIRST, ALL_AT_ONCE),
        preset=ONE_FIRST.value,
        number=len(ids),
        **kept,
    )


__all__ = ["UNDO_SECONDS", "Field", "about", "bulk_plan", "run_plan", "saw"]
