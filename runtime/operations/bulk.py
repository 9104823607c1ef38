"""Bulk acts: a durable object the scheduler carries out with a rate, first on one run, then on the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from runtime.acts.base import RunAct
from runtime.acts.registry import act_of
from runtime.acts.stop_bulk import StopBulk
from runtime.errors import ForkjoinError, InvalidInput, NotFound, Refused, StoreUnavailable
from runtime.model.act import Act
from runtime.model.run import Run
from runtime.model.status import RunStatus
from runtime.operations.acting import Acting
from runtime.operations.failure_signature import normalise
from runtime.operations.order import Order
from runtime.operations.receipts import Receipt, recording

TICK_SECONDS = 1.0
CANARY_SECONDS = 300.0
WATCHED_SECONDS = 3_600.0
"""How long what a retry came to is looked at, at most."""
FASTEST = 10_000
DEFAULT_RATE = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The runs that a bulk act is given to, and how fast it goes over them."""

    runs: Sequence[Run]
    where: str
    """The filter that chose them, as it is recorded."""
    rate: float | None = None
    """Runs a second."""
    canary: bool = False
    """First on one run, on the rest if that one does not fail again."""
    due_in: float = 0.0
    """Seconds until it begins; it can be undone before."""


def accept(acting: Acting, act: RunAct, batch: Batch, order: Order) -> Receipt:
    """Store a bulk act over these runs; the scheduler carries it out."""
    verb, runs, where, rate = act.verb, batch.runs, batch.where, batch.rate
    acting.refuse_read_only(verb)
    if not where.strip():
        raise InvalidInput("--where must not be empty: name the runs the act is meant for.")
    if rate is not None and not 0 < rate <= FASTEST:
        raise InvalidInput(f"--rate is a number of runs a second above 0, at most {FASTEST:,}.")
    if not runs:
        raise Refused(f"No run matches {where}.")
    names = ", ".join(r.id for r in runs[:5]) + (f" and {len(runs) - 5} more" if len(runs) > 5 else "")
    effect = f"{verb} {len(runs)} runs: {names}."
    if order.dry_run:
        return Receipt(f"Would {verb} {len(runs)} runs.", (effect,), dry_run=True)
    plan = {
        "verb": verb,
        "where": where,
        "rate": rate or DEFAULT_RATE,
        "canary": batch.canary,
        "arguments": dict(act.to_stored()),
        "targets": [r.id for r in runs],
        "next": 0,
        "results": {},
    }
    due_at = acting.clock.now() + timedelta(seconds=batch.due_in)
    outcome = "pending" if batch.due_in else "running"
    new = acting.new_act("bulk", f"{len(runs)} runs", order.reason, arguments=plan, outcome=outcome, due_at=due_at)
    with recording(new):
        new = acting.store.acts.put(new)
    return Receipt(f"bulk {verb}: accepted, act {new.id}: {len(runs)} runs.", (effect,), new)


def stop(acting: Acting, act: StopBulk, order: Order) -> Receipt:
    """Stop a bulk act; what it has done stays done."""
    act_id = act.act
    acting.refuse_read_only("bulk stop")
    stored = bulk_act(acting, act_id)
    if stored.outcome != "running":
        raise Refused(f"Act {act_id} is not running any more: {stored.outcome}.")
    plan = dict(stored.arguments or {})
    left = len(plan["targets"]) - plan["next"]
    if order.dry_run:
        return Receipt(f"Would stop act {act_id}.", (f"{left} runs would not be touched.",), stored, dry_run=True)
    stopped = replace(stored, outcome=f"stopped: by {acting.actor.name}; {left} were not touched")
    acting.store.acts.put(stopped)
    with recording(None, partly=f"Act {act_id} is stopped"):
        acting.store.acts.put(acting.new_act("bulk stop", str(act_id), order.reason))
    return Receipt(f"Act {act_id} stopped: {left} were not touched.", (), stopped)


def bulk_act(acting: Acting, act_id: int) -> Act:
    """The bulk act with this id; NotFound if there is none."""
    act = acting.store.acts.get(act_id)
    if act is None or act.verb != "bulk":
        raise NotFound(f"There is no bulk act {act_id}.")
    return act


