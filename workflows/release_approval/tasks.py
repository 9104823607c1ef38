"""What the release makes of an approval, a refusal, or no answer at all."""

from __future__ import annotations

from forkjoin.authoring import Completed, TaskRequest, task


@task("decide")
def decide(request: TaskRequest) -> Completed:
    """Take down who decided what; the first branch at the join decides, a deadline counts as a refusal."""
    answers = [branch.result for branch in request.settled if branch.step_id == "approve"]
    answer = next((given for given in answers if isinstance(given, dict)), None)
    if answer is None:
        decision = {"approved": False, "decidedBy": "deadline", "note": "nobody answered in time"}
    else:
        decision = {"approved": answer["approved"], "decidedBy": answer["by"], "note": answer.get("note", "")}
    return Completed(decision, state=decision)


@task("close")
def close(request: TaskRequest) -> Completed:
    """Write down whether the release went out."""
    outcome = "deployed" if request.state["approved"] else "not deployed"
    return Completed({"outcome": outcome}, state={"outcome": outcome})
