"""The two ends of the profile update: what is announced at the fork, and what is made of it at the join."""

from __future__ import annotations

from forkjoin.authoring import Completed, Settled, TaskRequest, task

STATE_KEYS = {"update-search-index": "searchIndexStatus", "send-email-notification": "emailNotificationStatus"}


@task("fork-tasks")
def announce(request: TaskRequest) -> Completed:
    """Mark both parts of the update as pending before the branches begin."""
    pending = dict.fromkeys(STATE_KEYS.values(), "pending")
    return Completed(state={**pending, "profileStatus": "updating"})


@task("join-tasks")
def finalize(request: TaskRequest) -> Completed:
    """Write into the state what each branch came to; a failed branch does not undo the other."""
    came_to = {branch.step_id: _came_to(branch) for branch in request.settled}
    state = {STATE_KEYS[step_id]: said for step_id, said in came_to.items() if step_id in STATE_KEYS}
    whole = all(said in ("completed", "skipped") for said in came_to.values())
    branches = [
        {
            "step": branch.step_id,
            "status": branch.status,
            "result": branch.result,
            "failure": dict(branch.failure) if branch.failure and branch.status == "failed" else None,
        }
        for branch in request.settled
    ]
    return Completed({"branches": branches}, {**state, "profileStatus": "updated" if whole else "partly updated"})


def _came_to(branch: Settled) -> str:
    if branch.status == "failed" and branch.failure:
        return f"failed: {branch.failure['message']}"
    return branch.status
