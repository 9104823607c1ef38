"""What operators may do to a run: pure rules that change a draft, or refuse with a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from runtime.engine.attempts import RESULT_BYTES
from runtime.engine.branch_ids import fork_id
from runtime.engine.cancelling import cancel_branch, owe_cancels
from runtime.engine.draft import Draft
from runtime.engine.moves import held_by
from runtime.engine.repair.reopening import reopen_path
from runtime.engine.repair.retry import failed_branches, retry, why_not_repairable
from runtime.engine.state_changes import STATE_BYTES, replace_state
from runtime.engine.step_visits import settle_by_hand
from runtime.errors import InvalidInput, NotFound, Refused
from runtime.flow.json_schema import check, check_json
from runtime.model.act import Hold
from runtime.model.branch import Attempt, Branch
from runtime.model.status import ENDED_RUN, RunStatus
from runtime.model.status import BranchStatus as B


def refuse_ended(draft: Draft, verb: str, *, failed_too: bool = False) -> None:
    """Refuse on a run that has ended; a failed run can still be repaired unless `failed_too`."""
    status = draft.run.status
    if status in (RunStatus.COMPLETED, RunStatus.CANCELLED) or (failed_too and status in ENDED_RUN):
        raise Refused(f"{draft.run.id} is {status}; nothing is left to {verb}.")


def run_hold(draft: Draft) -> Hold | None:
    """The hold by which the run itself is paused, if it is."""
    scope = f"run={draft.run.id}"
    return next((h for h in draft.holds if h.released_at is None and h.scope == scope), None)


def pause_run(draft: Draft) -> list[str]:
    """Refused when the run has ended for good, or is paused already."""
    known = run_hold(draft)
    if known is not None:
        raise Refused(held_already(known))
    refuse_ended(draft, "pause")
    return [f"Starts, polls, timers and schedules in run={draft.run.id} stop until it is released."]


def held_already(known: Hold) -> str:
    """The sentence about a hold that is there already."""
    return f"{known.scope} is held already, by {known.actor} since {known.at:%Y-%m-%d %H:%M:%S} UTC."


def resume_run(draft: Draft) -> list[str]:
    """End the pause; of a failed run retry what failed. Refused when the run is neither paused nor failed."""
    if run_hold(draft) is not None:
        return [f"Work in run={draft.run.id} goes on; overdue timers fire, polls spread over one interval."]
    if draft.run.status is not RunStatus.FAILED:
        raise Refused(
            f"{draft.run.id} is {draft.run.status}: it is neither paused nor failed, there is nothing to resume."
        )
    return retry(draft, None)


def poll_now(draft: Draft, branch_id: str | None) -> list[str]:
    """Make polls (and unanswered starts) due at once. Refused when nothing can be polled or it is held."""
    refuse_ended(draft, "poll")
    chosen = [draft.branches[branch_id]] if branch_id else list(draft.branches.values())
    polled: list[str] = []
    held: list[str] = []
    for branch in chosen:
        visit = branch.current
        if branch.status not in (B.RUNNING, B.STARTING) or visit is None or not visit.attempts:
            continue
        attempt = visit.attempts[-1]
        scope = held_by(draft, branch, attempt.external_system, attempt.target)
        if scope is not None:
            held.append(f"{branch.id} is held by {scope}")
            continue
        draft.change(branch, next_poll_at=draft.now)
        polled.append(f"{branch.id} is polled now ({attempt.external_id or 'start not answered yet'}).")
    if polled:
        return polled
    if held:
        raise Refused(f"Nothing is polled: {'; '.join(held)}. Release the hold first.")
    where = f"branch {branch_id} of {draft.run.id}" if branch_id else draft.run.id
    raise Refused(f"Nothing to poll in {where}: no external work is open there.")


def cancel_run(draft: Draft) -> list[str]:
    """End the run; external cancels are owed until they are answered. Refused when it ended already."""
    if draft.run.status in (RunStatus.COMPLETED, RunStatus.CANCELLED):
        raise Refused(f"{draft.run.id} is {draft.run.status}; there is nothing to cancel.")
    effects = []
    for branch in list(draft.branches.values()):
        if branch.status in (B.COMPLETED, B.SKIPPED, B.CANCELLED, B.SUPERSEDED):
            continue
        if branch.status is B.FAILED:
            continue
        jobs = [a for _, _, a in draft.open_attempts(branch) if a.cancel is None and a.external_system != "local"]
        cancel_branch(draft, branch, None)
        effects += [_stop_sentence(draft, draft.branches[branch.id], a) for a in jobs]
    draft.cancelled = True
    return [*effects, f"{draft.run.id} is cancelled."]


def _stop_sentence(draft: Draft, branch: Branch, attempt: Attempt) -> str:
    """What becomes of one piece of work when its branch is cancelled."""
    step = next(
        (v.step_id for v in branch.steps if attempt.idempotency_key in (a.idempotency_key for a in v.attempts)), ""
    )
    binding = draft.program.bindings.get(step)
    name = attempt.external_id or attempt.idempotency_key
    if attempt.external_id is not None and binding is not None and not binding.cancels:
        return f"Nobody can stop {name} of {branch.id}: the binding of {step} has no cancel. It may run on."
    if attempt.external_id is None and binding is not None and not binding.finds:
        return f"{name} of {branch.id} has no id yet: it is stopped if its start is answered, and may run on if not."
    return f"{attempt.external_system} is asked to stop {name} of {branch.id}."


def skip(draft: Draft, branch_id: str, result: Any) -> list[str]:
    """Settle the step a branch stands on by hand; its result is checked against the step's schema."""
    if draft.cancelled:
        raise Refused(f"{draft.run.id} was cancelled; nothing in it can be skipped.")
    branch = draft.branches[branch_id]
    visit = branch.current
    if branch.open_fork is not None:
        raise Refused(f"{branch_id} waits behind the fork {branch.open_fork}; skip one of its branches instead.")
    if visit is None or branch.status not in (
        B.PENDING,
        B.STARTING,
        B.UNCONFIRMED,
        B.RUNNING,
        B.WAITING,
        B.AWAITING_RETRY,
        B.FAILED,
    ):
        raise Refused(f"{branch_id} is {branch.status}; there is no open step to skip in it.")
    problem = why_not_repairable(draft, branch) if branch.status is B.FAILED else None
    if problem is not None:
        raise Refused(f"{branch_id} cannot be skipped: {problem}.")
    step = draft.program.step(branch.step_id)
    schema = step.event_schema if step.type == "waitForEvent" else step.result_schema
    value = check_json(result, RESULT_BYTES, "the result")
    if schema is not None and not (step.for_each and branch.kind != "item"):
        wrong = check(schema, value)
        if wrong:
            raise InvalidInput(f"The result for {step.id} does not fit its schema: {'; '.join(wrong)}")
    effects: list[str] = []
    if branch.status is B.FAILED:
        effects = reopen_path(draft, branch)
        branch = draft.branches[branch_id]
    if visit.items is not None:
        fork = fork_id(branch.id, visit.step_id, visit.visit)
        for item in [b for b in draft.branches.values() if b.kind == "item" and b.fork == fork]:
            if item.status not in (B.COMPLETED, B.SKIPPED, B.FAILED, B.CANCELLED, B.SUPERSEDED):
                cancel_branch(draft, item, f"{visit.step_id}@{visit.visit}")
    branch = owe_cancels(draft, draft.branches[branch_id])
    settle_by_hand(draft, branch, value, B.SKIPPED)
    draft.failure = None
    draft.record("skipped", f"{branch_id} was settled by hand at {step.id}", branch)
    return [*effects, f"{branch_id} goes on from {step.id} with the result given by hand."]


