"""Everything that changes something: one method an act, each with its rule, its record and its refusal."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from runtime.catalog import Catalog
from runtime.clock import Clock
from runtime.engine.draft import Draft
from runtime.engine.repair import controls
from runtime.errors import ForkjoinError, InvalidInput, NotFound, Refused, StoreUnavailable
from runtime.model.act import Act, Actor
from runtime.model.branch import Branch
from runtime.model.run import Run
from runtime.model.status import RunStatus
from runtime.operations import bulk as bulks
from runtime.operations import holding, retention
from runtime.operations.acting import Acting, Receipt, recording
from runtime.operations.branch_commands import BranchCommands
from runtime.operations.damage import prune_damaged
from runtime.operations.ids import derived_id, random_birth
from runtime.operations.restarting import run_id_of, workflow_of
from runtime.operations.starting import NewRun, start_runs
from runtime.store.ports.store import Store


class Commands(BranchCommands):
    """What an operator may change. Every method records an act, or with `dry_run` only says what it would do.

    Raises InvalidInput (2), NotFound (3), Refused (4) or StoreUnavailable (5), as the command line promises.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        catalog: Catalog,
        actor: Actor,
        read_only: bool = False,
        births: Callable[[], str] = random_birth,
    ) -> None:
        super().__init__(Acting(store, clock, catalog, actor, read_only=read_only, births=births))
        self._store = store

    def start(
        self,
        flow: str,
        state: Mapping[str, Any] | None = None,
        run_id: str | None = None,
        labels: Mapping[str, str] | None = None,
        simulate: bool = False,
        count: int | None = None,
        each: Sequence[NewRun] | None = None,
        *,
        reason: str = "",
        dry_run: bool = False,
    ) -> tuple[list[Run], Receipt]:
        """Start one run, `count` runs (`ID-0001`...) or one run for each of `each`."""
        one = NewRun(run_id, state or {}, labels or {})
        if each is not None:
            runs: list[NewRun] = [NewRun(e.id, {**one.state, **e.state}, {**one.labels, **e.labels}) for e in each]
        elif count is not None:
            if count < 1:
                raise InvalidInput("--count is at least 1.")
            base = run_id or run_id_of(self.acting.catalog.find(flow).name)
            runs = [dataclasses.replace(one, id=f"{base}-{n:04d}") for n in range(1, count + 1)]
        else:
            runs = [one]
        return start_runs(self.acting, flow, runs, simulate=simulate, reason=reason, dry_run=dry_run)

    def restart(self, run_id: str, *, new_id: str | None = None, reason: str = "", dry_run: bool = False) -> Receipt:
        """A new run with the input of an old one, linked to it."""
        old = self.acting.load(run_id).run
        workflow, stored = workflow_of(self.acting, old)
        _, receipt = start_runs(
            self.acting,
            workflow,
            [NewRun(new_id, old.input, old.labels)],
            simulate=old.simulated,
            reason=reason,
            dry_run=dry_run,
            restarted_from=run_id,
            verb="restart",
        )
        return dataclasses.replace(receipt, effects=(*receipt.effects, stored)) if stored else receipt

    def pause(self, run_id: str, *, clocks: str = "stop", reason: str = "", **how: Any) -> Receipt:
        """Hold one run."""
        return holding.hold(self.acting, f"run={run_id}", clocks=clocks, reason=reason, **how)

    def resume(self, run_id: str, **how: Any) -> Receipt:
        """End the pause of a run; on a failed run, retry all its failed branches."""
        if holding.active_hold(self.acting, f"run={run_id}"):
            how.pop("revision", None)
            return holding.release(
                self.acting,
                f"run={run_id}",
                reason=how.get("reason", ""),
                dry_run=how.get("dry_run", False),
                verb="resume",
                part_of=how.get("part_of"),
            )
        if self.acting.load(run_id).run.status is RunStatus.FAILED:
            return self.retry(run_id, **how)
        return self.acting.on_run("resume", run_id, lambda d, _: controls.resume_run(d), **how)

    def cancel(self, run_id: str, **how: Any) -> Receipt:
        """End a run now; its external jobs are asked to stop until they answer."""
        return self.acting.on_run("cancel", run_id, lambda d, _: controls.cancel_run(d), **how)

    def wake(self, run_id: str, at: datetime, **how: Any) -> Receipt:
        """Set when a run is polled or tried again next."""
        arguments = {"at": at.isoformat()}
        return self.acting.on_run("wake", run_id, lambda d, _: controls.set_wake(d, at), arguments=arguments, **how)

    def edit(self, run_id: str, state: Any, was: Mapping[str, Any] | None = None, **how: Any) -> Receipt:
        """Replace the state; the act keeps the old one whole. Refused if it is no more what it `was` for the editor."""

        def rule(draft: Draft, _: Branch | None) -> list[str]:
            if was is not None and dict(draft.state) != dict(was):
                raise Refused(f"Not saved: the state of {run_id} was changed by others while it was edited.")
            return controls.edit_state(draft, state)

        return self.acting.on_run(
            "edit",
            run_id,
            rule,
            before=lambda d: {"state": dict(d.state)},
            arguments={"state": state},
            **how,
        )

    def hold(
        self, scope: str, clocks: str = "stop", force: bool = False, *, reason: str = "", dry_run: bool = False
    ) -> Receipt:
        """Stop starts, polls, timers and schedules in a scope; `force`: also in one that nothing known has."""
        return holding.hold(self.acting, scope, clocks=clocks, force=force, reason=reason, dry_run=dry_run)

    def release(self, scope: str, *, reason: str = "", dry_run: bool = False) -> Receipt:
        """Release a hold."""
        return holding.release(self.acting, scope, reason=reason, dry_run=dry_run)

    def schedule(self, flow: str, *, enabled: bool, reason: str = "", dry_run: bool = False) -> Receipt:
        """Switch the schedule of a workflow on or off."""
        return retention.switch_schedule(self.acting, flow, enabled=enabled, reason=reason, dry_run=dry_run)

    def prune(self, older_than: timedelta, failed: bool = False, *, reason: str = "", dry_run: bool = False) -> Receipt:
        """Remove completed and cancelled runs (with `failed` failed ones too) that ended long enough ago."""
        return retention.prune(self.acting, older_than, failed=failed, reason=reason, dry_run=dry_run)

    def prune_damaged(self, *, reason: str = "", dry_run: bool = False) -> Receipt:
        """Remove damaged runs, and every other record that cannot be read."""
        return prune_damaged(self.acting, reason=reason, dry_run=dry_run)

    def undo(self, act_id: int, *, reason: str = "", dry_run: bool = False) -> Receipt:
        """Take back an act that is not carried out yet."""
        self.acting.refuse_read_only("undo")
        act = self._store.acts.get(act_id)
        if act is None:
            raise NotFound(f"There is no act {act_id}.")
        if act.outcome != "pending" or act.due_at <= self.acting.clock.now():
            raise Refused(f"Too late to undo: act {act_id} ({act.verb} {act.target}) is {act.outcome}.")
        if dry_run:
            return Receipt(f"Would undo act {act_id}.", (), act, dry_run=True)
        undone = self._store.acts.put(replace(act, outcome="undone"))
        with recording(None, partly=f"Act {act_id} is undone"):
            self._store.acts.put(self.acting.new_act("undo", str(act_id), reason))
        return Receipt(f"Act {act_id} ({act.verb} {act.target}) is undone.", (), undone)

    def later(self, verb: str, run_id: str, seconds: float, *, reason: str = "", **facts: Any) -> Receipt:
        """Store an act due in so many seconds; the scheduler carries it out unless it is undone before."""
        self.acting.refuse_read_only(verb)
        due = self.acting.clock.now() + timedelta(seconds=seconds)
        act = self.acting.new_act(verb, run_id, reason, due_at=due, outcome="pending", **facts)
        with recording(act):
            act = self._store.acts.put(act)
        return Receipt(f"{verb} {run_id} accepted, act {act.id}. It can be undone for {seconds:g} s.", (), act)

    def bulk(
        self,
        verb: str,
        runs: Sequence[Run],
        where: str,
        rate: float | None = None,
        canary: bool = False,
        arguments: Mapping[str, Any] | None = None,
        *,
        reason: str = "",
        dry_run: bool = False,
        due_in: float = 0.0,
    ) -> Receipt:
        """One act over many runs, carried out by the scheduler; it can be undone while it is not due."""
        if verb not in BULK_VERBS:
            raise InvalidInput(f"{verb} takes no --where; these do: {', '.join(sorted(BULK_VERBS))}.")
        return bulks.accept(
            self.acting,
            verb,
            runs,
            where,
            rate=rate,
            canary=canary,
            arguments=arguments or {},
            reason=reason,
            dry_run=dry_run,
            due_in=due_in,
        )

    def bulk_stop(self, act_id: int, *, reason: str = "", dry_run: bool = False) -> Receipt:
        """Stop a bulk act."""
        return bulks.stop(self.acting, act_id, reason=reason, dry_run=dry_run)

    def carry_out(self, act: Act) -> None:
        """What the scheduler does with a stored act that is due: carry it out as its actor, or record the refusal."""
        actor = Actor(act.actor, act.source, act.uid, act.ssh)
        inner = Commands(self._store, self.acting.clock, self.acting.catalog, actor, births=self.acting.births)
        acting = inner.acting
        if act.verb == "bulk":
            bulks.write_down(acting, act, bulks.carry_on(acting, act, inner.apply))
            return
        try:
            inner.apply(act.verb, act.target, act.arguments or {}, act.reason, saw=act.saw, carried=act)
        except StoreUnavailable:
            # Not refused: it stays due, unless it was saved in spite of that.
            raise
        except ForkjoinError as problem:
            self._store.acts.put(replace(act, outcome=f"refused: {problem.message}"))

    def apply(self, verb: str, run_id: str, arguments: Mapping[str, Any], reason: str = "", **how: Any) -> Receipt:
        """Carry one act out on one run by the name of its verb."""
        if verb not in BULK_VERBS:
            raise InvalidInput(f"{verb} cannot be carried out later.")
        method = getattr(self, verb)
        if verb in ("pause", "restart", "resume"):
            how.pop("saw", None)
            carried = how.pop("carried", None)
            part_of = carried.id if carried is not None else how.pop("part_of", None)
            receipt = self._once(verb, run_id, arguments, reason, part_of)
            if carried is not None:
                self._store.acts.put(replace(carried, outcome="carried out"))
            return receipt
        if verb == "wake":
            arguments = {**arguments, "at": datetime.fromisoformat(str(arguments["at"]))}
        done: Receipt = method(run_id, **arguments, reason=reason, **how)
        return done

    def _once(self, verb: str, run_id: str, arguments: Mapping[str, Any], reason: str, part_of: int | None) -> Receipt:
        """Acts that are more than one save of the run itself, carried out once as part of another act."""
        if verb == "restart":
            new_id = None if part_of is None else derived_id(f"{part_of}:{run_id}")
            made = self._store.runs.get(new_id) if new_id is not None else None
            if made is not None:
                return Receipt(f"{run_id} was restarted before, as {made.id}.", run=made)
            return self.restart(run_id, reason=reason, **{"new_id": new_id, **arguments})
        earlier = self.acting.earlier(run_id, part_of)
        if earlier is not None:
            return Receipt(f"{verb} {run_id}: accepted before, act {earlier.id}.", (), earlier)
        act = self.pause if verb == "pause" else self.resume
        return act(run_id, **arguments, reason=reason, part_of=part_of)


BULK_VERBS = frozenset({"retry", "poll", "pause", "resume", "cancel", "wake", "ack", "skip", "send", "edit", "restart"})
