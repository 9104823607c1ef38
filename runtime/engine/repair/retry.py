"""Retry: failed tokens work again with stated intent, their siblings untouched (docs/semantics.md, Repair)."""

from __future__ import annotations

from runtime.engine.cancelling import owe_cancels
from runtime.engine.doubt import may_still_run
from runtime.engine.draft import Draft
from runtime.engine.join import settled_at
from runtime.engine.repair.undo import reopen_cancelled, supersede_after, undo_firing
from runtime.errors import InvalidInput, Refused
from runtime.model.branch import Attempt, Branch
from runtime.model.status import BranchStatus as B
from runtime.model.status import StartFact

INTENTS = ("new-attempt", "same-key", "reattach", "cancel-first")


def failed_branches(draft: Draft) -> list[Branch]:
    """Branches whose failure a retry of the whole run repairs."""
    return [b for b in draft.branches.values() if b.status is B.FAILED and why_not_repairable(draft, b) is None]


def why_not_repairable(draft: Draft, branch: Branch) -> str | None:
    """Why a failed branch can be neither retried nor skipped, or None."""
    if branch.consumed_by is not None:
        step, _, number = branch.consumed_by.rpartition("@")
        firing = draft.firings[(step, int(number))]
        if firing.policy.startswith("atLeast"):
            return f"{step} ({firing.policy}) has fired without it"
    if branch.kind == "item":
        parent = draft.branches[branch.parent or ""]
        policy = draft.program.step(branch.step_id).join
        if parent.status is B.SUPERSEDED or parent.status is B.CANCELLED:
            return f"the dynamic fork it belongs to is {parent.status}"
        visit = next((v for v in parent.steps if (v.step_id, v.visit) == (branch.step_id, branch.visit)), None)
        if visit is None or visit.status is B.SUPERSEDED:
            return "the dynamic fork it belongs to was superseded"
        if policy.kind == "atLeast" and visit.recorded:
            return f"{branch.step_id} ({policy}) has gathered its items without it"
    return None


def retry(draft: Draft, branch_id: str | None, intent: str = "new-attempt", *, force: bool = False) -> list[str]:
    """Make one failed branch, or all of them, work again; gives sentences about the effect.

    Refused when nothing failed, the run was cancelled, the failure is superseded or was passed over by a fired
    any/atLeast, or the old job may still run and `force` is not given.
    """
    if intent not in INTENTS:
        raise InvalidInput(f"Unknown intent {intent!r}; it is one of {', '.join(INTENTS)}.")
    if draft.cancelled:
        raise Refused(f"{draft.run.id} was cancelled; restart it as a new run instead.")
    if branch_id is None:
        chosen = failed_branches(draft)
        unconfirmed = [b for b in draft.branches.values() if b.status is B.UNCONFIRMED]
        if force or intent == "same-key" or not chosen:
            chosen += unconfirmed
        if not chosen and draft.failure is None:
            failed = any(b.status is B.FAILED for b in draft.branches.values())
            why = "no failure in it can be repaired" if failed else "no branch has failed"
            raise Refused(f"Nothing to retry in {draft.run.id}, {why}.")
    else:
        chosen = [draft.branches[branch_id]]
    draft.failure = None
    effects: list[str] = []
    for branch in chosen:
        if branch_id is None and draft.branches[branch.id].status not in (B.FAILED, B.UNCONFIRMED):
            continue  # An earlier retry of this very call superseded it.
        effects += _retry_one(draft, draft.branches[branch.id], intent, force=force)
    return effects