def send_event(draft: Draft, event: str, payload: Any, branch_id: str | None) -> list[str]:
    """Answer an open `waitForEvent`. NotFound for an unknown name, Refused when none or several are open."""
    known = {s.event or s.id: s for s in draft.program.flow.steps if s.type == "waitForEvent"}
    if event not in known:
        names = ", ".join(sorted(known)) or "none"
        raise NotFound(f"{draft.run.workflow} waits for no event {event!r}; it knows: {names}.")
    open_waits = [
        b
        for b in draft.branches.values()
        if b.status is B.WAITING and b.current is not None and b.current.event == event
    ]
    if branch_id is not None:
        open_waits = [b for b in open_waits if b.id == branch_id]
    if not open_waits:
        raise Refused(f"The event {event} is not open in {draft.run.id}: not yet awaited, or answered already.")
    if len(open_waits) > 1:
        ids = ", ".join(b.id for b in open_waits)
        raise Refused(f"{len(open_waits)} branches wait for {event}; choose one with --branch: {ids}.")
    branch = open_waits[0]
    value = check_json(payload, RESULT_BYTES, "the payload")
    schema = draft.program.step(branch.step_id).event_schema
    wrong = check(schema, value) if schema is not None else []
    if wrong:
        raise InvalidInput(f"The payload of {event} does not fit its schema: {'; '.join(wrong)}")
    settle_by_hand(draft, branch, value)
    draft.record("event", f"the event {event} was received", branch)
    return [f"{branch.id} goes on from {branch.step_id}."]


