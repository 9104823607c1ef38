"""Holds: durable stops over everything, a system, a flow or a run."""

from __future__ import annotations

from msgspec.structs import replace

from runtime.engine.draft import Draft
from runtime.engine.repair.controls import held_already, pause_run
from runtime.errors import InvalidInput, Refused
from runtime.model.act import Act, Hold
from runtime.model.branch import Branch
from runtime.model.stored import RunFilter
from runtime.model.target import same_scope
from runtime.operations.acting import Acting, Receipt, Rule, recording
from runtime.operations.scopes import checked_scope


def active_hold(acting: Acting, scope: str) -> Hold | None:
    """The hold with exactly this scope, if one is active."""
    return next((h for h in acting.store.holds.all() if same_scope(h.scope, scope)), None)


LONGEST_SCOPE = 500


def hold(
    acting: Acting,
    scope: str,
    *,
    clocks: str,
    reason: str,
    force: bool = False,
    dry_run: bool = False,
    revision: int | None = None,
    part_of: int | None = None,
) -> Receipt:
    """Set a hold. Refused when the same scope is held already, NotFound when nothing has its name unless `force`."""
    acting.refuse_read_only("hold")
    if len(scope) > LONGEST_SCOPE:
        raise InvalidInput(f"A scope has at most {LONGEST_SCOPE} characters; this one has {len(scope):,}.")
    checked_scope(acting, scope, force=force)
    if clocks not in ("stop", "run"):
        raise InvalidInput("--clocks is stop or run.")
    known = active_hold(acting, scope)
    if known is not None:
        raise Refused(held_already(known))
    set_hold = Hold(scope, acting.actor.name, acting.clock.now(), reason, clocks)
    stops = f"Starts, polls, timers and schedules in {scope} stop until it is released."
    if scope.startswith("run="):
        run_id = scope.removeprefix("run=")

        def rule(draft: Draft, _: Branch | None) -> list[str]:
            effects = pause_run(draft)
            draft.holds = [*draft.holds, set_hold]
            return effects

        acting.on_run("pause", run_id, rule, reason=reason, dry_run=True, revision=revision)
        if dry_run:
            return Receipt(f"Would pause {run_id}.", (stops,), dry_run=True)
        acting.store.holds.put(set_hold)
        with recording(None, partly=f"The hold on {scope} is set"):
            return acting.on_run("pause", run_id, _nothing(stops), reason=reason, part_of=part_of)
    if dry_run:
        return Receipt(f"Would hold {scope}.", (stops,), dry_run=True)
    act = _put(acting, set_hold, acting.new_act("hold", scope, reason, arguments={"clocks": clocks}))
    return Receipt(f"hold {scope}: accepted, act {act.id}.", (stops,), act)


def release(
    acting: Acting, scope: str, *, reason: str, dry_run: bool, verb: str = "release", part_of: int | None = None
) -> Receipt:
    """Release a hold and wake what it held. Refused when the scope is not held."""
    acting.refuse_read_only(verb)
    known = active_hold(acting, scope)
    if known is None:
        names = ", ".join(h.scope for h in acting.store.holds.all()) or "none"
        raise Refused(f"{scope} is not held. Active holds: {names}.")
    effect = f"Work in {scope} goes on; overdue timers fire, polls spread over one interval."
    if dry_run:
        return Receipt(f"Would {verb} {known.scope}.", (effect,), dry_run=True)
    now = acting.clock.now()
    released, partly = replace(known, released_at=now), f"The hold on {scope} is released"
    if scope.startswith("run="):
        acting.store.holds.put(released)
        with recording(None, partly=partly):
            return acting.on_run(verb, scope.removeprefix("run="), _nothing(effect), reason=reason, part_of=part_of)
    act = _put(acting, released, acting.new_act(verb, scope, reason))
    with recording(None, partly=partly):
        held = [r.id for r in acting.store.runs.query(RunFilter(held=True), limit=None)]
        acting.store.due_runs.wake(held, now)
    return Receipt(f"{verb} {scope}: accepted, act {act.id}.", (effect, f"{len(held)} runs are woken."), act)


def _put(acting: Acting, hold: Hold, act: Act) -> Act:
    """Save a hold and the act that changed it, together."""
    with recording(act):
        return acting.store.holds.put(hold, act) or act


def _nothing(effect: str) -> Rule:
    def rule(draft: Draft, _: Branch | None) -> list[str]:
        return [effect]

    return rule