def _retry_one(draft: Draft, branch: Branch, intent: str, *, force: bool) -> list[str]:
    if branch.status is B.SUPERSEDED:
        raise Refused(f"{branch.id} was superseded by an earlier repair; there is nothing to retry in it.")
    visit = branch.current
    attempt = visit.attempts[-1] if visit and visit.attempts else None
    if branch.status is not B.FAILED:
        if intent == "cancel-first" and attempt is not None and branch.status in (B.STARTING, B.RUNNING):
            return _cancel_first(draft, branch, attempt)
        if branch.status is B.UNCONFIRMED and attempt is not None:
            return _start_anew(draft, branch, attempt, intent, force=force)
        raise Refused(f"Nothing to retry: {branch.id} is {branch.status}, it has not failed.")
    problem = why_not_repairable(draft, branch)
    if problem is not None:
        raise Refused(f"{branch.id} cannot be retried: {problem}.")
    assert visit is not None
    effects = reopen_path(draft, branch)
    branch = draft.branches[branch.id]
    if visit.recorded or (attempt is None and branch.step_id not in draft.program.bindings):
        _again(draft, branch, recorded=visit.recorded)
        return [*effects, f"{branch.id} leaves {branch.step_id} again; no job is started."]
    if attempt is None:
        _new_attempt(draft, branch)
        return [*effects, f"{branch.id} enters {branch.step_id} again."]
    running = attempt.status in (B.STARTING, B.RUNNING)
    if intent == "cancel-first" and running:
        return [*effects, *_cancel_first(draft, branch, attempt)]
    if intent == "reattach":
        return [*effects, _reattach(draft, branch, attempt)]
    if intent == "same-key":
        return [*effects, _same_key(draft, branch, attempt)]
    doubt = may_still_run(branch, attempt)
    if doubt and not force and intent == "new-attempt":
        raise Refused(f"{branch.id} may still run outside ({doubt}). {_ways(draft, branch, attempt)}")
    _new_attempt(draft, branch)
    return [*effects, f"{branch.id} starts {branch.step_id} again as attempt {attempt.attempt + 1}, with a new key."]


def _ways(draft: Draft, branch: Branch, attempt: Attempt) -> str:
    """What may be done for an attempt whose work may still run."""
    binding = draft.program.bindings.get(branch.step_id)
    can = []
    if attempt.external_id is not None:
        can.append("--intent reattach polls it again")
        if binding is None or binding.cancels:
            can.append("cancel-first stops it before")
    else:
        can.append(f"forkjoin adopt {draft.run.id} {branch.id} --external-id ID takes it")
        if binding is not None and binding.finds:
            can.append(f"forkjoin find {draft.run.id} {branch.id} looks for it")
    if binding is None or binding.idempotent:
        can.append(
            "same-key finds it again or starts it" if attempt.external_id is None else "same-key starts it again"
        )
    return f"{'; '.join(can)}; --force starts another one beside it."


def _start_anew(draft: Draft, branch: Branch, attempt: Attempt, intent: str, *, force: bool) -> list[str]:
    """A start nobody can account for: made again under its key, or with a new one, because an operator says so."""
    if intent == "same-key":
        return [_same_key(draft, branch, attempt)]
    if intent == "reattach":
        return [_reattach(draft, branch, attempt)]
    if intent == "cancel-first":
        raise Refused(
            f"Nobody can say whether {branch.id} was started, so it cannot be cancelled first. "
            f"{_ways(draft, branch, attempt)}"
        )
    if not force:
        raise Refused(f"{branch.id} is unconfirmed: its work may run. {_ways(draft, branch, attempt)}")
    _new_attempt(draft, owe_cancels(draft, branch))
    return [f"{branch.id} starts {branch.step_id} again as attempt {attempt.attempt + 1}, with a new key."]


def _again(draft: Draft, branch: Branch, *, recorded: bool) -> None:
    if recorded:
        branch = draft.change_visit(branch, status=B.COMPLETED, failure=None)
        draft.change(branch, status=B.PENDING)
    else:
        _new_attempt(draft, branch)


def _new_attempt(draft: Draft, branch: Branch) -> None:
    visit = branch.current
    assert visit is not None
    number = visit.attempts[-1].attempt if visit.attempts else 0
    step = draft.program.step(branch.step_id)
    if not visit.attempts and (step.for_each or step.type != "task") and branch.kind != "item":
        # The step itself failed before any attempt: it is entered again as a new visit.
        index = branch.current_index
        draft.change_visit(branch, index=index, status=B.SUPERSEDED)
        draft.change(draft.branches[branch.id], status=B.PENDING, visit=0)
        return
    branch = draft.change_visit(
        branch,
        status=B.PENDING,
        failure=None,
        ended_at=None,
        budget_from=number + 1,
        budget_at=draft.now,
    )
    draft.change(branch, status=B.PENDING, retry_at=None, next_poll_at=None, expired=False, acknowledged=None)


def _same_key(draft: Draft, branch: Branch, attempt: Attempt) -> str:
    branch = draft.change_attempt(
        branch,
        attempt.attempt,
        status=B.STARTING,
        external_id=None,
        started_at=None,
        ended_at=None,
        failure=None,
        cancel=None,
        requested_at=draft.now,
        start=StartFact.WANTED,
    )
    _work_again(draft, branch, B.STARTING, attempt.attempt)
    return f"{branch.id} is started again under its old key {attempt.idempotency_key}."


