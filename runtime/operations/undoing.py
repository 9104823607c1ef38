"""Undo: an act that was stored for later is taken back before it is carried out."""

from __future__ import annotations

from msgspec.structs import replace

from runtime.acts.undo import Undo
from runtime.errors import NotFound, Refused
from runtime.model.act import ActState, outcome
from runtime.operations.acting import Acting
from runtime.operations.order import Order
from runtime.operations.receipts import Receipt, recording


def undo(acting: Acting, act: Undo, order: Order) -> Receipt:
    """Take back an act that is not carried out yet. Refused when it is due, carried out or undone already."""
    acting.refuse_read_only("undo")
    stored = acting.store.acts.get(act.act)
    if stored is None:
        raise NotFound(f"There is no act {act.act}.")
    if stored.state is not ActState.PENDING or stored.due_at <= acting.clock.now():
        raise Refused(f"Too late to undo: act {act.act} ({stored.verb} {stored.target}) is {stored.outcome}.")
    if order.dry_run:
        return Receipt(f"Would undo act {act.act}.", (), stored, dry_run=True)
    undone = acting.store.acts.put(replace(stored, outcome=outcome(ActState.UNDONE)))
    with recording(None, partly=f"Act {act.act} is undone"):
        acting.store.acts.put(acting.new_act("undo", str(act.act), order.reason))
    return Receipt(f"Act {act.act} ({stored.verb} {stored.target}) is undone.", (), undone)
