"""One step of a run: observations in, tokens moved, joins decided, intents planned, one save out. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import timedelta

import msgspec
from msgspec.structs import replace

from runtime.engine.apply import Observed, apply
from runtime.engine.draft import Draft, Situation
from runtime.engine.explain.cause import cause_of
from runtime.engine.explain.summary import summarise
from runtime.engine.moves import settle
from runtime.engine.plan import Action, Plan, plan
from runtime.engine.retiming import retime
from runtime.engine.state_changes import tell_replaced
from runtime.model.branch import Branch
from runtime.model.run import HistoryEntry, Run
from runtime.model.status import ENDED_RUN, RunStatus
from runtime.model.stored import Save, Stored

Slots = Collection[tuple[str, str, int, int]]
LEASE_SECONDS = 60.0


class Advance(msgspec.Struct, frozen=True):
    """What one step of a run gives: the records after it, the save (None: nothing changed), the calls to make."""

    stored: Stored
    save: Save | None
    actions: tuple[Action, ...]
    draft: Draft | None
    """The draft the actions are to be made from; None when the run could not be advanced."""


def advance(
    situation: Situation,
    stored: Stored,
    observations: Sequence[Observed] = (),
    *,
    in_flight: Slots | None = (),
    owner: str = "",
    code_hash: str | None = None,
    reaches: Callable[[str], bool] | None = None,
) -> Advance:
    """Move a run as far as it can go. Level-triggered: safe early, late, twice and at once.

    `in_flight` are the calls under way: what was intended and is not among them was never answered; None plans no
    call and writes no intent. `reaches` says
    which systems can be called from here. `code_hash` is that of the task code as it is now; a change since the last
    wake is noted in history.
    """
    draft = Draft(situation, stored.run, stored.branches, stored.firings)
    if situation.clock_settings:
        retime(draft, situation.clock_settings)
    known = stored.run.code_hash
    if known is not None and (code_hash or "") != known:
        draft.run = replace(draft.run, code_hash=code_hash or "")
        said = "is gone" if code_hash is None else f"changed, {known[:12]} to {code_hash[:12]}" if known else "is back"
        draft.record("code_changed", f"the code of {stored.run.workflow} {said}")
    if observations:
        apply(draft, observations)
    return conclude(draft, stored, in_flight=in_flight, owner=owner, reaches=reaches)


def conclude(
    draft: Draft,
    stored: Stored,
    *,
    in_flight: Slots | None = None,
    owner: str = "",
    reaches: Callable[[str], bool] | None = None,
) -> Advance:
    """Settle and plan a draft until both agree, then make its save; without `in_flight` no call is planned."""
    while True:
        if not draft.cancelled and draft.failure is None:
            settle(draft)
        marks = len(draft.history)
        planned = plan(draft, in_flight, reaches)
        if len(draft.history) == marks and not draft.gathering:
            break
    after, save = _finish(draft, stored, planned, owner)
    return Advance(after, save, planned.actions, draft)


def _finish(draft: Draft, stored: Stored, planned: Plan, owner: str) -> tuple[Stored, Save | None]:
    old = stored.run
    if planned.actions and _is_untouched(draft, old, planned):
        # A poll that is due: its answer changes the run, and is worked out then.
        return stored, None
    tell_replaced(draft)
    starts = [a for a in planned.actions if a.verb in ("start", "local")]
    leased = bool(starts) and bool(owner)
    summary = summarise(draft, planned, leased=leased)
    ended = old.ended_at if summary.status in ENDED_RUN else None
    if summary.status in ENDED_RUN and old.status is not summary.status:
        ended = draft.now
        draft.record("run_" + str(summary.status), f"the run is {summary.status}")
    changes = (summary.status, summary.failed_branches) != (old.status, old.failed_branches)
    noted = draft.run.acknowledged if draft.run.acknowledged != old.acknowledged or not changes else None
    run = replace(
        draft.run,
        acknowledged=noted,
        status=summary.status,
        ended_at=ended,
        next_wake_at=planned.next_wake_at,
        wake_reason=planned.reason,
        held=planned.held,
        state=old.state if draft.state_version == old.state_version else draft.state,
        state_version=draft.state_version,
        state_changed={
            **draft.state_changed,
            **{key: entries[-1].by for key, entries in draft.state_ledger.items()},
        },
        visits=draft.visits,
        total_visits=draft.total_visits,
        next_seq=draft.next_seq,
        failure=draft.failure,
        cause=cause_of(draft) if summary.status is RunStatus.FAILED else None,
        cancelled=draft.cancelled,
        failed_branches=summary.failed_branches,
        branch_counts=summary.branch_counts,
        strip=summary.strip,
        attention=summary.attention,
        why=summary.why,
        is_stale=summary.is_stale,
        is_lost=summary.is_lost,
        is_expired=summary.is_expired,
        is_late=summary.is_late,
        strip_seen=summary.strip_seen,
        lease_owner=owner if leased else None,
        lease_until=draft.now + timedelta(seconds=LEASE_SECONDS) if leased else None,
    )
    touched = tuple(draft.branches[i] for i in draft.changed if draft.branches[i] != stored.branches.get(i))
    if run == old and not touched and not draft.history and not draft.polls and not draft.changed_firings:
        return stored, None
    run = replace(run, revision=old.revision + 1, updated_at=draft.now)
    save = Save(
        run,
        old.revision,
        branches=touched,
        firings=tuple(draft.firings[k] for k in draft.changed_firings),
        history=tuple(draft.history),
        polls=tuple(draft.polls),
    )
    return Stored(run, draft.branches, tuple(draft.firings.values())), save


def _is_untouched(draft: Draft, old: Run, planned: Plan) -> bool:
    """Whether a draft is what was stored, and due when that says."""
    same = draft.run is old and not (draft.changed or draft.history or draft.polls or draft.changed_firings)
    due = (planned.next_wake_at, planned.reason, planned.held)
    return same and not draft.state_ledger and due == (old.next_wake_at, old.wake_reason, old.held)


def new_run(run: Run, situation: Situation, entries: Sequence[HistoryEntry] = ()) -> Save:
    """The first save of a run: one token on `begin`, due at once."""
    begin = situation.program.graph.begin
    run = replace(
        run,
        revision=1,
        next_wake_at=situation.now,
        wake_reason="begin",
        next_seq=1,
        branch_counts={"pending": 1},
        strip=".",
        why="waits for its first wake",
    )
    root = Branch(run_id=run.id, id="main", seq=0, step_id=begin, created_at=situation.now)
    created = HistoryEntry(situation.now, "created", f"run {run.id} of {run.workflow} {run.flow_version} was created")
    return Save(run, None, branches=(root,), history=(created, *entries))
