"""Answers as they are stored: of plain values, secrets masked before a text is cut (SECURITY.md)."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

from runtime.engine.ledger import ANSWER_LENGTH
from runtime.engine.observed import Answer, Nothing, Stopped, Unreached
from runtime.engine.plan import Action
from runtime.engine.sealing import seal
from runtime.external.report import MESSAGE_LENGTH, NOTE_LENGTH, TYPE_LENGTH, plain_report
from runtime.masking import mask, masker
from runtime.model.task import Completed, Failed, Running, Started
from runtime.plain_json import plain_text
from runtime.safe_text import clean


def spoken(heard: list[str], secrets: Collection[str]) -> str:
    """The last answer as it goes into the ledger: masked, cleaned, its first 500 characters."""
    try:
        text = str(mask(plain_text(heard[-1]), secrets)) if heard else ""
    except Exception:
        return ""
    return clean(text[:ANSWER_LENGTH], ANSWER_LENGTH)[:ANSWER_LENGTH]


def cleaned(answer: Any, step: str, variables: Mapping[str, str]) -> Answer:
    """The answer as it will be stored: of plain values, secrets masked."""
    if isinstance(answer, Stopped | Nothing):
        return answer
    secrets = frozenset(variables.values())
    if isinstance(answer, Unreached):
        message, retry_after = plain_text(answer.message), answer.retry_after
        usable = isinstance(retry_after, int | float) and math.isfinite(retry_after)
        kind = hidden(plain_text(answer.type), secrets, TYPE_LENGTH)
        after = retry_after if usable else None
        return Unreached(hidden(message, secrets), kind, after, answer.sent)
    plain = plain_report(answer, step)
    if isinstance(plain, Started):
        return _sealed(plain.external_id, step, variables)
    if isinstance(plain, Running):
        return Running(
            plain.progress,
            *(None if text is None else hidden(text, secrets, NOTE_LENGTH) for text in (plain.note, plain.doubt)),
        )
    if isinstance(plain, Completed):
        return Completed(mask(plain.result, secrets), mask(plain.state, secrets))
    if isinstance(plain, Failed):
        message = hidden(plain.message, secrets, MESSAGE_LENGTH)
        details = plain.details
        shown = hidden(details, secrets, MESSAGE_LENGTH) if isinstance(details, str) else mask(details, secrets)
        return Failed(message, hidden(plain.type, secrets, TYPE_LENGTH), shown, plain.retryable)
    return plain


def hidden(text: str, secrets: Collection[str], limit: int = NOTE_LENGTH) -> str:
    """A text with its secrets masked, then cut: half a secret would not be seen."""
    return masker(secrets).head(text, limit)


def _sealed(external_id: str, step: str, variables: Mapping[str, str]) -> Started | Failed:
    sealed = seal(external_id, variables)
    if sealed is not None:
        return Started(sealed)
    shown = mask(external_id, variables.values())
    message = f"The start of {step} gave the external id {shown}, which holds a secret in a form that cannot be kept."
    return Failed(message, "NoExternalId", retryable=False)


def unreadable(action: Action, said: str) -> Answer:
    """What becomes of an answer that came and cannot be read: asked again it would be no better."""
    message = f"The answer to the {action.verb} of {action.step} could not be read: {said}"
    if action.verb == "cancel":
        return Unreached(message, "InvalidReport")
    return Failed(message, "InvalidResult", retryable=False)
