"""Acts on a run that save more than the run itself: pause, resume and restart."""

from __future__ import annotations

from msgspec.structs import replace

from runtime.acts.base import RunAct
from runtime.acts.hold import HoldScope
from runtime.acts.pause import Pause
from runtime.acts.release import Release
from runtime.acts.restart import Restart
from runtime.acts.resume import Resume
from runtime.acts.retry import Retry
from runtime.acts.start import NewRun
from runtime.model.act import ActState, outcome
from runtime.model.status import RunStatus
from runtime.operations.acting import Acting, RunChange
from runtime.operations.holding import active_hold, hold, release
from runtime.operations.ids import derived_id
from runtime.operations.order import Order
from runtime.operations.receipts import Receipt
from runtime.operations.restarting import workflow_of
from runtime.operations.starting import start_runs


def carry_out(acting: Acting, act: RunAct, run_id: str, order: Order) -> Receipt:
    """Carry out an act of several saves; as part of another, or for a stored one, once on each run.

    What the operator saw is not looked at: the rules of these acts refuse what does not fit.
    """
    once = order.once
    if isinstance(act, Restart):
        receipt = restart(acting, act, run_id, order)
    elif once is not None and (earlier := acting.earlier(run_id, Order(part_of=once))) is not None:
        receipt = Receipt(f"{act.verb} {run_id}: accepted before, act {earlier.id}.", (), earlier)
    elif isinstance(act, Pause):
        receipt = hold(acting, HoldScope(scope=f"run={run_id}", clocks=act.clocks), _unseen(order))
    else:
        receipt = resume(acting, run_id, _unseen(order))
    if order.carried is not None:
        acting.store.acts.put(replace(order.carried, outcome=outcome(ActState.CARRIED_OUT)))
    return receipt


def _unseen(order: Order) -> Order:
    return replace(order, saw=None, carried=None, part_of=order.once)


def resume(acting: Acting, run_id: str, order: Order) -> Receipt:
    """End the pause of a run; on a failed run, retry all its failed branches."""
    if active_hold(acting, f"run={run_id}"):
        return release(acting, Release(scope=f"run={run_id}"), order, verb="resume")
    if acting.load(run_id).run.status is RunStatus.FAILED:
        return acting.on_run(RunChange.of(Retry(), run_id), order)
    return acting.on_run(RunChange.of(Resume(), run_id), order)


def restart(acting: Acting, act: Restart, run_id: str, order: Order) -> Receipt:
    """Start a new run with the input of an old one, linked to it."""
    new_id = act.new_id
    if order.once is not None and new_id is None:
        # An id that is always the same for this act and run: whoever repeats it finds the run that was made.
        new_id = derived_id(f"{order.once}:{run_id}")
        made = acting.store.runs.get(new_id)
        if made is not None:
            return Receipt(f"{run_id} was restarted before, as {made.id}.", run=made)
    old = acting.load(run_id).run
    workflow, stored = workflow_of(acting, old)
    _, receipt = start_runs(
        acting,
        workflow,
        [NewRun(new_id, old.input, old.labels)],
        simulate=old.simulated,
        reason=order.reason,
        dry_run=order.dry_run,
        restarted_from=run_id,
    )
    return replace(receipt, effects=(*receipt.effects, stored)) if stored else receipt
