"""Everything that changes something: acts as typed methods, each of which gives one act of `runtime.acts`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Unpack

from msgspec.structs import replace

from runtime.acts.ack import Acknowledge
from runtime.acts.adopt import Adopt
from runtime.acts.base import RunAct, StoreAct
from runtime.acts.cancel import Cancel
from runtime.acts.edit import Edit
from runtime.acts.hold import HoldScope
from runtime.acts.pause import Pause
from runtime.acts.poll import Poll
from runtime.acts.prune import Prune
from runtime.acts.registry import act_of, bulk_verbs
from runtime.acts.release import Release
from runtime.acts.restart import Restart
from runtime.acts.resume import Resume
from runtime.acts.retry import Retry
from runtime.acts.schedule import DisableSchedule, EnableSchedule
from runtime.acts.send import Send
from runtime.acts.skip import Skip
from runtime.acts.start import NewRun, Start
from runtime.acts.stop_bulk import StopBulk
from runtime.acts.undo import Undo
from runtime.acts.wake import Wake
from runtime.catalog.catalog import Catalog
from runtime.clock import Clock
from runtime.errors import ForkjoinError, InvalidInput, StoreUnavailable
from runtime.model.act import Act, Actor, ActState, outcome
from runtime.model.run import Run
from runtime.operations import bulk, composites, starting, store_acts
from runtime.operations.acting import Acting, RunChange
from runtime.operations.ids import random_birth
from runtime.operations.order import Order, RunOrder, StoreOrder
from runtime.operations.receipts import Receipt, recording
from runtime.store.ports.store import Store


class Commands:
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
        self.acting = Acting(store, clock, catalog, actor, read_only=read_only, births=births)
        self._store = store

    # Any act

    def give(self, act: RunAct, run_id: str, order: Order) -> Receipt:
        """Carry an act out on one run, whatever act it is."""
        if act.needs_reason and not order.reason.strip():
            raise InvalidInput(f"{act.verb} needs --reason: {act.needs_reason}.")
        if act.composite:
            return composites.carry_out(self.acting, act, run_id, order)
        return self.acting.on_run(RunChange.of(act, run_id), order)

    def give_store(self, act: StoreAct, order: Order) -> Receipt:
        """Carry out an act on more than a run."""
        return store_acts.carry_out(self.acting, act, order)

    def later(
        self, act: RunAct, run_id: str, seconds: float, *, reason: str = "", saw: Mapping[str, Any] | None = None
    ) -> Receipt:
        """Store an act due in so many seconds; the scheduler carries it out unless it is undone before."""
        self.acting.refuse_read_only(act.verb)
        due = self.acting.clock.now() + timedelta(seconds=seconds)
        new = self.acting.new_act(
            act.verb,
            run_id,
            reason,
            due_at=due,
            outcome=outcome(ActState.PENDING),
            arguments=dict(act.to_stored()),
            saw=saw,
        )
        with recording(new):
            new = self._store.acts.put(new)
        return Receipt(f"{act.verb} {run_id} accepted, act {new.id}. It can be undone for {seconds:g} s.", (), new)

    def bulk(self, act: RunAct, batch: bulk.Batch, *, reason: str = "", dry_run: bool = False) -> Receipt:
        """One act over many runs, carried out by the scheduler; it can be undone while it is not due."""
        if not act.bulk:
            raise InvalidInput(f"{act.verb} takes no --where; these do: {', '.join(bulk_verbs())}.")
        return bulk.accept(self.acting, act, batch, Order(reason=reason, dry_run=dry_run))

    def carry_out(self, stored: Act) -> None:
        """What the scheduler does with a stored act that is due: carry it out as its actor, or record the refusal."""
        actor = Actor(stored.actor, stored.source, stored.uid, stored.ssh)
        inner = Commands(self._store, self.acting.clock, self.acting.catalog, actor, births=self.acting.births)
        if stored.verb == "bulk":
            bulk.write_down(inner.acting, stored, bulk.carry_on(inner.acting, stored, inner.give))
            return
        try:
            act = act_of(stored.verb, stored.arguments or {})
            inner.give(act, stored.target, Order(reason=stored.reason, saw=stored.saw, carried=stored))
        except StoreUnavailable:
            # Not refused: it stays due, unless it was saved in spite of that.
            raise
        except ForkjoinError as problem:
            self._store.acts.put(replace(stored, outcome=outcome(ActState.REFUSED, problem.message)))

    # Acts on one run

    def retry(
        self,
        run_id: str,
        branch: str | None = None,
        intent: str = "new-attempt",
        force: bool = False,
        **order: Unpack[RunOrder],
    ) -> Receipt:
        """Failed branches work again; held work starts at its release."""
        return self.give(Retry(branch=branch, intent=intent, force=force), run_id, Order(**order))

    def skip(self, run_id: str, branch: str, result: Any = None, **order: Unpack[RunOrder]) -> Receipt:
        """Settle the step of a branch by hand; a reason is mandatory."""
        return self.give(Skip(branch=branch, result=result), run_id, Order(**order))

    def adopt(self, run_id: str, branch: str, external_id: str, **order: Unpack[RunOrder]) -> Receipt:
        """Take work that runs outside already as that of a branch; nothing is started."""
        return self.give(Adopt(branch=branch, external_id=external_id), run_id, Order(**order))

    def poll(self, run_id: str, branch: str | None = None, **order: Unpack[RunOrder]) -> Receipt:
        """Poll now."""
        return self.give(Poll(branch=branch), run_id, Order(**order))

    def ack(self, run_id: str, branch: str | None = None, note: str = "", **order: Unpack[RunOrder]) -> Receipt:
        """Take a run out of needs attention until it changes."""
        return self.give(Acknowledge(branch=branch, note=note), run_id, Order(**order))

    def send(
        self, run_id: str, event: str, payload: Any = None, branch: str | None = None, **order: Unpack[RunOrder]
    ) -> Receipt:
        """Answer an open waitForEvent."""
        return self.give(Send(event=event, payload=payload, branch=branch), run_id, Order(**order))

    def pause(self, run_id: str, *, clocks: str = "stop", **order: Unpack[RunOrder]) -> Receipt:
        """Hold one run."""
        return self.give(Pause(clocks=clocks), run_id, Order(**order))

    def resume(self, run_id: str, **order: Unpack[RunOrder]) -> Receipt:
        """End the pause of a run; on a failed run, retry all its failed branches."""
        return self.give(Resume(), run_id, Order(**order))

    def cancel(self, run_id: str, **order: Unpack[RunOrder]) -> Receipt:
        """End a run now; its external jobs are asked to stop until they answer."""
        return self.give(Cancel(), run_id, Order(**order))

    def wake(self, run_id: str, at: datetime, **order: Unpack[RunOrder]) -> Receipt:
        """Set when a run is polled or tried again next."""
        return self.give(Wake(at=at), run_id, Order(**order))

    def edit(self, run_id: str, state: Any, was: Mapping[str, Any] | None = None, **order: Unpack[RunOrder]) -> Receipt:
        """Replace the state; the act keeps the old one whole. Refused if it is no more what it `was` for the editor."""
        return self.give(Edit(state=state, was=was), run_id, Order(**order))

    def restart(self, run_id: str, *, new_id: str | None = None, **order: Unpack[RunOrder]) -> Receipt:
        """A new run with the input of an old one, linked to it."""
        return self.give(Restart(new_id=new_id), run_id, Order(**order))

    # Acts on the store

    def start(
        self,
        flow: str,
        state: Mapping[str, Any] | None = None,
        run_id: str | None = None,
        labels: Mapping[str, str] | None = None,
        simulate: bool = False,
        count: int | None = None,
        each: Sequence[NewRun] | None = None,
        **order: Unpack[StoreOrder],
    ) -> tuple[list[Run], Receipt]:
        """Start one run, `count` runs (`ID-0001`...) or one run for each of `each`."""
        act = Start(
            flow=flow,
            state=state or {},
            run_id=run_id,
            labels=labels or {},
            simulate=simulate,
            count=count,
            each=tuple(each) if each is not None else None,
        )
        return self.begin(act, **order)

    def begin(self, act: Start, **order: Unpack[StoreOrder]) -> tuple[list[Run], Receipt]:
        """Start the runs of an act; gives them too."""
        return starting.start(self.acting, act, Order(**order))

    def hold(self, scope: str, clocks: str = "stop", force: bool = False, **order: Unpack[StoreOrder]) -> Receipt:
        """Stop starts, polls, timers and schedules in a scope; `force`: also in one that nothing known has."""
        return self.give_store(HoldScope(scope=scope, clocks=clocks, force=force), Order(**order))

    def release(self, scope: str, **order: Unpack[StoreOrder]) -> Receipt:
        """Release a hold."""
        return self.give_store(Release(scope=scope), Order(**order))

    def schedule(self, flow: str, *, enabled: bool, **order: Unpack[StoreOrder]) -> Receipt:
        """Switch the schedule of a workflow on or off."""
        return self.give_store(EnableSchedule(flow=flow) if enabled else DisableSchedule(flow=flow), Order(**order))

    def prune(self, older_than: timedelta, failed: bool = False, **order: Unpack[StoreOrder]) -> Receipt:
        """Remove completed and cancelled runs (with `failed` failed ones too) that ended long enough ago."""
        return self.give_store(Prune(older_than=older_than, failed=failed), Order(**order))

    def prune_damaged(self, **order: Unpack[StoreOrder]) -> Receipt:
        """Remove damaged runs, and every other record that cannot be read."""
        return self.give_store(Prune(damaged=True), Order(**order))

    def undo(self, act_id: int, **order: Unpack[StoreOrder]) -> Receipt:
        """Take back an act that is not carried out yet."""
        return self.give_store(Undo(act=act_id), Order(**order))

    def bulk_stop(self, act_id: int, **order: Unpack[StoreOrder]) -> Receipt:
        """Stop a bulk act."""
        return self.give_store(StopBulk(act=act_id), Order(**order))
