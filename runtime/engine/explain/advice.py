"""What an operator can do about a run now, as commands that are accepted as they stand."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from runtime.engine.draft import Draft
from runtime.engine.explain.branch_work import at_work, failures
from runtime.engine.repair.allowed import Verdicts
from runtime.engine.repair.controls import send_event, skip
from runtime.flow.sample import NoSample, sample
from runtime.model.branch import Branch
from runtime.model.status import BranchStatus as B
from runtime.model.status import ObservationState, RunStatus

Words = tuple[str, ...]
REASON = "settled by hand"
ADVISED = 3
"""Failed branches whose repair is spelt out, one by one."""
INTENTS = ("new-attempt", "reattach", "same-key", "cancel-first")


def advice(draft: Draft, allowed: Verdicts) -> list[Words]:
    """Commands that help the run on, the most fitting first."""
    run = draft.run
    failed = failures(draft.branches, draft.visits)
    can: list[Words] = []
    if run.status is RunStatus.PAUSED and allowed.run("resume"):
        can.append(("forkjoin", "resume", run.id))
    if (draft.failure is not None or len(failed) > ADVISED) and allowed.run("retry"):
        can.append(("forkjoin", "retry", run.id))
    for branch in failed[:ADVISED]:
        can += [w for w in (retry_words(allowed, branch), skip_words(draft, allowed, branch)) if w is not None]
    for branch in draft.in_order([b for b in draft.branches.values() if b.status is B.UNCONFIRMED])[:ADVISED]:
        can += anew_words(draft, allowed, branch)
    can += send_words(draft, allowed)
    if allowed.run("poll"):
        can.append(("forkjoin", "poll", run.id))
    for branch in draft.in_order(at_work(draft.branches))[:ADVISED]:
        if _unseen(branch) and allowed.retry(branch, "cancel-first"):
            can.append(("forkjoin", "retry", run.id, branch.id, "--intent", "cancel-first"))
    if not can and run.status in (RunStatus.CANCELLED, RunStatus.FAILED) and allowed.restart():
        can.append(("forkjoin", "restart", run.id))
    return can


def retry_words(allowed: Verdicts, branch: Branch) -> Words | None:
    """The retry of a branch with the first intent that is accepted; None if none is."""
    for intent in INTENTS:
        if allowed.retry(branch, intent):
            words = ("forkjoin", "retry", branch.run_id, branch.id)
            return words if intent == "new-attempt" else (*words, "--intent", intent)
    return None


def anew_words(draft: Draft, allowed: Verdicts, branch: Branch) -> list[Words]:
    """Starting an unconfirmed branch anew, or settling it by hand; adopting needs an id that only people know."""
    words = ("forkjoin", "retry", branch.run_id, branch.id)
    found: list[Words] = [(*words, "--intent", "same-key")] if allowed.retry(branch, "same-key") else []
    found += [(*words, "--force")] if allowed.retry(branch, force=True) else []
    skipped = skip_words(draft, allowed, branch)
    return [*found, *([skipped] if skipped is not None else [])]


def skip_words(draft: Draft, allowed: Verdicts, branch: Branch) -> Words | None:
    """Settling the step of a branch by hand, with a result that is accepted; None if it cannot be."""
    if not allowed.skip(branch):
        return None
    step = draft.program.step(branch.step_id)
    schema = step.event_schema if step.type == "waitForEvent" else step.result_schema
    result = _sample(None if step.for_each and branch.kind != "item" else schema)
    if not allowed.accepts(lambda d: skip(d, branch.id, result)):
        return None
    return ("forkjoin", "skip", branch.run_id, branch.id, *_given("--result", result), "--reason", REASON)


def send_words(draft: Draft, allowed: Verdicts) -> list[Words]:
    """Answers to the events that are open, with `--branch` where several branches wait for one name."""
    waits = [(b, b.current.event) for b in draft.branches.values() if b.status is B.WAITING and b.current]
    names = [event for _, event in waits]
    told: list[Words] = []
    for branch, event in waits:
        payload = _sample(draft.program.step(branch.step_id).event_schema)
        rule = partial(send_event, event=event or "", payload=payload, branch_id=branch.id)
        if event is None or not allowed.accepts(rule):
            continue
        options = (*(("--branch", branch.id) if names.count(event) > 1 else ()), *_given("--payload", payload))
        # What begins with a dash would be taken for an option.
        named = ("--", branch.run_id, event) if event.startswith("-") else None
        told.append(("forkjoin", "send", *((*options, *named) if named else (branch.run_id, event, *options))))
    return told


def _sample(schema: object) -> Any:
    """A value that fits, null where nothing is asked for or none is known."""
    try:
        return None if schema is None else sample(schema)
    except NoSample:
        return None


def _given(option: str, value: Any) -> Words:
    """An option with a JSON value; null is what it has without."""
    return () if value is None else (option, json.dumps(value))


def _unseen(branch: Branch) -> bool:
    seen = branch.observation
    return branch.status is B.RUNNING and seen is not None and seen.state is not ObservationState.FRESH
