"""What an answer means for an attempt that was taken back while its work may still run."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from runtime.engine.cancelling import confirm, give_up
from runtime.engine.doubt import place
from runtime.engine.draft import Draft
from runtime.engine.ledger import same_trouble
from runtime.engine.observed import Nothing, Observed, Stopped, Unreached
from runtime.engine.policies import cancel_delay
from runtime.engine.start_answers import NEVER_SENT, Read
from runtime.model.branch import Attempt, Branch, Cancel
from runtime.model.status import BranchStatus as B
from runtime.model.status import StartFact
from runtime.model.task import Completed, Failed, Lost, Running, Started


def cancel_answer(draft: Draft, branch: Branch, index: int, attempt: Attempt, seen: Observed) -> Read:
    """Take the answer to a call of an attempt whose cancel is owed: to the cancel, or to one made before it."""
    answer, verb = seen.answer, seen.action.verb
    owed = attempt.cancel or Cancel(draft.now)
    name = attempt.external_id or attempt.idempotency_key
    if isinstance(answer, Started):
        draft.change_attempt(
            branch,
            attempt.attempt,
            index=index,
            status=B.RUNNING,
            external_id=answer.external_id,
            started_at=draft.now,
            start=StartFact.ANSWERED,
            cancel=replace(owed, next_at=draft.now),
        )
        return ("found" if verb == "find" else "started"), f"id {answer.external_id}", draft.now
    if isinstance(answer, Running):
        return "running", "running", None
    if isinstance(answer, Unreached):
        return _owed_still(draft, branch, index, attempt, seen, answer)
    if isinstance(answer, Nothing):
        confirm(draft, branch, index, attempt, f"{place(attempt)} has no work under {name}: nothing is to be stopped")
        return "nothing", "no work has this key", None
    if isinstance(answer, Stopped):
        confirm(draft, branch, index, attempt, f"{attempt.external_system} confirmed the cancel of {branch.id}")
        return "confirmed", "the cancel was confirmed", None
    if isinstance(answer, Failed) and verb == "start":
        text = f"{answer.type}: {answer.message}"
        if answer.type == "NoExternalId" or (answer.type in NEVER_SENT and attempt.start is StartFact.UNANSWERED):
            draft.change_attempt(branch, attempt.attempt, index=index, start=StartFact.UNANSWERED)
            branch = draft.branches[branch.id]
            give_up(draft, branch, index, attempt, f"no id of it is known: {answer.message[:500]}")
            return "failed", text, None
        confirm(draft, branch, index, attempt, f"{name} was refused before it could be cancelled: {text[:500]}")
        return "failed", text, None
    ended = (
        "had completed" if isinstance(answer, Completed) else "is lost" if isinstance(answer, Lost) else "had failed"
    )
    confirm(draft, branch, index, attempt, f"{name} {ended} before it was cancelled")
    return (
        ("completed" if isinstance(answer, Completed) else "lost" if isinstance(answer, Lost) else "failed"),
        ended,
        None,
    )


def _owed_still(draft: Draft, branch: Branch, index: int, attempt: Attempt, seen: Observed, answer: Unreached) -> Read:
    owed = attempt.cancel or Cancel(draft.now)
    if seen.action.verb == "start":
        sure = not answer.sent and attempt.start is not StartFact.UNANSWERED
        fact = StartFact.NOT_MADE if sure else StartFact.UNANSWERED
        draft.change_attempt(branch, attempt.attempt, index=index, start=fact, cancel=replace(owed, next_at=draft.now))
        return "unreachable", answer.message, draft.now
    tries = owed.tries + 1
    later = draft.now + timedelta(seconds=cancel_delay(tries))
    if not same_trouble(owed.problem, answer.message):
        message = f"the cancel of {branch.id} was not answered: {answer.message.rstrip('.')}; it is sent again"
        step = branch.steps[index].step_id
        draft.record("cancel_unanswered", message, branch, step=step, attempt=attempt.attempt)
    draft.change_attempt(
        branch,
        attempt.attempt,
        index=index,
        cancel=replace(owed, tries=tries, next_at=later, problem=answer.message),
    )
    return "unreachable", answer.message, later
