"""The intents of a retry: what each means for a branch, which the engine refuses, which the system has ruled out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from console.dialogs.plan import Option
from console.panes.branches import last_attempt

if TYPE_CHECKING:
    from runtime.operations.records import Branch, Question
    from runtime.operations.run_detail import RunDetail, Verdict

INTENTS = ("new-attempt", "same-key", "reattach", "cancel-first")
NOTHING_RUNS = "not needed: nothing runs"


def retries(detail: RunDetail, branch: Branch) -> Mapping[str, Verdict]:
    """What the engine says to each intent for this branch."""
    return {intent: detail.allowed.retry(branch, intent) for intent in INTENTS}


def intents(detail: RunDetail, branch: Branch) -> tuple[tuple[Option, ...], str]:
    """The four intents with what they mean here, and the one to begin with."""
    attempt = last_attempt(branch)
    number = attempt.attempt if attempt else 0
    told = {
        "new-attempt": f"start again as attempt {number + 1}, with a new key",
        "same-key": "start again with the old key",
        "reattach": "start nothing, poll the known id again",
        "cancel-first": "cancel the old job, then start again",
    }
    verdicts = retries(detail, branch)
    options = tuple(Option(i, told[i], "" if verdicts[i] else f"not possible: {verdicts[i].refusal}") for i in INTENTS)
    if branch.status == "failed" and attempt is None:
        none = "not needed: nothing was started"
        options = ruled_out(options, {"same-key": none, "reattach": none, "cancel-first": NOTHING_RUNS})
    elif branch.status == "failed" and attempt is not None and attempt.external_id is None:
        options = ruled_out(options, {"cancel-first": NOTHING_RUNS})
    possible = [o.value for o in options if not o.problem]
    unsure = branch.observation is not None and str(branch.observation.state) != "fresh"
    wanted = ["same-key"] if unsure and attempt is not None and attempt.external_id is None else ["new-attempt"]
    return options, next((i for i in (*wanted, *possible) if i in possible), "new-attempt")


def after_asking(
    options: tuple[Option, ...], preset: str, branch: Branch, question: Question
) -> tuple[tuple[Option, ...], str]:
    """The intents that are left after the system was asked, and the one that fits best.

    Still running: take the job again. Ended: a new attempt. Not reached: the old key, which starts nothing twice.
    """
    attempt = last_attempt(branch)
    name = attempt.external_id if attempt and attempt.external_id else "the old job"
    ended = {"reattach": f"not possible: {name} has ended", "cancel-first": NOTHING_RUNS}
    unknown = {"reattach": f"not possible: {name} is not known there", "cancel-first": NOTHING_RUNS}
    problems, wanted = {
        "running": ({"new-attempt": f"not possible: {name} still runs"}, "reattach"),
        "completed": ({"cancel-first": NOTHING_RUNS}, "reattach"),
        "failed": (ended, "new-attempt"),
        "lost": (unknown, "new-attempt"),
        "unreachable": ({}, "same-key"),
    }.get("unreachable" if question.problem else question.reading, ({}, preset))
    left = ruled_out(options, problems)
    possible = [o.value for o in left if not o.problem]
    return left, next((i for i in (wanted, preset, *possible) if i in possible), preset)


def ruled_out(options: tuple[Option, ...], problems: Mapping[str, str]) -> tuple[Option, ...]:
    """Options, some of them with a reason why they are not possible now."""
    return tuple(replace(o, problem=o.problem or problems.get(o.value, "")) for o in options)
