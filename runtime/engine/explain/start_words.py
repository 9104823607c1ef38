"""Starts without an answer, and cancels that are owed, in words."""

from __future__ import annotations

from runtime.engine.doubt import place
from runtime.engine.draft import Draft
from runtime.engine.explain.words import span
from runtime.model.branch import Attempt, Branch, Cancel
from runtime.model.status import StartFact

_MADE = {
    StartFact.NOT_MADE: "nothing was started",
    StartFact.UNANSWERED: "it may have been started",
}


def starting_words(draft: Draft, branch: Branch, attempt: Attempt, name: str) -> list[str]:
    """What a branch that is being started waits for: tries, the last answer, whether it was made, the next try."""
    found = [f"{name}is being started on {place(attempt)}"]
    problem, seen = branch.last_poll_failure, branch.observation
    if problem is None:
        if attempt.start is StartFact.UNANSWERED:
            found[0] += f" under the key {attempt.idempotency_key}"
            found.append("it may have been started, and is looked for")
        return found
    tries = seen.missed if seen is not None else 1
    found.append(f"{tries} tr{'y' if tries == 1 else 'ies'}, the last was not answered: {_trimmed(problem.message)}")
    if made := _MADE.get(attempt.start):
        found.append(made)
    if branch.next_poll_at is not None:
        found.append(f"next try in {span(max(0.0, (branch.next_poll_at - draft.now).total_seconds()))}")
    return found


def _trimmed(message: str) -> str:
    return message[:300].rstrip(".")


def cancel_words(attempt: Attempt, owed: Cancel) -> str:
    """A cancel that is owed, or that nobody can carry out, as a sentence."""
    name = attempt.external_id or attempt.idempotency_key
    if owed.unable_at is not None:
        return f"Nobody can carry out the cancel of {name} on {place(attempt)}: {(owed.problem or '').rstrip('.')}."
    because = f": {owed.problem.rstrip('.')}" if owed.problem else ""
    return f"A cancel of {name} is owed to {attempt.external_system}, {owed.tries} tries{because}."
