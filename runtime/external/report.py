"""Turns answers into plain records of plain values: no object of a foreign class enters the engine."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from runtime.model.task import Completed, Failed, Lost, Outcome, Running, Started
from runtime.plain_json import exact_json, plain_text

REPORTS = (Started, Running, Completed, Failed, Lost)
ID_LENGTH = 1_000
NOTE_LENGTH = 2_000
TYPE_LENGTH = 200
MESSAGE_LENGTH = 16_000
DETAILS_BYTES = 256_000
MARGIN = 4_000
"""Characters kept beyond a limit, so that a secret at the edge is masked as a whole before the text is cut."""


@dataclass(frozen=True, slots=True)
class Stranger:
    """An answer that is not a report."""

    kind: str


def plain_answer(answer: Any, step_id: str) -> Outcome | Stranger | str | None:
    """A plain copy of an answer of task code: a report, a text, None, or the kind of anything else.

    Call it where the code ran: reading a report may call methods of an author's class, which may raise anything.
    """
    if answer is None:
        return None
    kind = type(answer)
    if issubclass(kind, Started) and not issubclass(type(answer.external_id), str | None):
        return Stranger(f"Started whose external id is a {_name(answer.external_id)}")
    if issubclass(kind, REPORTS):
        return plain_report(answer, step_id)
    return plain_text(answer) if issubclass(kind, str) else Stranger(_name(answer))


def plain_report(answer: Any, step_id: str) -> Outcome:
    """A plain copy of a report; if its values cannot be stored, the failure that says why.

    Raises whatever an object in the report raises when it is read as text.
    """
    kind = type(answer)
    if issubclass(kind, Started):
        return _started(answer.external_id, step_id)
    if issubclass(kind, Running):
        return Running(_progress(answer.progress), _text(answer.note, NOTE_LENGTH), _text(answer.doubt, NOTE_LENGTH))
    if issubclass(kind, Completed):
        return _completed(answer, step_id)
    if issubclass(kind, Failed):
        return Failed(
            _text(answer.message, MESSAGE_LENGTH) or "",
            _text(answer.type, TYPE_LENGTH) or "TaskFailed",
            _details(answer.details),
            answer.retryable is not False,
        )
    if issubclass(kind, Lost):
        return Lost()
    return Failed(
        f"The call for {step_id} answered a {_name(answer)}, which is no report.", "InvalidReport", retryable=False
    )


def _started(external_id: Any, step_id: str) -> Started | Failed:
    if issubclass(type(external_id), str | int) and type(external_id) is not bool:
        text = external_id if issubclass(type(external_id), str) else str(int.__int__(external_id))
        # One character more than an id may have, so that a reader sees that it is too long.
        return Started(plain_text(text)[: ID_LENGTH + 1])
    if external_id is None:
        return Started("")
    message = f"The start of {step_id} answered an external id that is a {_name(external_id)}, not text."
    return Failed(message, "InvalidReport", retryable=False)


def _completed(answer: Completed, step_id: str) -> Completed | Failed:
    try:
        result = exact_json(answer.result)
    except ValueError as problem:
        return Failed(f"The result of {step_id} cannot be stored: {problem}.", "InvalidResult", retryable=False)
    try:
        change = exact_json(answer.state)
        if change is not None and not isinstance(change, dict):
            raise ValueError(f"it is a {_name(answer.state)}, not an object")
    except ValueError as problem:
        message = f"The state change of {step_id} was refused: {problem}."
        return Failed(message, "InvalidState", retryable=False)
    return Completed(result, change or None)


def _details(value: Any) -> Any:
    try:
        found = exact_json(value)
    except ValueError as problem:
        return f"The details cannot be stored: {problem}."
    if isinstance(found, str):
        return found[: MESSAGE_LENGTH + MARGIN]
    size = len(json.dumps(found))
    return found if size <= DETAILS_BYTES else f"The details cannot be stored: they are {size:,} bytes."


def _progress(value: Any) -> float | None:
    if type(value) in (int, float) and 0 <= value <= 1:
        return float(value)
    return None


def _text(value: Any, limit: int) -> str | None:
    if value is None:
        return None
    return plain_text(value if issubclass(type(value), str) else str(value))[: limit + MARGIN]


def _name(value: Any) -> str:
    return plain_text(type(value).__name__)[:TYPE_LENGTH]
