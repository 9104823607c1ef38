"""Carrying one act into a run: state what was seen, apply the rule, save everything in one go."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from runtime.clock import Clock
from runtime.engine.advance import conclude
from runtime.engine.draft import Draft, Situation
from runtime.engine.repair.controls import what_is_seen
from runtime.errors import Conflict, Damaged, InvalidInput, NotFound, Refused, StoreUnavailable, Unconfirmed
from runtime.flow.program import Program
from runtime.model.act import Act, Actor, Hold
from runtime.model.branch import Branch
from runtime.model.run import Run
from runtime.model.stored import Stored
from runtime.operations.ids import random_birth
from runtime.operations.queries.branch_names import find_branch, no_run
from runtime.store.documents import rootless
from runtime.store.ports.store import Store

if TYPE_CHECKING:
    from runtime.catalog import Catalog

Rule = Callable[[Draft, Branch | None], list[str]]
TRIES = 8
LOOKED_THROUGH = 50
ACTS_SEEN = 200
"""Acts of a run, newest first, among which one that was carried out before is looked for."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What an act changed, or would change."""

    message: str
    effects: tuple[str, ...] = ()
    act: Act | None = None
    run: Run | None = None
    dry_run: bool = False


LONGEST_REASON = 4_000


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
        if moved := self.store.facts.get("moved_to"):
            raise Refused(f"The runs of this store were moved to {moved}; {verb} belongs there. Nothing was changed.")
        if self.store.facts.get("copied"):
            raise Refused(f"A copy into this store was interrupted; repeat forkjoin store copy before {verb}.")

    def load(self, run_id: str) -> Stored:
        """The run with all its records; NotFound if there is none."""
        found = self.store.runs.load([run_id])
        if not found:
            raise no_run(self.store, run_id)
        if (lost := rootless(found[0])) is not None:
            raise Damaged(lost.sentence)
        return found[0]

    def program(self, run: Run) -> Program:
        """The program of a run, from the FlowJSON stored with it."""
        return program_of(self.store, self.catalog, run)

    def new_act(self, verb: str, target: str, reason: str, **facts: Any) -> Act:
        """An act of this actor, due at once, not yet numbered; InvalidInput if its reason is too long."""
        if len(reason) > LONGEST_REASON:
            said = f"The reason has {len(reason):,} characters, where at most {LONGEST_REASON:,} are kept; shorten it."
            raise InvalidInput(said)
        now = self.clock.now()
        actor = self.actor
        return Act(
            id=0,
            at=now,
            due_at=facts.pop("due_at", None) or now,
            actor=actor.name,
            source=actor.source,
            verb=verb,
            target=target,
            reason=reason,
            uid=actor.uid,
            ssh=actor.ssh,
            outcome=facts.pop("outcome", "carried out"),
            **facts,
        )

    def earlier(self, run_id: str, part_of: int | None, carried: Act | None = None) -> Act | None:
        """The act that was recorded on a run before as part of this one, or this one if it is not pending any more."""
        if carried is not None:
            stored = self.store.acts.get(carried.id)
            return stored if stored is not None and stored.outcome != carried.outcome else None
        if part_of is None:
            return None
        recorded = self.store.acts.newest(target=run_id, limit=ACTS_SEEN)
        return next((a for a in recorded if (a.arguments or {}).get("part_of") == part_of), None)

    def on_run(
        self,
        verb: str,
        run_id: str,
        rule: Rule,
        *,
        branch: str | None = None,
        reason: str = "",
        dry_run: bool = False,
        revision: int | None = None,
        saw: Mapping[str, Any] | None = None,
        arguments: Mapping[str, Any] | None = None,
        before: Callable[[Draft], Any] | None = None,
        holds: Sequence[Hold] | None = None,
        carried: Act | None = None,
        part_of: int | None = None,
    ) -> Receipt:
        """Apply a rule to one run and record the act; a bare revision conflict is tried again.

        `carried` is the stored act this carries out, `part_of` the number of the act over many runs it belongs to:
        either is carried out on a run once, however often and by however many it is tried.

        Raises Refused if the rule refuses, `saw` no longer holds, or the run is not at `revision`; Conflict if
        others keep saving first.
        """
        self.refuse_read_only(verb)
        for _ in range(TRIES):
            stored = self.load(run_id)
            run = stored.run
            # After the run was read: whoever acts on it meanwhile makes our save be refused, and we look again.
            earlier = self.earlier(run_id, part_of, carried)
            if earlier is not None:
                return Receipt(f"{verb} {run_id}: accepted before, act {earlier.id}.", (), earlier, run)
            if revision is not None and run.revision != revision:
                raise Conflict(
                    f"Not saved: {run_id} is at revision {run.revision}, you saw {revision}. Look again, then repeat."
                )
            active = self.store.holds.all(released=True) if holds is None else holds
            draft = Draft(Situation(self.program(run), self.clock.now(), active), run, stored.branches, stored.firings)
            chosen = find_branch(stored.branches, branch) if branch else None
            seen = what_is_seen(draft, chosen)
            if saw is not None and any(seen.get(k) != v for k, v in saw.items()):
                raise Refused(
                    f"Not carried out: {run_id} changed since the act was given ({dict(saw)} then, {seen} now)."
                )
            was = before(draft) if before else seen
            effects = rule(draft, chosen)
            target = run_id if chosen is None else f"{run_id}/{chosen.id}"
            because = f": {reason}" if reason else ""
            draft.record("act", f"{self.actor.name}: {verb} {target}{because}", chosen)
            step = conclude(draft, stored)
            if dry_run:
                return Receipt(f"Would {verb} {target}.", tuple(effects), None, step.stored.run, True)
            assert step.save is not None
            after_branch = step.stored.branches.get(chosen.id) if chosen else None
            after = what_is_seen(
                Draft(
                    Situation(draft.program, draft.now, active),
                    step.stored.run,
                    step.stored.branches,
                    step.stored.firings,
                ),
                after_branch,
            )
            if part_of is not None:
                arguments = {**(arguments or {}), "part_of": part_of}
            if carried is None:
                act = self.new_act(verb, target, reason, saw=seen, before=was, after=after, arguments=arguments)
            else:
                act = replace(carried, before=was, after=after, outcome="carried out")
            with recording(act):
                refused = self.store.runs.save([dataclasses.replace(step.save, acts=(act,))])
            if not refused:
                self._recheck(step.stored.run, active)
                kept = carried or self._numbered(act)
                number = f", act {kept.id}" if kept.id else ""
                return Receipt(f"{verb} {target}: accepted{number}.", tuple(effects), kept, step.stored.run)
        raise Conflict(f"Not saved: {run_id} is being changed by others all the time. Try again.")

    def _recheck(self, run: Run, holds: Sequence[Hold]) -> None:
        """Wake a run saved as held if a hold was released meanwhile: who released it did not see it as held."""
        with suppress(StoreUnavailable):  # The act is saved; the scheduler looks after releases too.
            if run.stands_still and self.store.holds.all(released=True) != holds:
                self.store.due_runs.wake([run.id], self.clock.now())

    def _numbered(self, act: Act) -> Act:
        """The act as it was recorded; a store that went away right after has it all the same."""
        try:
            return recorded(self.store, act) or act
        except StoreUnavailable:
            return act


