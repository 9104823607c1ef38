"""Holds: durable stops over everything, a system, a flow or a run."""

from __future__ import annotations

from msgspec.structs import replace

from runtime.acts.hold import HoldScope
from runtime.acts.pause import CLOCKS
from runtime.acts.release import Release
from runtime.engine.draft import Draft
from runtime.engine.repair.controls import held_already, pause_run
from runtime.errors import InvalidInput, Refused
from runtime.model.act import Act, Hold
from runtime.model.branch import Branch
from runtime.model.stored import RunFilter
from runtime.model.target import same_scope
from runtime.operations.acting import Acting, Rule, RunChange
from runtime.operations.order import Order
from runtime.operations.receipts import Receipt, recording
from runtime.operations.scopes import checked_scope

LONGEST_SCOPE = 500
RUN = "run="


def active_hold(acting: Acting, scope: str) -> Hold | None:
    """The hold with exactly this scope, if one is active."""
    return next((h for h in acting.store.holds.all() if same_scope(h.scope, scope)), None)


def hold(acting: Acting, act: HoldScope, order: Order) -> Receipt:
    """Set a hold.

    Raises:
        InvalidInput: It is no scope, or a name of clocks that there is not.
        NotFound: Nothing has the name of the scope, and the act is not forced.
        Refused: The same scope is held already.
    """
    scope = act.scope
    acting.refuse_read_only("hold")
    if len(scope) > LONGEST_SCOPE:
        raise InvalidInput(f"A scope has at most {LONGEST_SCOPE} characters; this one has {len(scope):,}.")
    checked_scope(acting, scope, force=act.force)
    if act.clocks not in CLOCKS:
        raise InvalidInput("--clocks is stop or run.")
    known = active_hold(acting, scope)
    if known is not None:
        raise Refused(held_already(known))
    new = Hold(scope, acting.actor.name, acting.clock.now(), order.reason, act.clocks)
    stops = f"Starts, polls, timers and schedules in {scope} stop until it is released."
    if scope.startswith(RUN):
        return _pause(acting, new, stops, order)
    if order.dry_run:
        return Receipt(f"Would hold {scope}.", (stops,), dry_run=True)
    done = _put(acting, new, acting.new_act("hold", scope, order.reason, arguments={"clocks": act.clocks}))
    return Receipt(f"hold {scope}: accepted, act {done.id}.", (stops,), done)


def _pause(acting: Acting, new: Hold, stops: str, order: Order) -> Receipt:
    """Set the hold over a run, if the rule of pausing accepts it, then wake the run into it."""
    run_id = new.scope.removeprefix(RUN)

    def rule(draft: Draft, _: Branch | None) -> list[str]:
        effects = pause_run(draft)
        draft.holds = [*draft.holds, new]
        return effects

    trial = Order(reason=order.reason, dry_run=True, revision=order.revision)
    acting.on_run(RunChange("pause", run_id, rule), trial)
    if order.dry_run:
        return Receipt(f"Would pause {run_id}.", (stops,), dry_run=True)
    acting.store.holds.put(new)
    with recording(None, partly=f"The hold on {new.scope} is set"):
        return acting.on_run(RunChange("pause", run_id, _only(stops)), _of_run(order))


def release(acting: Acting, act: Release, order: Order, verb: str = "release") -> Receipt:
    """Release a hold and wake what it held. Refused when the scope is not held."""
    scope = act.scope
    acting.refuse_read_only(verb)
    known = active_hold(acting, scope)
    if known is None:
        names = ", ".join(h.scope for h in acting.store.holds.all()) or "none"
        raise Refused(f"{scope} is not held. Active holds: {names}.")
    effect = f"Work in {scope} goes on; overdue timers fire, polls spread over one interval."
    if order.dry_run:
        return Receipt(f"Would {verb} {known.scope}.", (effect,), dry_run=True)
    now = acting.clock.now()
    released, partly = replace(known, released_at=now), f"The hold on {scope} is released"
    if scope.startswith(RUN):
        acting.store.holds.put(released)
        with recording(None, partly=partly):
            return acting.on_run(RunChange(verb, scope.removeprefix(RUN), _only(effect)), _of_run(order))
    done = _put(acting, released, acting.new_act(verb, scope, order.reason))
    with recording(None, partly=partly):
        held = [r.id for r in acting.store.runs.query(RunFilter(held=True), limit=None)]
        acting.store.due_runs.wake(held, now)
    return Receipt(f"{verb} {scope}: accepted, act {done.id}.", (effect, f"{len(held)} runs are woken."), done)


def _of_run(order: Order) -> Order:
    """The order for the save of the run, once the hold is saved: its revision is not looked at again."""
    return Order(reason=order.reason, part_of=order.part_of)


def _put(acting: Acting, hold: Hold, act: Act) -> Act:
    """Save a hold and the act that changed it, together."""
    with recording(act):
        return acting.store.holds.put(hold, act) or act


def _only(effect: str) -> Rule:
    """A rule that changes nothing but what follows from the holds."""

    def rule(draft: Draft, _: Branch | None) -> list[str]:
        return [effect]

    return rule
