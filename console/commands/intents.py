"""The intents of a retry: what each means for a branch, which the engine refuses, which the system has ruled out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from console.attempts import last_attempt
from console.dialogs.act_form import Option
from runtime.acts.retry import INTENTS, Retry

if TYPE_CHECKING:
    from runtime.acts.base import Verdict
    from runtime.operations.queries.run_detail import RunDetail
    from runtime.operations.records import Branch, Question

BESIDE = "anew"
"""The choice that starts new work although the old may still run: a new attempt by force."""
NOTHING_RUNS = "not needed: nothing runs"


def retries(detail: RunDetail, branch: Branch) -> Mapping[str, Verdict]:
    """What the engine says to each intent for this branch; `anew` where only that makes a new attempt possible."""
    found = {intent: detail.allowed.retry(branch, intent) for intent in INTENTS}
    if not found["new-attempt"] and (forced := detail.allowed.retry(branch, force=True)):
        found[BESIDE] = forced
    return found


def retry_of(branch: Branch, option: str) -> Retry:
    """The act for a choice."""
    return Retry(branch=branch.id, intent="new-attempt" if option == BESIDE else option, force=option == BESIDE)


def intent_words(option: str) -> tuple[str, ...]:
    """Words of the equal command for a choice."""
    return ("--force",) if option == BESIDE else ("--intent", option)


def intents(detail: RunDetail, branch: Branch) -> tuple[tuple[Option, ...], str]:
    """The four intents with what they mean here, and the one to begin with."""
    attempt = last_attempt(branch)
    number = attempt.attempt if attempt else 0
    told = {
        "new-attempt": f"start again as attempt {number + 1}, with a new key",
        "same-key": "start again with the old key",
        "reattach": "start nothing, poll the known id again",
        "cancel-first": "cancel the old job, then start again",
        BESIDE: f"start attempt {number + 1} with a new key beside the old work, which may still run",
    }
    verdicts = retries(detail, branch)
    options = tuple(Option(i, told[i], "" if verdicts[i] else f"not possible: {verdicts[i].refusal}") for i in verdicts)
    if branch.status == "failed" and attempt is None:
        none = "not needed: nothing was started"
        options = ruled_out(options, {"same-key": none, "reattach": none, "cancel-first": NOTHING_RUNS})
    elif branch.status == "failed" and attempt is not None and attempt.external_id is None:
        options = ruled_out(options, {"cancel-first": NOTHING_RUNS})
    possible = [o.value for o in options if not o.problem and o.value != BESIDE]
    unsure = branch.observation is not None and str(branch.observation.state) != "fresh"
    wanted = ["same-key"] if unsure and attempt is not None and attempt.external_id is None else ["new-attempt"]
    return options, next((i for i in (*wanted, *possible) if i in possible), "")


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
    found = f"not possible: {question.external_id or name} is there; adopt takes it"
    problems, wanted = {
        "running": ({"new-attempt": f"not possible: {name} still runs"}, "reattach"),
        "completed": ({"cancel-first": NOTHING_RUNS}, "reattach"),
        "failed": (ended, "new-attempt"),
        "lost": (unknown, "new-attempt"),
        "found": ({"same-key": found, "new-attempt": found}, "reattach"),
        "nothing": (unknown, "same-key"),
        "unreachable": ({}, "same-key"),
    }.get("unreachable" if question.problem else question.reading, ({}, preset))
    left = ruled_out(options, problems)
    # Work beside work that may run is never what a dialog begins with.
    possible = [o.value for o in left if not o.problem and o.value != BESIDE]
    return left, next((i for i in (wanted, preset, *possible) if i in possible), "")


def ruled_out(options: tuple[Option, ...], problems: Mapping[str, str]) -> tuple[Option, ...]:
    """Options, some of them with a reason why they are not possible now."""
    return tuple(replace(o, problem=o.problem or problems.get(o.value, "")) for o in options)
