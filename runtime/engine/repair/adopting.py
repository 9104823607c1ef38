"""Adopting: work that runs outside already is taken as the work of an attempt, by the id an operator gives."""

from __future__ import annotations

from runtime.engine.doubt import place
from runtime.engine.draft import Draft
from runtime.engine.repair.reopening import reopen_path
from runtime.engine.repair.retry import why_not_repairable
from runtime.engine.sealing import seal
from runtime.engine.start_answers import started
from runtime.errors import InvalidInput, Refused
from runtime.model.branch import Attempt, Branch
from runtime.model.external_id import ID_LIMIT, usable_id
from runtime.model.status import BranchStatus as B
from runtime.model.status import ObservationState, StartFact

STATUSES = (B.UNCONFIRMED, B.STARTING, B.FAILED, B.AWAITING_RETRY)


def adopt(draft: Draft, branch_id: str, external_id: str) -> list[str]:
    """Poll the work of this id as that of the branch's last attempt; nothing is started.

    Refused where no start was written down yet, one is under way, or the branch has work it is polled as.
    """
    if draft.cancelled:
        raise Refused(f"{draft.run.id} was cancelled; nothing in it can be adopted. Restart it as a new run.")
    wanted = usable_id(external_id)
    if wanted is None or any(ord(char) < 32 or ord(char) == 127 for char in wanted):
        raise InvalidInput(f"An external id is a text of 1 to {ID_LIMIT:,} characters, without control characters.")
    wanted = seal(wanted.strip(), {}) or wanted.strip()
    branch = draft.branches[branch_id]
    attempt = _attempt(draft, branch)
    _refuse_known(draft, branch, attempt, wanted)
    effects: list[str] = []
    if branch.status is B.FAILED:
        problem = why_not_repairable(draft, branch)
        if problem is not None:
            raise Refused(f"{branch_id} cannot adopt anything: {problem}.")
        effects = reopen_path(draft, branch)
        branch = draft.branches[branch_id]
    draft.failure = None
    branch = draft.change_attempt(
        branch, attempt.attempt, failure=None, cancel=None, ended_at=None, requested_at=draft.now
    )
    branch = draft.change_visit(branch, failure=None, ended_at=None, budget_from=attempt.attempt, budget_at=draft.now)
    branch = draft.change(branch, retry_at=None, expired=False, acknowledged=None)
    started(draft, branch, attempt, wanted, how="was adopted")
    draft.change(draft.branches[branch_id], next_poll_at=draft.now)
    return [*effects, f"{branch_id} is polled as {place(attempt)} {wanted} from now on; nothing is started."]


def _attempt(draft: Draft, branch: Branch) -> Attempt:
    visit = branch.current
    if branch.status is B.SUPERSEDED:
        raise Refused(f"{branch.id} was superseded by an earlier repair; it adopts nothing any more.")
    if visit is None or not visit.attempts or visit.recorded:
        raise Refused(f"{branch.id} is {branch.status} and has started nothing outside that could be adopted.")
    attempt = visit.attempts[-1]
    if attempt.external_system == "local":
        raise Refused(f"{visit.step_id} is Python code that runs here; there is no work outside to adopt.")
    lost = branch.observation is not None and branch.observation.state is ObservationState.LOST
    if branch.status is B.RUNNING and lost:
        return attempt
    if branch.status is B.RUNNING:
        raise Refused(f"{branch.id} is polled as {attempt.external_id} already; cancel that first.")
    if branch.status not in STATUSES:
        raise Refused(f"{branch.id} is {branch.status}; there is no start in it that could be adopted.")
    if branch.status is B.STARTING and attempt.start is StartFact.INTENDED:
        raise Refused(f"The start of {branch.id} is under way; wait for its answer, then look again.")
    return attempt


def _refuse_known(draft: Draft, branch: Branch, attempt: Attempt, external_id: str) -> None:
    """One piece of work belongs to one attempt of a run."""
    for other in draft.branches.values():
        for visit in other.steps:
            for known in visit.attempts:
                if (
                    known.external_id == external_id
                    and (known.external_system, known.target) == (attempt.external_system, attempt.target)
                    and known.idempotency_key != attempt.idempotency_key
                ):
                    raise Refused(f"{external_id} is the work of {other.id} already, attempt {known.attempt}.")
