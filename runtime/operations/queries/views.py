"""Records as the JSON of the command line: stable keys, moments as UTC ISO 8601 (docs/command-line.md, JSON)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from runtime.model.act import Act, Hold
from runtime.model.branch import Attempt, Branch, Failure, StepVisit
from runtime.model.codec import to_document
from runtime.model.explanation import Explanation, JoinState
from runtime.model.heartbeat import heartbeat_document
from runtime.model.run import HistoryEntry, Poll, Run
from runtime.model.status import RunStatus
from runtime.model.stored import Stored
from runtime.operations.queries.branch_names import branch_name, branch_path

if TYPE_CHECKING:
    from runtime.operations.queries.wakes import Wake
    from runtime.operations.queries.workflows import WorkflowState


def moment(at: datetime | None) -> str | None:
    """A moment as UTC ISO 8601."""
    return None if at is None else at.isoformat().replace("+00:00", "Z")


def failure_view(failure: Failure | None) -> dict[str, Any] | None:
    """type, message, details, retryable, at."""
    if failure is None:
        return None
    return {
        "type": failure.type,
        "message": failure.message,
        "details": failure.details,
        "retryable": failure.retryable,
        "at": moment(failure.at),
    }


def failure_of(run: Run) -> Failure | None:
    """What a run failed with; never None of a failed one, not even if it was saved before causes were kept."""
    if run.status is not RunStatus.FAILED:
        return run.failure
    at = run.ended_at or run.updated_at
    return run.failure or run.cause or Failure("BranchFailed", run.why or "No token of the run can move.", at)


def list_view(run: Run) -> dict[str, Any]:
    """A run as `list` shows it."""
    return {
        "id": run.id,
        "flow": {"id": run.flow_id, "version": run.flow_version},
        "workflow": run.workflow,
        "status": str(run.status),
        "revision": run.revision,
        "simulated": run.simulated,
        "labels": dict(run.labels),
        "created_at": moment(run.created_at),
        "updated_at": moment(run.updated_at),
        "ended_at": moment(run.ended_at),
        "next_wake_at": moment(run.next_wake_at),
        "wake_reason": run.wake_reason,
        "held": run.held,
        "why": run.why,
        "failure": failure_view(failure_of(run)),
        "failed_branches": run.failed_branches,
        "branch_counts": dict(run.branch_counts),
        "restarted_from": run.restarted_from,
        "acknowledged": run.acknowledged,
    }


def run_view(stored: Stored, joins: list[JoinState]) -> dict[str, Any]:
    """A run as `show` shows it."""
    from runtime.engine.results import results

    return {
        **list_view(stored.run),
        "state": dict(stored.run.state),
        "input": dict(stored.run.input),
        "results": results(stored.branches),
        "branches": [branch_view(b, stored.branches) for b in stored.branches.values()],
        "joins": [join_view(j) for j in joins],
    }


def branch_view(branch: Branch, branches: Mapping[str, Branch]) -> dict[str, Any]:
    """A branch with every step visit and attempt."""
    visit = branch.current or (branch.steps[-1] if branch.steps else None)
    attempt = visit.attempts[-1] if visit and visit.attempts else None
    seen = branch.observation
    return {
        "id": branch.id,
        "name": branch_name(branch.id),
        "path": branch_path(branch, branches),
        "step_id": branch.step_id,
        "visit": branch.visit,
        "status": str(branch.status),
        "attempt": attempt.attempt if attempt else 0,
        "external_system": attempt.external_system if attempt else None,
        "target": attempt.target if attempt else None,
        "external_id": attempt.external_id if attempt else None,
        "idempotency_key": attempt.idempotency_key if attempt else None,
        "observation": {"state": str(seen.state), "seen_at": moment(seen.seen_at), "missed": seen.missed}
        if seen
        else None,
        "last_poll_failure": failure_view(branch.last_poll_failure),
        "last_polled_at": moment(branch.last_polled_at),
        "next_poll_at": moment(branch.next_poll_at),
        "polls": branch.polls,
        "progress": attempt.progress if attempt else None,
        "doubt": attempt.doubt if attempt else None,
        "waiting_for": waiting_for(branch, visit),
        "held_by": branch.held_by,
        "item": branch.item,
        "index": branch.index,
        "result": visit.result if visit else None,
        "failure": failure_view(visit.failure if visit else None),
        "steps": [visit_view(v) for v in branch.steps],
    }


def waiting_for(branch: Branch, visit: StepVisit | None) -> str | None:
    """What the branch waits for: an event, a moment, a fork, a join; None when it works or has ended."""
    if branch.open_fork is not None and branch.status == "running":
        return f"fork {branch.open_fork}"
    if branch.status == "arrived":
        return f"join {branch.step_id}"
    if branch.status == "awaiting_retry":
        return f"retry at {moment(branch.retry_at)}" if branch.retry_at else "cancel of the old job"
    if branch.status == "waiting" and visit is not None:
        return f"event {visit.event}" if visit.event else f"timer at {moment(visit.due_at)}"
    return None


def visit_view(visit: StepVisit) -> dict[str, Any]:
    """One entry of a step with its attempts."""
    return {
        "step_id": visit.step_id,
        "visit": visit.visit,
        "status": str(visit.status),
        "entered_at": moment(visit.entered_at),
        "ended_at": moment(visit.ended_at),
        "due_at": moment(visit.due_at),
        "event": visit.event,
        "result": visit.result,
        "failure": failure_view(visit.failure),
        "attempts": [attempt_view(a) for a in visit.attempts],
    }


def attempt_view(attempt: Attempt) -> dict[str, Any]:
    """One start of one task."""
    owed = attempt.cancel
    return {
        "attempt": attempt.attempt,
        "status": str(attempt.status),
        "external_system": attempt.external_system,
        "target": attempt.target,
        "external_id": attempt.external_id,
        "idempotency_key": attempt.idempotency_key,
        "requested_at": moment(attempt.requested_at),
        "started_at": moment(attempt.started_at),
        "ended_at": moment(attempt.ended_at),
        "start": str(attempt.start),
        "failure": failure_view(attempt.failure),
        "cancel": None
        if owed is None
        else {
            "requested_at": moment(owed.requested_at),
            "confirmed_at": moment(owed.confirmed_at),
            "unable_at": moment(owed.unable_at),
            "tries": owed.tries,
            "problem": owed.problem,
        },
    }


def join_view(join: JoinState) -> dict[str, Any]:
    """A join as it stands."""
    return {
        "step_id": join.step_id,
        "visit": join.visit,
        "policy": join.policy,
        "needed": join.needed,
        "arrived": join.arrived,
        "failed": join.failed,
        "open": join.expected,
        "held": join.held,
        "fired_at": moment(join.fired_at),
    }


def why_view(found: Explanation) -> dict[str, Any]:
    """Why a run is not done, as `why` shows it."""
    beat = {} if found.scheduler is None else heartbeat_document(found.scheduler)
    return {
        "run": found.run,
        "status": str(found.status),
        "sentences": found.sentences,
        "joins": [join_view(join) for join in found.joins],
        "branches": [to_document(branch) for branch in found.branches],
        "holds": [hold_view(hold) for hold in found.holds],
        "scheduler": {**beat, "alive": found.alive},
    }


def poll_view(poll: Poll) -> dict[str, Any]:
    """One poll of the ledger."""
    return {
        "at": moment(poll.at),
        "branch": poll.branch,
        "attempt": poll.attempt,
        "took_ms": round(poll.took_ms, 3),
        "answer": poll.answer,
        "reading": poll.reading,
        "next_poll_at": moment(poll.next_poll_at),
        "verb": poll.verb,
    }


def history_view(entry: HistoryEntry) -> dict[str, Any]:
    """One thing that happened."""
    return {
        "at": moment(entry.at),
        "kind": entry.kind,
        "branch": entry.branch,
        "step": entry.step,
        "attempt": entry.attempt,
        "message": entry.message,
        "data": entry.data,
    }


def act_view(act: Act) -> dict[str, Any]:
    """Who did what, when, why."""
    return {
        "id": act.id,
        "at": moment(act.at),
        "due_at": moment(act.due_at),
        "actor": act.actor,
        "source": act.source,
        "verb": act.verb,
        "target": act.target,
        "reason": act.reason,
        "arguments": act.arguments,
        "before": act.before,
        "after": act.after,
        "outcome": act.outcome,
    }


def hold_view(hold: Hold) -> dict[str, Any]:
    """A durable stop."""
    return {
        "scope": hold.scope,
        "reason": hold.reason,
        "actor": hold.actor,
        "at": moment(hold.at),
        "clocks": hold.clocks,
    }


def wake_view(wake: Wake) -> dict[str, Any]:
    """One line of the wake board."""
    return {"run": wake.run_id, "at": moment(wake.at), "reason": wake.reason, "late_s": round(wake.late_seconds, 3)}


def workflow_view(state: WorkflowState) -> dict[str, Any]:
    """A workflow as `flows` shows it."""
    return {
        "workflow": state.workflow,
        "id": state.flow_id,
        "version": state.version,
        "name": state.name,
        "path": str(state.path),
        "tasks": list(state.tasks),
        "schedule": None if state.schedule is None else dict(state.schedule),
        "schedule_enabled": state.schedule_enabled,
        "problems": list(state.problems),
        "unbound": list(state.unbound),
        "warnings": list(state.warnings),
    }