def carry_on(acting: Acting, act: Act, give: Callable[[RunAct, str, Order], object]) -> Act:
    """Carry a bulk act on by one tick: some runs by its rate, or a look at those acted on; gives the act to store.

    `give` acts on one run unless it did before as a part of this act (whoever carried the act on may have died
    before it was stored how far), and raises ForkjoinError if it is refused. A retry stops
    when a run fails again with the failure it had before; after its last run it goes on looking until all have
    come to something, at most an hour.
    """
    plan = dict(act.arguments or {})
    results: dict[str, str] = dict(plan["results"])
    failures: dict[str, str] = dict(plan.get("failures", {}))
    targets: list[str] = plan["targets"]
    position: int = plan["next"]
    now = acting.clock.now()
    seen = came_to(acting, targets[:position], results, failures) if plan["verb"] == "retry" else {}
    tally = _tally(results, seen)
    verdict = _verdict(plan, position, seen, results, act, now)
    if verdict == "wait":
        return replace(act, outcome="running", after=tally, due_at=now + timedelta(seconds=TICK_SECONDS))
    if verdict not in ("go", "ended"):
        left = len(targets) - position
        return replace(act, outcome=f"stopped: {verdict}; {left} were not touched", after=tally)
    if verdict == "ended":
        return replace(act, outcome="carried out", after=tally)
    count = 1 if plan["canary"] and position == 0 else max(1, int(plan["rate"] * TICK_SECONDS))
    for run_id in targets[position : position + count]:
        before = acting.store.runs.get(run_id)
        try:
            order = Order(reason=act.reason or f"bulk act {act.id}", part_of=act.id)
            give(act_of(plan["verb"], plan["arguments"]), run_id, order)
            results[run_id] = "accepted"
            failures[run_id] = normalise(before.why) if before else ""
        except StoreUnavailable:
            raise
        except ForkjoinError as problem:
            results[run_id] = f"refused: {problem.message}"
        position += 1
    plan.update(next=position, results=results, failures=failures)
    ended = position >= len(targets) and plan["verb"] != "retry"
    return replace(
        act,
        arguments=plan,
        outcome="carried out" if ended else "running",
        after=_tally(results, seen),
        due_at=now + timedelta(seconds=TICK_SECONDS),
    )


def write_down(acting: Acting, before: Act, after: Act) -> None:
    """Store how far a bulk act came, unless somebody else carried it further; one stopped meanwhile stays stopped."""
    stored = acting.store.acts.get(before.id)
    if stored is None or (stored.arguments or {}).get("next", 0) > (after.arguments or {}).get("next", 0):
        return
    outcome = after.outcome if stored.outcome == before.outcome else stored.outcome
    acting.store.acts.put(replace(after, outcome=outcome))


def came_to(
    acting: Acting, run_ids: Sequence[str], results: Mapping[str, str], failures: Mapping[str, str]
) -> dict[str, str]:
    """What each retried run came to: open, completed, `failed again` (as before) or `failed otherwise`."""
    found: dict[str, str] = {}
    for run_id in run_ids:
        run = acting.store.runs.get(run_id) if results.get(run_id) == "accepted" else None
        if run is None:
            continue
        if run.failed_branches or run.status is RunStatus.FAILED:
            same = normalise(run.why) == failures.get(run_id)
            found[run_id] = "failed again" if same else "failed otherwise"
        else:
            found[run_id] = "completed" if run.status is RunStatus.COMPLETED else "open"
    return found


def _verdict(
    plan: Mapping[str, Any],
    position: int,
    seen: Mapping[str, str],
    results: Mapping[str, str],
    act: Act,
    now: datetime,
) -> str:
    """`go`, `wait`, `ended`, or why the rest is not touched."""
    targets: list[str] = plan["targets"]
    waited = (now - act.at).total_seconds()
    if position == 0:
        return "go"
    if position < len(targets):
        again = next((run_id for run_id, came in seen.items() if came.startswith("failed")), None)
        if again is not None and (seen[again] == "failed again" or plan["canary"]):
            first = "the first run " if again == targets[0] else ""
            return f"{first}{again} {seen[again]}: {plan.get('failures', {}).get(again, '')}"
        if plan["canary"] and position == 1:
            if results[targets[0]].startswith("refused"):
                return f"the first run {targets[0]} was {results[targets[0]]}"
            if seen.get(targets[0]) == "open" and waited < CANARY_SECONDS:
                return "wait"
        return "go"
    return "wait" if "open" in seen.values() and waited < WATCHED_SECONDS else "ended"


def _tally(results: Mapping[str, str], seen: Mapping[str, str]) -> dict[str, int]:
    refused = sum(r.startswith("refused") for r in results.values())
    counted = {"accepted": len(results) - refused, "refused": refused}
    for came in ("open", "completed", "failed again", "failed otherwise"):
        count = sum(s == came for s in seen.values())
        if count:
            counted[came] = count
    return counted
