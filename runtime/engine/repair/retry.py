"""Retry: failed tokens work again with stated intent, their siblings untouched (docs/semantics.md, Repair)."""

from __future__ import annotations

from runtime.engine.cancelling import owe_cancels
from runtime.engine.doubt import may_still_run
from runtime.engine.draft import Draft
from runtime.engine.repair.next_attempt import leave_again, new_attempt, reattach, same_key
from runtime.engine.repair.reopening import reopen_path
from runtime.errors import InvalidInput, Refused
from runtime.model.branch import Attempt, Branch
from runtime.model.status import BranchStatus as B

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
        leave_again(draft, branch, recorded=visit.recorded)
        return [*effects, f"{branch.id} leaves {branch.step_id} again; no job is started."]
    if attempt is None:
        new_attempt(draft, branch)
        return [*effects, f"{branch.id} enters {branch.step_id} again."]
    running = attempt.status in (B.STARTING, B.RUNNING)
    if intent == "cancel-first" and running:
        return [*effects, *_cancel_first(draft, branch, attempt)]
    if intent == "reattach":
        return [*effects, reattach(draft, branch, attempt)]
    if intent == "same-key":
        return [*effects, same_key(draft, branch, attempt)]
    doubt = may_still_run(branch, attempt)
    if doubt and not force and intent == "new-attempt":
        raise Refused(f"{branch.id} may still run outside ({doubt}). {_ways(draft, branch, attempt)}")
    new_attempt(draft, branch)
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
        return [same_key(draft, branch, attempt)]
    if intent == "reattach":
        return [reattach(draft, branch, attempt)]
    if intent == "cancel-first":
        raise Refused(
            f"Nobody can say whether {branch.id} was started, so it cannot be cancelled first. "
            f"{_ways(draft, branch, attempt)}"
        )
    if not force:
        raise Refused(f"{branch.id} is unconfirmed: its work may run. {_ways(draft, branch, attempt)}")
    new_attempt(draft, owe_cancels(draft, branch))
    return [f"{branch.id} starts {branch.step_id} again as attempt {attempt.attempt + 1}, with a new key."]


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