def _reattach(draft: Draft, branch: Branch, attempt: Attempt) -> str:
    if attempt.external_id is None:
        raise Refused(f"{branch.id} has no external id to reattach to; use --intent same-key or new-attempt.")
    branch = draft.change_attempt(
        branch,
        attempt.attempt,
        status=B.RUNNING,
        ended_at=None,
        failure=None,
        cancel=None,
        requested_at=draft.now,
    )
    _work_again(draft, branch, B.RUNNING, attempt.attempt)
    return f"{branch.id} is polled again as {attempt.external_id}; nothing is started."


def _work_again(draft: Draft, branch: Branch, status: B, number: int) -> None:
    branch = draft.change_visit(
        branch, status=status, failure=None, ended_at=None, budget_from=number, budget_at=draft.now
    )
    draft.change(
        branch,
        status=status,
        retry_at=None,
        next_poll_at=draft.now if status is B.RUNNING else None,
        poll_streak=0,
        expired=False,
        observation=None,
        last_poll_failure=None,
        acknowledged=None,
    )


def _cancel_first(draft: Draft, branch: Branch, attempt: Attempt) -> list[str]:
    binding = draft.program.bindings.get(branch.step_id)
    if binding is not None and attempt.cancel is None and attempt.external_id is not None and not binding.cancels:
        raise Refused(
            f"{branch.id} cannot be cancelled first: the binding of {branch.step_id} has no cancel. "
            f"{_ways(draft, branch, attempt)}"
        )
    branch = owe_cancels(draft, branch)
    branch = draft.change_visit(
        branch,
        status=B.AWAITING_RETRY,
        failure=None,
        ended_at=None,
        budget_from=attempt.attempt + 1,
        budget_at=draft.now,
    )
    draft.change(branch, status=B.AWAITING_RETRY, retry_at=None, next_poll_at=None, expired=False)
    return [
        f"{branch.id}: {attempt.external_id or 'the start'} is cancelled; then attempt {attempt.attempt + 1} starts."
    ]


def reopen_path(draft: Draft, branch: Branch) -> list[str]:
    """Undo whatever consumed a failure, and let what failFast cancelled work again; says what that supersedes."""
    effects: list[str] = []
    before = {b.id: b.status for b in draft.branches.values()}
    if branch.kind == "item":
        _reopen_items(draft, branch, effects)
    elif branch.consumed_by is not None:
        step, _, visit = branch.consumed_by.rpartition("@")
        undo_firing(draft, draft.firings[(step, int(visit))])
        effects.append(f"{step} opens again; what follows it runs again when it fires.")
    else:
        tokens = draft.tokens()
        at = settled_at(draft.graph, branch, draft.branches, tokens)
        if at is not None and draft.program.step(at).join.kind == "failFast":
            for other in [b for b in draft.branches.values() if b.cancelled_by == at and b.kind != "item"]:
                reopen_cancelled(draft, other)
                effects.append(f"{other.id}, cancelled by {at}, works again.")
    effects += [
        f"{b.id} is superseded."
        for b in draft.branches.values()
        if b.status is B.SUPERSEDED and before.get(b.id) is not B.SUPERSEDED
    ]
    for _, _, attempt in (a for b in draft.branches.values() for a in draft.open_attempts(b)):
        if attempt.cancel is not None and attempt.cancel.requested_at == draft.now:
            effects.append(f"The job {attempt.external_id or attempt.idempotency_key} is cancelled.")
    return effects


def _reopen_items(draft: Draft, item: Branch, effects: list[str]) -> None:
    parent = draft.branches[item.parent or ""]
    index = next(i for i, v in enumerate(parent.steps) if (v.step_id, v.visit) == (item.step_id, item.visit))
    mark = f"{item.step_id}@{item.visit}"
    if parent.steps[index].recorded:
        supersede_after(draft, parent, index + 1)
        parent = draft.change_visit(
            draft.branches[parent.id], index=index, recorded=False, ended_at=None, status=B.RUNNING, result=None
        )
        draft.change(
            parent,
            step_id=item.step_id,
            visit=item.visit,
            status=B.RUNNING,
            open_fork=None,
            consumed_by=None,
            cancelled_by=None,
        )
        effects.append(f"{item.step_id} gathers its items again; what follows it runs again.")
    for other in [b for b in draft.branches.values() if b.fork == item.fork and b.cancelled_by == mark]:
        reopen_cancelled(draft, other)
        effects.append(f"{other.id} works again.")
