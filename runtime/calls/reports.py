"""What a system answered, read as a report; an answer that is none is a failure with a sentence."""

from __future__ import annotations

from typing import Any

from runtime.engine.observed import Nothing
from runtime.engine.plan import Action
from runtime.errors import Unreachable
from runtime.external.base import Call
from runtime.external.report import REPORTS, plain_report
from runtime.model.external_id import usable_id, with_id
from runtime.model.task import Completed, Failed, Outcome, Started
from runtime.safe_text import described


def reported(answer: Any, action: Action) -> Outcome:
    if issubclass(type(answer), REPORTS):
        return plain_report(answer, action.step)
    kind = type(answer).__name__
    message = f"The {action.verb} of {action.step} answered a {kind}, not a report."
    return Failed(message, "InvalidReport", retryable=False)


def started(answer: Any, action: Action, call: Call) -> Outcome:
    """What a start answered; one that was answered is never made again because its answer cannot be read."""
    try:
        report = reported(answer, action)
    except Exception as problem:
        message = f"The start of {action.step} answered what cannot be read: {described(problem)}"
        return Failed(message, "InvalidReport", retryable=False)
    return with_id(report, call.request) if isinstance(report, Started) else report


def found(answer: Any, action: Action, call: Call) -> Outcome | Nothing:
    """What was said of the work of a key; raises Unreachable where that is no answer, for nothing may be started then.

    Only None says that no work has the key.
    """
    if answer is None:
        return Nothing()
    report = reported(answer, action)
    if isinstance(report, Started) and usable_id(report.external_id) is not None:
        return report
    if isinstance(report, Completed) or (isinstance(report, Failed) and issubclass(type(answer), Failed)):
        return report
    kind = type(answer).__name__
    raise Unreachable(f"The find of {action.step} answered a {kind} without an id; wanted is Started, or None.")
