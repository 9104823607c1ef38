"""Bulk acts: a durable object the scheduler carries out with a rate, first on one run, then on the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto

from msgspec.structs import replace

from runtime.acts.base import RunAct
from runtime.acts.registry import act_of
from runtime.acts.stop_bulk import StopBulk
from runtime.errors import ForkjoinError, InvalidInput, NotFound, Refused, StoreUnavailable
from runtime.model.act import Act, ActState, outcome
from runtime.model.bulk import ACCEPTED, BulkOrder, CameTo, as_arguments, order_of, tally
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
    plan = BulkOrder(
        verb=verb,
        where=where,
        rate=rate or DEFAULT_RATE,
        canary=batch.canary,
        arguments=dict(act.to_stored()),
        targets=tuple(r.id for r in runs),
    )
    due_at = acting.clock.now() + timedelta(seconds=batch.due_in)
    state = ActState.PENDING if batch.due_in else ActState.RUNNING
    arguments = as_arguments(plan)
    new = acting.new_act(
        "bulk", f"{len(runs)} runs", order.reason, arguments=arguments, outcome=outcome(state), due_at=due_at
    )
    with recording(new):
        new = acting.store.acts.put(new)
    return Receipt(f"bulk {verb}: accepted, act {new.id}: {len(runs)} runs.", (effect,), new)


def stop(acting: Acting, act: StopBulk, order: Order) -> Receipt:
    """Stop a bulk act; what it has done stays done."""
    act_id = act.act
    acting.refuse_read_only("bulk stop")
    stored = bulk_act(acting, act_id)
    if stored.state is not ActState.RUNNING:
        raise Refused(f"Act {act_id} is not running any more: {stored.outcome}.")
    left = order_of(stored).left
    if order.dry_run:
        return Receipt(f"Would stop act {act_id}.", (f"{left} runs would not be touched.",), stored, dry_run=True)
    stopped = replace(stored, outcome=outcome(ActState.STOPPED, f"by {acting.actor.name}; {left} were not touched"))
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
    plan, now = order_of(act), acting.clock.now()
    seen = _came_to(acting, plan) if plan.verb == "retry" else {}
    verdict = _verdict(plan, seen, waited=(now - act.at).total_seconds())
    later = now + timedelta(seconds=TICK_SECONDS)
    if verdict.next is Next.WAIT:
        return replace(act, outcome=outcome(ActState.RUNNING), after=tally(plan, seen), due_at=later)
    if verdict.next is Next.STOP:
        detail = f"{verdict.reason}; {plan.left} were not touched"
        return replace(act, outcome=outcome(ActState.STOPPED, detail), after=tally(plan, seen))
    if verdict.next is Next.END:
        return replace(act, outcome=outcome(ActState.CARRIED_OUT), after=tally(plan, seen))
    count = 1 if plan.canary and plan.next == 0 else max(1, int(plan.rate * TICK_SECONDS))
    plan = _act_on(acting, act, plan, count, give)
    state = ActState.CARRIED_OUT if not plan.left and plan.verb != "retry" else ActState.RUNNING
    return replace(act, arguments=as_arguments(plan), outcome=outcome(state), after=tally(plan, seen), due_at=later)


def _act_on(
    acting: Acting, act: Act, plan: BulkOrder, count: int, give: Callable[[RunAct, str, Order], object]
) -> BulkOrder:
    """Act on the next runs; returns the order with what became of them."""
    results, failures = dict(plan.results), dict(plan.failures)
    chosen = plan.targets[plan.next : plan.next + count]
    for run_id in chosen:
        before = acting.store.runs.get(run_id)
        try:
            order = Order(reason=act.reason or f"bulk act {act.id}", part_of=act.id)
            give(act_of(plan.verb, plan.arguments), run_id, order)
            results[run_id] = ACCEPTED
            failures[run_id] = normalise(before.why) if before else ""
        except StoreUnavailable:
            raise
        except ForkjoinError as problem:
            results[run_id] = outcome(ActState.REFUSED, problem.message)
    return replace(plan, next=plan.next + len(chosen), results=results, failures=failures)


def write_down(acting: Acting, before: Act, after: Act) -> None:
    """Store how far a bulk act came, unless somebody else carried it further; one stopped meanwhile stays stopped."""
    stored = acting.store.acts.get(before.id)
    if stored is None or order_of(stored).next > order_of(after).next:
        return
    now_stored = after.outcome if stored.outcome == before.outcome else stored.outcome
    acting.store.acts.put(replace(after, outcome=now_stored))


def _came_to(acting: Acting, plan: BulkOrder) -> dict[str, CameTo]:
    """What each run that took the retry came to."""
    found: dict[str, CameTo] = {}
    for run_id in plan.targets[: plan.next]:
        run = acting.store.runs.get(run_id) if plan.took(run_id) else None
        if run is None:
            continue
        if run.failed_branches or run.status is RunStatus.FAILED:
            same = normalise(run.why) == plan.failures.get(run_id)
            found[run_id] = CameTo.FAILED_AGAIN if same else CameTo.FAILED_OTHERWISE
        else:
            found[run_id] = CameTo.COMPLETED if run.status is RunStatus.COMPLETED else CameTo.OPEN
    return found


class Next(Enum):
    """How a bulk act goes on."""

    GO = auto()
    WAIT = auto()
    """Until more has come of the runs acted on."""
    END = auto()
    STOP = auto()


@dataclass(frozen=True, slots=True)
class Verdict:
    """How it goes on; `reason` says why the rest is not touched."""

    next: Next
    reason: str = ""


def _verdict(plan: BulkOrder, seen: Mapping[str, CameTo], *, waited: float) -> Verdict:
    """How a bulk act goes on that was given `waited` seconds ago."""
    if plan.next == 0:
        return Verdict(Next.GO)
    if not plan.left:
        waits = CameTo.OPEN in seen.values() and waited < WATCHED_SECONDS
        return Verdict(Next.WAIT if waits else Next.END)
    first = plan.targets[0]
    again = next((run_id for run_id, came in seen.items() if came.failed), None)
    if again is not None and (seen[again] is CameTo.FAILED_AGAIN or plan.canary):
        which = "the first run " if again == first else ""
        return Verdict(Next.STOP, f"{which}{again} {seen[again]}: {plan.failures.get(again, '')}")
    if plan.canary and plan.next == 1:
        if not plan.took(first):
            return Verdict(Next.STOP, f"the first run {first} was {plan.results[first]}")
        if seen.get(first) is CameTo.OPEN and waited < CANARY_SECONDS:
            return Verdict(Next.WAIT)
    return Verdict(Next.GO)
