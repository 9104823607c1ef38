"""Why a run is not done, in sentences worked out from its records, never from logs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from runtime.engine.branch_ids import unquoted
from runtime.engine.draft import Draft, Situation
from runtime.engine.explain.advice import advice
from runtime.engine.explain.branch_work import at_work
from runtime.engine.explain.following import what_follows
from runtime.engine.explain.heartbeat_words import scheduler_state
from runtime.engine.explain.join_state import join_states
from runtime.engine.explain.lateness import Durations
from runtime.engine.explain.start_words import cancel_words, starting_words
from runtime.engine.explain.summary import late_words
from runtime.engine.explain.words import ago, span
from runtime.engine.policies import deadlines
from runtime.engine.repair.allowed import Verdicts
from runtime.flow.program import Program
from runtime.model.act import Hold
from runtime.model.branch import Branch
from runtime.model.explanation import BranchReason, Explanation
from runtime.model.heartbeat import Heartbeat
from runtime.model.status import BranchStatus as B
from runtime.model.status import ObservationState, RunStatus
from runtime.model.stored import Stored
from runtime.model.tries import tries
from runtime.shell_line import shell_line

MOST_TOLD = 50
OVERDUE_SECONDS = 2.0


def why(
    program: Program,
    stored: Stored,
    holds: Sequence[Hold],
    scheduler: Heartbeat | None,
    now: datetime,
    durations: Durations | None = None,
    allowed: Verdicts | None = None,
) -> Explanation:
    """Why a run is not done, and what can be done, as of `now`; `scheduler` is the last heartbeat."""
    run = stored.run
    situation = Situation(program, now, holds, durations or {})
    draft = Draft(situation, run, stored.branches, stored.firings)
    joins = join_states(program, stored.branches, stored.firings)
    relevant = _holds(draft)
    headline = _headline(draft)
    failure = f"{run.failure.type}: {run.failure.message}" if run.failure is not None else ""
    open_run = run.status not in (RunStatus.COMPLETED, RunStatus.CANCELLED)
    waiting = [j for j in joins if j.fired_at is None] if open_run else []
    told = [_branch_sentence(draft, b) for b in draft.in_order(at_work(stored.branches)) if _worth_telling(b, open_run)]
    if len(told) > MOST_TOLD:
        told[MOST_TOLD:] = [f"{len(told) - MOST_TOLD} more branches are open."]
    owed = _cancel_sentences(draft)
    alive, driven = scheduler_state(scheduler, now)
    awaited = open_run and run.status is not RunStatus.WAITING
    overdue = _overdue(draft) if awaited else []
    sentences = [
        headline,
        failure,
        *(f"{j.arithmetic}." for j in waiting),
        *told,
        *(_hold_sentence(h) for h in relevant),
        *owed,
        *([driven] if awaited else []),
        *overdue,
    ]
    return Explanation(
        run=run.id,
        status=run.status,
        reasons=tuple(s for s in sentences if s),
        joins=tuple(joins),
        branches=tuple(_branch_reason(draft, b) for b in draft.in_order(at_work(stored.branches))),
        holds=tuple(relevant),
        can=tuple(shell_line(words) for words in advice(draft, allowed or Verdicts(situation, stored))),
        scheduler=scheduler,
        alive=alive,
        headline=headline,
        failure=failure,
        notes=(*owed, *overdue),
        then=what_follows(program, waiting, stored.branches) if open_run else "",
        driven=driven,
    )


def _overdue(draft: Draft) -> list[str]:
    run, now = draft.run, draft.now
    if run.next_wake_at is None or (now - run.next_wake_at).total_seconds() <= OVERDUE_SECONDS:
        return []
    return [f"Its wake ({run.wake_reason}) is overdue by {ago(now, run.next_wake_at)}."]


def _headline(draft: Draft) -> str:
    run = draft.run
    text = f"{run.id} ({run.workflow} {run.flow_version}) is {run.status}"
    if run.status is RunStatus.COMPLETED and run.failed_branches:
        text += f" with {run.failed_branches} failed branch{'es' if run.failed_branches > 1 else ''}"
    if run.next_wake_at is not None and run.status is RunStatus.SLEEPING:
        seconds = (run.next_wake_at - draft.now).total_seconds()
        text += (
            f", next wake in {span(seconds)} ({run.wake_reason})" if seconds > 0 else f", due now ({run.wake_reason})"
        )
    return text + "."


def _worth_telling(branch: Branch, open_run: bool) -> bool:
    if branch.status is B.FAILED:
        return True
    return open_run and branch.status not in (B.COMPLETED, B.SKIPPED, B.CANCELLED, B.SUPERSEDED, B.ARRIVED)


def _branch_sentence(draft: Draft, branch: Branch) -> str:
    return f"{branch.id}: {'; '.join(facts(draft, branch)).rstrip('.')}."


def facts(draft: Draft, branch: Branch, *, named: bool = True) -> list[str]:
    """What a branch is doing, what is known of that and what it waits for; `named` says its step too."""
    now, name = draft.now, f"{branch.step_id} " if named else ""
    visit = branch.current
    attempt = visit.attempts[-1] if visit and visit.attempts else None
    if branch.held_by:
        return [f"{name}is held by {branch.held_by}"]
    if branch.status is B.FAILED:
        problem = visit.failure if visit else None
        text = f"{name}failed {ago(now, problem.at if problem else None)} ago"
        if problem:
            text += f": {problem.type}: {problem.message[:500]}"
        step = draft.program.step(branch.step_id)
        if visit is not None and attempt is not None:
            text += f" ({tries(visit, step.retry.maximum_attempts)})"
        return [text]
    if branch.status is B.WAITING and visit is not None:
        if visit.event:
            return [f"waits for the event {visit.event}, open for {ago(now, visit.entered_at)}"]
        if visit.due_at:
            return [f"the timer {name}fires in {span((visit.due_at - now).total_seconds())}"]
    if branch.status is B.AWAITING_RETRY:
        wait = span((branch.retry_at - now).total_seconds()) if branch.retry_at else "the cancel of the old job"
        return [f"{name}is tried again after {wait}"]
    if branch.status is B.UNCONFIRMED and visit is not None and visit.failure is not None:
        return [f"{name}is unconfirmed for {ago(now, visit.failure.at)}: {visit.failure.message[:1_000]}"]
    if branch.status is B.STARTING and attempt is not None:
        return starting_words(draft, branch, attempt, name)
    if branch.status is B.RUNNING and attempt is not None:
        return _running(draft, branch, named=named)
    if branch.status is B.ARRIVED:
        return [*_ended(draft, branch, named=named), *([f"stands at the join {branch.step_id}"] if named else [])]
    if branch.status is B.PENDING:
        return [f"{name}has not begun"]
    return _ended(draft, branch, named=named) or [f"{name}is {branch.status}"]


def _ended(draft: Draft, branch: Branch, *, named: bool) -> list[str]:
    """How the last step of a branch that has ended, or stands at a join, came to its end."""
    visit = branch.steps[-1] if branch.steps else None
    if visit is None or visit.ended_at is None:
        return []
    took = (visit.ended_at - visit.entered_at).total_seconds()
    name = f"{visit.step_id} " if named else ""
    return [f"{name}{visit.status} {ago(draft.now, visit.ended_at)} ago after {span(took)}"]


def _running(draft: Draft, branch: Branch, *, named: bool) -> list[str]:
    now = draft.now
    visit = branch.current
    assert visit is not None
    attempt = visit.attempts[-1]
    work = f"runs for {ago(now, attempt.started_at)} as {attempt.external_system} {attempt.external_id}"
    found = []
    late, seen = late_words(draft, branch, named=named), branch.observation
    if late:
        found.append(f"late: {late}" if named else late)
    if seen is not None and seen.state is ObservationState.STALE:
        problem = branch.last_poll_failure
        text = f"not seen for {ago(now, seen.seen_at)}: {seen.missed} polls failed"
        found += [f"{text}, {problem.message[:300].rstrip('.')}", "it may still run"] if problem else [text]
    elif seen is not None and seen.state is ObservationState.LOST:
        found += [f"{'is lost: ' if named else ''}{attempt.external_system} does not know it", "a second poll decides"]
    # What is out of the ordinary comes first: where there is little room, the end is not seen.
    found = [*found, work] if found else [work]
    if named and not late:
        found[0] = f"{branch.step_id} {found[0]}"
    if branch.last_polled_at is not None and (seen is None or seen.state is ObservationState.FRESH):
        progress = f", {attempt.progress * 100:.0f} %" if attempt.progress is not None else ""
        found.append(f"polled {ago(now, branch.last_polled_at)} ago{progress}")
    if attempt.doubt is not None:
        found.append(attempt.doubt)
    if branch.next_poll_at is not None:
        found.append(f"next poll in {span(max(0.0, (branch.next_poll_at - now).total_seconds()))}")
    if ends := deadlines(draft, branch, visit, attempt):
        found.append(f"gives up in {span((ends - now).total_seconds())}")
    return found


def _branch_reason(draft: Draft, branch: Branch) -> BranchReason:
    # A row that has the name of the branch need not name its step, unless that is another one.
    told = facts(
        draft, branch, named=branch.status is not B.ARRIVED and unquoted(branch.id.rpartition("/")[2]) != branch.step_id
    )
    return BranchReason(
        branch.id,
        branch.step_id,
        branch.status,
        "; ".join(facts(draft, branch)),
        tuple(told),
        tuple(_marks(draft, branch)),
    )


def _marks(draft: Draft, branch: Branch) -> list[str]:
    seen, running = branch.observation, branch.status is B.RUNNING
    found = {
        "held": bool(branch.held_by),
        "expired": branch.expired,
        "lost": running and seen is not None and seen.state is ObservationState.LOST,
        "stale": running and seen is not None and seen.state is ObservationState.STALE,
        "late": bool(late_words(draft, branch)),
        "event": branch.status is B.WAITING and branch.current is not None and bool(branch.current.event),
    }
    return [mark for mark, holds in found.items() if holds]


def _holds(draft: Draft) -> list[Hold]:
    systems = {("", "")} | {(b.system, b.target) for b in draft.program.bindings.values()}
    # Who only reads asks no system for the target of a binding; what was started, or is held, has it recorded.
    systems |= {(a.external_system, a.target) for b in draft.branches.values() for _, _, a in draft.open_attempts(b)}
    noted = {b.held_by for b in draft.branches.values()}
    run, flow_id = draft.run, draft.program.flow.id
    return [
        h
        for h in draft.holds
        if h.released_at is None
        and (
            h.scope in noted
            or any(
                h.covers(run_id=run.id, workflow=run.workflow, flow_id=flow_id, system=s, target=t) for s, t in systems
            )
        )
    ]


def _hold_sentence(hold: Hold) -> str:
    because = f": {hold.reason}" if hold.reason else ""
    return f"Held ({hold.scope}) by {hold.actor} since {hold.at:%H:%M:%S} UTC{because}."


def _cancel_sentences(draft: Draft) -> list[str]:
    return [
        cancel_words(attempt, attempt.cancel)
        for branch in draft.branches.values()
        for _, _, attempt in draft.open_attempts(branch)
        if attempt.cancel is not None and attempt.cancel.confirmed_at is None
    ]