def edit_state(draft: Draft, state: Any) -> list[str]:
    """Replace the state, checked against the schema of the flow; possible as long as the run goes on or can be retried.

    Refused when the run was cancelled, or has completed without a failure that can be repaired.
    """
    if draft.cancelled or not failed_branches(draft):
        refuse_ended(draft, "edit")
    if not isinstance(state, Mapping):
        raise InvalidInput("The state must be a JSON object.")
    value = check_json(dict(state), STATE_BYTES, "the state")
    wrong = check(draft.program.flow.state_schema, value)
    if wrong:
        raise InvalidInput(f"The state does not fit globalStateSchema: {'; '.join(wrong)}")
    differ = replace_state(draft, value)
    draft.record("edited", f"the state was edited: {', '.join(differ) or 'nothing changed'}")
    return [f"State changes: {', '.join(differ) or 'none'}."]


def set_wake(draft: Draft, at: datetime) -> list[str]:
    """Bring every next poll, retry and start of the run to one moment; timers and timeouts keep theirs."""
    refuse_ended(draft, "wake", failed_too=True)
    effects = []
    for branch in list(draft.branches.values()):
        if branch.status in (B.RUNNING, B.STARTING) and branch.current and branch.current.attempts:
            if branch.open_fork is None:
                draft.change(branch, next_poll_at=at)
                effects.append(f"{branch.id} is polled at {at.isoformat(timespec='seconds')}.")
        elif branch.status is B.AWAITING_RETRY and branch.retry_at is not None:
            draft.change(branch, retry_at=at)
            effects.append(f"{branch.id} is retried at {at.isoformat(timespec='seconds')}.")
    if not effects:
        raise Refused(f"{draft.run.id} has no poll or retry whose time could be set.")
    return effects


def acknowledge(draft: Draft, branch_id: str | None, note: str) -> list[str]:
    """Take a run, or one branch, out of needs attention until it changes."""
    if branch_id is not None:
        draft.change(draft.branches[branch_id], acknowledged=note)
    draft.run = replace(draft.run, acknowledged=note)
    draft.record("acknowledged", f"acknowledged: {note}", draft.branches.get(branch_id or ""))
    return [f"{branch_id or draft.run.id} leaves needs attention until it changes."]


def what_is_seen(draft: Draft, branch: Branch | None) -> dict[str, Any]:
    """What an act states it saw: run status, and the status and attempt of its branch."""
    seen: dict[str, Any] = {"run_status": str(draft.run.status)}
    if branch is not None:
        visit = branch.current
        seen["branch_status"] = str(branch.status)
        seen["attempt"] = visit.attempts[-1].attempt if visit and visit.attempts else 0
    return seen
