"""Bulk acts: a durable object the scheduler carries out with a rate, first on one run, then on the rest."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from runtime.errors import ForkjoinError, InvalidInput, NotFound, Refused
from runtime.model.act import Act
from runtime.model.run import Run
from runtime.model.status import RunStatus
from runtime.operations.acting import Acting, Receipt

TICK_SECONDS = 1.0
CANARY_SECONDS = 300.0
DEFAULT_RATE = 10.0


def accept(
    acting: Acting,
    verb: str,
    runs: Sequence[Run],
    where: str,
    *,
    rate: float | None,
    canary: bool,
    arguments: Mapping[str, Any],
    reason: str,
    dry_run: bool,
    due_in: float = 0.0,
) -> Receipt:
    """Store a bulk act over these runs, due in so many seconds; the scheduler carries it out."""
    acting.refuse_read_only(verb)
    if not where.strip():
        raise InvalidInput("--where must not be empty: name the runs the act is meant for.")
    if rate is not None and rate <= 0:
        raise InvalidInput("--rate is a number of runs a second above 0.")
    if not runs:
        raise Refused(f"No run matches {where}.")
    names = ", ".join(r.id for r in runs[:5]) + (f" and {len(runs) - 5} more" if len(runs) > 5 else "")
    effect = f"{verb} {len(runs)} runs: {names}."
    if dry_run:
        return Receipt(f"Would {verb} {len(runs)} runs.", (effect,), dry_run=True)
    plan = {
        "verb": verb,
        "where": where,
        "rate": rate or DEFAULT_RATE,
        "canary": canary,
        "arguments": dict(arguments),
        "targets": [r.id for r in runs],
        "next": 0,
        "results": {},
    }
    due_at = acting.clock.now() + timedelta(seconds=due_in)
    outcome = "pending" if due_in else "running"
    act = acting.new_act("bulk", f"{len(runs)} runs", reason, arguments=plan, outcome=outcome, due_at=due_at)
    act = acting.store.add_act(act)
    return Receipt(f"bulk {verb}: accepted, act {act.id}: {len(runs)} runs.", (effect,), act)


def stop(acting: Acting, act_id: int, *, reason: str, dry_run: bool) -> Receipt:
    """Stop a bulk act; what it has done stays done."""
    acting.refuse_read_only("bulk stop")
    act = bulk_act(acting, act_id)
    if act.outcome != "running":
        raise Refused(f"Act {act_id} is not running any more: {act.outcome}.")
    plan = dict(act.arguments or {})
    left = len(plan["targets"]) - plan["next"]
    if dry_run:
        return Receipt(f"Would stop act {act_id}.", (f"{left} runs would not be touched.",), act, dry_run=True)
    stopped = dataclasses.replace(act, outcome=f"stopped: by {acting.actor.name}; {left} were not touched")
    acting.store.add_act(stopped)
    acting.store.add_act(acting.new_act("bulk stop", str(act_id), reason))
    return Receipt(f"Act {act_id} stopped: {left} were not touched.", (), stopped)


def bulk_act(acting: Acting, act_id: int) -> Act:
    """The bulk act with this id; NotFound if there is none."""
    act = acting.store.act(act_id)
    if act is None or act.verb != "bulk":
        raise NotFound(f"There is no bulk act {act_id}.")
    return act


def carry_on(acting: Acting, act: Act, apply: Callable[[str, str, Mapping[str, Any], str], object]) -> Act:
    """Carry a bulk act on by one tick: some runs by its rate, or a look at the canary; gives the act to store.

    `apply(verb, run id, arguments, reason)` acts on one run and raises ForkjoinError if it is refused.
    """
    plan = dict(act.arguments or {})
    results: dict[str, str] = dict(plan["results"])
    targets: list[str] = plan["targets"]
    position: int = plan["next"]
    now = acting.clock.now()
    verdict = _canary(acting, plan, targets, act) if plan["canary"] and position == 1 else "go"
    if verdict == "wait":
        return dataclasses.replace(act, due_at=now + timedelta(seconds=TICK_SECONDS))
    if verdict != "go":
        left = len(targets) - position
        return dataclasses.replace(act, outcome=f"stopped: {verdict}; {left} were not touched", after=_tally(results))
    count = 1 if plan["canary"] and position == 0 else max(1, int(plan["rate"] * TICK_SECONDS))
    for run_id in targets[position : position + count]:
        try:
            apply(plan["verb"], run_id, plan["arguments"], act.reason or f"bulk act {act.id}")
            results[run_id] = "accepted"
        except ForkjoinError as problem:
            results[run_id] = f"refused: {problem.message}"
        position += 1
    plan.update(next=position, results=results)
    if position == 1 and plan["canary"]:
        plan["canary_at"] = now.isoformat()
    ended = position >= len(targets)
    return dataclasses.replace(
        act,
        arguments=plan,
        outcome="carried out" if ended else "running",
        after=_tally(results),
        due_at=now + timedelta(seconds=TICK_SECONDS),
    )


def _canary(acting: Acting, plan: Mapping[str, Any], targets: Sequence[str], act: Act) -> str:
    """`go`, `wait`, or why the rest is not touched."""
    first = targets[0]
    if str(plan["results"].get(first, "")).startswith("refused"):
        return f"the first run {first} was {plan['results'][first]}"
    run = acting.store.get(first)
    if run is None or run.status in (RunStatus.COMPLETED, RunStatus.CANCELLED, RunStatus.WAITING, RunStatus.PAUSED):
        return "go"
    if run.failed_branches or run.status is RunStatus.FAILED:
        return f"the first run {first} failed again: {run.why}"
    waited = (acting.clock.now() - act.at).total_seconds()
    return "wait" if waited < CANARY_SECONDS else "go"


def _tally(results: Mapping[str, str]) -> dict[str, int]:
    refused = sum(r.startswith("refused") for r in results.values())
    return {"accepted": len(results) - refused, "refused": refused}
