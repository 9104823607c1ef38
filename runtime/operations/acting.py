"""Carrying one act into a run: state what was seen, apply the rule, save everything in one go."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self, TypedDict, Unpack

import msgspec
from msgspec.structs import replace

from runtime.acts.base import RunAct
from runtime.clock import Clock
from runtime.engine.advance import Advance, conclude
from runtime.engine.draft import Draft, Situation
from runtime.engine.repair.controls import what_is_seen
from runtime.errors import Conflict, Damaged, InvalidInput, Refused, StoreUnavailable
from runtime.flow.program import Program
from runtime.model.act import Act, Actor, ActState, Hold, outcome
from runtime.model.branch import Branch
from runtime.model.facts import COPIED, MOVED_TO
from runtime.model.run import Run
from runtime.model.stored import Stored
from runtime.operations.ids import random_birth
from runtime.operations.order import Order
from runtime.operations.programs import program_of
from runtime.operations.queries.branch_names import find_branch, no_run
from runtime.operations.receipts import Receipt, recorded, recording
from runtime.store.documents import rootless
from runtime.store.ports.store import Store

if TYPE_CHECKING:
    from runtime.catalog.catalog import Catalog

Rule = Callable[[Draft, Branch | None], list[str]]
TRIES = 8
ACTS_SEEN = 200
"""Acts of a run, newest first, among which one that was carried out before is looked for."""
LONGEST_REASON = 4_000


class ActFacts(TypedDict, total=False):
    """What is recorded of an act besides who gave it, to what and why."""

    due_at: datetime
    outcome: str
    arguments: Mapping[str, Any] | None
    saw: Mapping[str, Any] | None
    before: Any
    after: Any


class RunChange(msgspec.Struct, frozen=True):
    """A rule to be applied to one run, and what is recorded of it."""

    verb: str
    run_id: str
    rule: Rule
    branch: str | None = None
    """The branch it is given to, as the operator names it."""
    arguments: Mapping[str, Any] | None = None
    before: Callable[[Draft], Mapping[str, Any] | None] | None = None
    """What the record keeps of the run as it was; None, or none given: what is seen of it."""

    @classmethod
    def of(cls, act: RunAct, run_id: str) -> Self:
        """The change that an act makes to a run."""
        return cls(act.verb, run_id, act.apply, act.branch_named, act.recorded() or None, act.before)


class _Worked(msgspec.Struct, frozen=True):
    """A change worked out on the records of a run that were read."""

    stored: Stored
    branch: Branch | None
    holds: Sequence[Hold]
    seen: Mapping[str, Any]
    was: Mapping[str, Any]
    effects: tuple[str, ...]
    after: Mapping[str, Any]
    step: Advance

    @property
    def target(self) -> str:
        """The run, or branch, under which it is recorded."""
        run_id = self.stored.run.id
        return run_id if self.branch is None else f"{run_id}/{self.branch.id}"


class Acting:
    """Applies pure rules to stored runs on behalf of one actor."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        catalog: Catalog,
        actor: Actor,
        *,
        read_only: bool,
        births: Callable[[], str] = random_birth,
    ) -> None:
        """`births` gives each new run its birth."""
        self.store = store
        self.clock = clock
        self.catalog = catalog
        self.actor = actor
        self.read_only = read_only
        self.births = births

    def refuse_read_only(self, verb: str) -> None:
        """Refuse any change in a read-only session, and in a store whose runs are elsewhere, or not there yet."""
        if self.read_only:
            raise Refused(f"This session is read-only; {verb} is not possible in it.")
        if moved := MOVED_TO.read(self.store.facts):
            raise Refused(f"The runs of this store were moved to {moved}; {verb} belongs there. Nothing was changed.")
        if COPIED.read(self.store.facts):
            raise Refused(f"A copy into this store was interrupted; repeat forkjoin store copy before {verb}.")

    def load(self, run_id: str) -> Stored:
        """The run with all its records; NotFound if there is none."""
        found = self.store.runs.load([run_id])
        if not found:
            raise no_run(self.store.runs, run_id)
        if (lost := rootless(found[0])) is not None:
            raise Damaged(lost.sentence)
        return found[0]

    def program(self, run: Run) -> Program:
        """The program of a run, from the FlowJSON stored with it."""
        return program_of(self.store.flows, self.catalog, run)

    def new_act(self, verb: str, target: str, reason: str, **facts: Unpack[ActFacts]) -> Act:
        """An act of this actor, due at once, not yet numbered; InvalidInput if its reason is too long."""
        if len(reason) > LONGEST_REASON:
            said = f"The reason has {len(reason):,} characters, where at most {LONGEST_REASON:,} are kept; shorten it."
            raise InvalidInput(said)
        now = self.clock.now()
        actor = self.actor
        new = Act(
            id=0,
            at=now,
            due_at=now,
            actor=actor.name,
            source=actor.source,
            verb=verb,
            target=target,
            reason=reason,
            uid=actor.uid,
            ssh=actor.ssh,
            outcome=outcome(ActState.CARRIED_OUT),
        )
        return replace(new, **facts)

    def earlier(self, run_id: str, order: Order) -> Act | None:
        """The act by which this order was carried out on a run before, if it was."""
        if order.carried is not None:
            stored = self.store.acts.get(order.carried.id)
            return stored if stored is not None and stored.outcome != order.carried.outcome else None
        if order.part_of is None:
            return None
        recorded = self.store.acts.newest(target=run_id, limit=ACTS_SEEN)
        return next((a for a in recorded if (a.arguments or {}).get("part_of") == order.part_of), None)

    def on_run(self, change: RunChange, order: Order) -> Receipt:
        """Apply a rule to one run and record the act; a bare revision conflict is tried again.

        What is carried for a stored act, or is part of an act over many runs, is carried out on a run once, however
        often and by however many it is tried.

        Raises:
            Refused: The rule refuses, or what was seen no longer holds.
            Conflict: The run is not at the revision of the order, or others keep saving first.
        """
        self.refuse_read_only(change.verb)
        for lost in range(TRIES):
            # A run that is saved at every turn of a writer would be saved between our reading and our save each time.
            with self.store.medium.alone() if lost else nullcontext():
                receipt = self._try(change, order)
            if receipt is not None:
                return receipt
        raise Conflict(f"Not saved: {change.run_id} is being changed by others all the time. Try again.")

    def _try(self, change: RunChange, order: Order) -> Receipt | None:
        """Read the run, apply the rule and save; None if somebody else saved in between."""
        stored = self.load(change.run_id)
        # After the run was read: whoever acts on it meanwhile makes our save be refused, and we look again.
        earlier = self.earlier(change.run_id, order)
        if earlier is not None:
            said = f"{change.verb} {change.run_id}: accepted before, act {earlier.id}."
            return Receipt(said, (), earlier, stored.run)
        worked = self._work_out(change, order, stored)
        if order.dry_run:
            return Receipt(f"Would {change.verb} {worked.target}.", worked.effects, None, worked.step.stored.run, True)
        act = self._act_of(change, order, worked)
        assert worked.step.save is not None
        with recording(act):
            refused = self.store.runs.save([replace(worked.step.save, acts=(act,))])
        return None if refused else self._accepted(change, worked, order.carried or self._numbered(act))

    def _work_out(self, change: RunChange, order: Order, stored: Stored) -> _Worked:
        """Apply the rule to a draft of the run as it was read; refuse if it is not what the order expects."""
        run_id, run = change.run_id, stored.run
        if order.revision is not None and run.revision != order.revision:
            raise Conflict(
                f"Not saved: {run_id} is at revision {run.revision}, you saw {order.revision}. Look again, then repeat."
            )
        holds = self.store.holds.all(released=True)
        draft = Draft(Situation(self.program(run), self.clock.now(), holds), run, stored.branches, stored.firings)
        branch = find_branch(stored.branches, change.branch) if change.branch else None
        seen = what_is_seen(draft, branch)
        if order.saw is not None and any(seen.get(k) != v for k, v in order.saw.items()):
            raise Refused(
                f"Not carried out: {run_id} changed since the act was given ({dict(order.saw)} then, {seen} now)."
            )
        was = (change.before(draft) if change.before else None) or seen
        effects = change.rule(draft, branch)
        target = run_id if branch is None else f"{run_id}/{branch.id}"
        because = f": {order.reason}" if order.reason else ""
        draft.record("act", f"{self.actor.name}: {change.verb} {target}{because}", branch)
        step = conclude(draft, stored)
        new = step.stored
        result = Draft(Situation(draft.program, draft.now, holds), new.run, new.branches, new.firings)
        after = what_is_seen(result, new.branches.get(branch.id) if branch is not None else None)
        return _Worked(stored, branch, holds, seen, was, tuple(effects), after, step)

    def _act_of(self, change: RunChange, order: Order, worked: _Worked) -> Act:
        """The record of a change that was worked out: a new act, or the one that it carries out."""
        if order.carried is not None:
            return replace(order.carried, before=worked.was, after=worked.after, outcome=outcome(ActState.CARRIED_OUT))
        arguments = change.arguments
        if order.part_of is not None:
            arguments = {**(arguments or {}), "part_of": order.part_of}
        return self.new_act(
            change.verb,
            worked.target,
            order.reason,
            saw=worked.seen,
            before=worked.was,
            after=worked.after,
            arguments=arguments,
        )

    def _accepted(self, change: RunChange, worked: _Worked, act: Act) -> Receipt:
        run = worked.step.stored.run
        self._recheck(run, worked.holds)
        number = f", act {act.id}" if act.id else ""
        return Receipt(f"{change.verb} {worked.target}: accepted{number}.", worked.effects, act, run)

    def _recheck(self, run: Run, holds: Sequence[Hold]) -> None:
        """Wake a run saved as held if a hold was released meanwhile: who released it did not see it as held."""
        with suppress(StoreUnavailable):  # The act is saved; the scheduler looks after releases too.
            if run.stands_still and self.store.holds.all(released=True) != holds:
                self.store.due_runs.wake([run.id], self.clock.now())

    def _numbered(self, act: Act) -> Act:
        """The act as it was recorded; a store that went away right after has it all the same."""
        try:
            return recorded(self.store.acts, act) or act
        except StoreUnavailable:
            return act