@contextmanager
def recording(act: Act | None, *, partly: str = "") -> Iterator[None]:
    """Have `Unconfirmed` say which act was to be recorded, and what of it, as a sentence, was saved before."""
    try:
        yield
    except StoreUnavailable as problem:
        if partly:
            text = f"{partly}, but the rest of it may not be saved: look before you repeat it. {problem.message}"
            raise Unconfirmed(text, partly=partly) from problem
        if isinstance(problem, Unconfirmed) and problem.act is None:
            problem.act = act
        raise


def recorded(store: Store, act: Act) -> Act | None:
    """The act of this actor, verb, target and moment as the store has it, numbered; None if it has none."""
    known = store.acts.newest(target=act.target, limit=LOOKED_THROUGH)
    return next((a for a in known if _told(a) == _told(act)), None)


def _told(act: Act) -> tuple[object, ...]:
    return act.actor, act.source, act.verb, act.target, act.at


def program_of(store: Store, catalog: Catalog, run: Run) -> Program:
    """The program of a run, in the flow version it started with; NotFound if the store lost its flow."""

    def source() -> Mapping[str, Any]:
        found = store.flows.get(run.flow_hash)
        if found is None:
            raise NotFound(f"The flow {run.flow_id} {run.flow_version} of {run.id} is not in this store.")
        return found

    return catalog.program(run, source)
