"""An operator's question whether a system has the work of a key; nothing is started or changed by it."""

from __future__ import annotations

import msgspec

from runtime.engine.doubt import place
from runtime.engine.draft import Draft
from runtime.engine.observed import Answer, Nothing, Unreached
from runtime.engine.plan import Action
from runtime.errors import Refused
from runtime.model.branch import Attempt, Branch
from runtime.model.task import Completed, Failed, Started


def last_attempt(branch: Branch) -> tuple[str, int, Attempt]:
    """Step, visit and last attempt of a branch; Refused where it has started nothing."""
    visit = next((v for v in reversed(branch.steps) if v.attempts), None)
    if visit is None:
        raise Refused(f"{branch.id} has started nothing outside, so there is nothing to find.")
    return visit.step_id, visit.visit, visit.attempts[-1]


def find_action(draft: Draft, branch: Branch) -> Action:
    """The call that asks for the work of a branch's last key; Refused where the system cannot be asked."""
    step, visit, attempt = last_attempt(branch)
    binding = draft.program.bindings.get(step)
    if binding is None or not binding.finds:
        raise Refused(
            f"{place(attempt)} cannot be asked for the work of a key: the task of {step} has no find. Look there "
            f"yourself for {attempt.idempotency_key}; if it runs, forkjoin adopt {draft.run.id} {branch.id} "
            "--external-id ID takes it."
        )
    return Action("find", branch.id, step, visit, attempt.attempt, attempt.external_system, attempt.target)


class Found(msgspec.Struct, frozen=True):
    """What came of the question."""

    reading: str
    """found, nothing, completed, failed or unreachable."""
    text: str
    """Sentences, with the way on."""
    external_id: str = ""
    """What the system calls the work, if it was found."""


def found_words(draft: Draft, branch: Branch, answer: Answer) -> Found:
    """What the system has under the key of a branch's last attempt."""
    _, _, attempt = last_attempt(branch)
    where, key = place(attempt), attempt.idempotency_key
    if isinstance(answer, Started):
        known = answer.external_id or ""
        if known == attempt.external_id:
            return Found("found", f"{where} has {known} under the key {key}, as is known.", known)
        take = f"forkjoin adopt {draft.run.id} {branch.id} --external-id {known}"
        return Found("found", f"{where} has {known} under the key {key}. {take} takes it.", known)
    if isinstance(answer, Nothing):
        anew = f"forkjoin retry {draft.run.id} {branch.id} --intent same-key"
        return Found("nothing", f"{where} has no work under the key {key}. {anew} starts it.")
    if isinstance(answer, Completed):
        return Found("completed", f"The work of {key} on {where} has completed.")
    if isinstance(answer, Failed):
        return Found("failed", f"The work of {key} on {where} has failed: {answer.type}: {answer.message}")
    said = answer.message if isinstance(answer, Unreached) else "its answer could not be read"
    return Found("unreachable", f"{where} could not be asked: {said}")
