"""Reads what an HTTP answer says about the work."""

from __future__ import annotations

import json
import math
from datetime import datetime
from typing import Any

from runtime.errors import ExpressionError, Unreachable
from runtime.external.base import Call
from runtime.external.http.answer import Answer, retry_after
from runtime.external.http.binding import FindBinding, PollBinding, StartBinding
from runtime.external.http.status import doubt, is_listed
from runtime.external.json_answer import DEEP, RESULT_LIMIT, NotJson, result_size
from runtime.external.secrets import hide, secrets_of
from runtime.model.external_id import NO_EXTERNAL_ID, no_id_message, usable_id
from runtime.model.task import Completed, Failed, Lost, Running, Started
from runtime.plain_json import TOO_DEEP

_EXCERPT_OF = 10_000
_LATER = frozenset({408, 425, 429})
"""4xx codes that ask for a later request, not for another one (RFC 9110, RFC 8470, RFC 6585)."""
_UNTOUCHED = frozenset({425, 429, 503})
"""Codes of a server that did not process the request (RFC 8470, RFC 6585, RFC 9110)."""


def read_start(answer: Answer, binding: StartBinding, call: Call, now: datetime) -> Started | Failed:
    """Read the answer to a start; raises `Unreachable` when it leaves open whether the work was started.

    A whole answer that gives no id is a failure: to send the request again would start the work again.
    """
    if 300 <= answer.status < 500 and answer.status not in _LATER:
        said = excerpt(answer, call)
        message = f"{answer.host} refused the start with HTTP {answer.status}" + (f": {said}" if said else ".")
        if answer.status < 400:
            message = f"{_redirected(answer)} Whether the work was started is not known."
        details = {"status": answer.status, "body": said}
        return Failed(message, type=f"HTTP {answer.status}", details=details, retryable=False)
    if not answer.ok:
        raise unreachable(answer, call, now)
    try:
        if answer.cut or answer.unread:
            raise Unreachable(answer.unread or f"{answer.host} answered with a body over 1 MB, which is not read.")
        reader = _Reader(answer, call, now)
        external_id = usable_id(reader.value("externalId", binding.external_id))
    except Unreachable as problem:
        return _no_id(answer, call, problem.message)
    if external_id is None:
        return _no_id(answer, call, f"`externalId` ({binding.external_id}) gives no id")
    return Started(external_id)


def read_find(answer: Answer, binding: FindBinding, call: Call, now: datetime) -> Started | None:
    """The work a find names, None if there is none; raises `Unreachable` when the answer says neither.

    404 and 410 mean that there is none only if the path of the URL names the key: else the URL may be wrong.
    """
    if answer.status in (404, 410) and "${key}" in binding.url.partition("?")[0].replace(" ", ""):
        return None
    if not answer.ok:
        raise unreachable(answer, call, now)
    reader = _Reader(answer, call, now)
    value = reader.value("externalId", binding.external_id)
    external_id = usable_id(value)
    if external_id is not None:
        return Started(external_id)
    if value is None or value is False or value == "":
        return None
    raise reader.unfit(f"`externalId` ({binding.external_id}) gives neither an id nor nothing")


def _no_id(answer: Answer, call: Call, why: str) -> Failed:
    said = excerpt(answer, call)
    what = f"{answer.host} answered the start with HTTP {answer.status}, but no id can be read from it"
    message = no_id_message(call.request, f"{what}: {hide(call, why).rstrip('.')}. It said: {said or '(nothing)'}")
    return Failed(message, type=NO_EXTERNAL_ID, details={"status": answer.status, "body": said}, retryable=False)


def read_poll(answer: Answer, binding: PollBinding, call: Call, now: datetime) -> Running | Completed | Failed | Lost:
    """Read the answer to a poll; raises `Unreachable` when it says nothing about the work."""
    if answer.status in (404, 410):
        return Lost()
    if not answer.ok:
        raise unreachable(answer, call, now)
    reader = _Reader(answer, call, now)
    status = reader.value("status", binding.status)
    if is_listed(status, binding.completed):
        result = reader.optional("result", binding.result)
        if DEEP in json.dumps(result, ensure_ascii=False):
            message = f"{answer.host} reports the work as completed, but its result cannot be stored: {TOO_DEEP}."
            return Failed(message, type="InvalidResult", retryable=False)
        if result_size(result) > RESULT_LIMIT:
            message = f"{answer.host} reports the work as completed, but its result is over 256 kB."
            return Failed(message, type="ResultTooLarge", retryable=False)
        return Completed(result)
    if is_listed(status, binding.failed):
        error = _said(reader, binding)
        message = hide(call, str(error))[:2000] if error else f"{answer.host} reports the work as {_line(status)}."
        return Failed(hide(call, message), details={"status": status})
    if status is None or isinstance(status, (dict, list)):
        raise reader.unfit(f"`status` ({binding.status}) gives no status: {doubt(status, binding)}")
    doubted = doubt(status, binding)
    if doubted is None:
        return Running(progress=_progress(reader, binding), note=_line(status))
    return Running(_progress(reader, binding), excerpt(answer, call), doubt=hide(call, doubted))


def unreachable(answer: Answer, call: Call, now: datetime) -> Unreachable:
    """The error for an answer that says nothing about the work."""
    wait = retry_after(answer, now)
    if 300 <= answer.status < 400:
        message = _redirected(answer)
    else:
        said = excerpt(answer, call)
        message = f"{answer.host} answered HTTP {answer.status}" + (f": {said}" if said else ".")
    return Unreachable(message, retry_after=wait, sent=answer.status not in _UNTOUCHED)


def _redirected(answer: Answer) -> str:
    return f"{answer.host} answered HTTP {answer.status}; redirects are not followed, put the final URL in the flow."


def excerpt(answer: Answer, call: Call) -> str:
    """The beginning of a body in one line, without values that came from the environment."""
    # Masked before it is cut or put on one line: half a secret, or one without its spaces, would not be recognised.
    text = answer.text(_EXCERPT_OF)
    return " ".join(secrets_of(call).text(text, cut_after=len(text) >= _EXCERPT_OF).split())[:500]


class _Reader:
    """Evaluates the expressions of a binding over one answer, whose body is parsed once."""

    def __init__(self, answer: Answer, call: Call, now: datetime) -> None:
        self._answer = answer
        self._call = call
        self._now = now
        try:
            parsed = answer.json()
        except NotJson as problem:
            raise self.unfit(str(problem)) from None
        self._response = {"status": answer.status, "headers": dict(answer.headers), "json": parsed}

    def value(self, name: str, expression: str) -> Any:
        """Value of an expression; raises `Unreachable` when the answer does not fit it."""
        try:
            return self._call.scope.evaluate(expression, response=self._response)
        except ExpressionError as error:
            raise self.unfit(f"`{name}` cannot be read from it: {error.message}") from None

    def optional(self, name: str, expression: str | None) -> Any:
        """Value of an expression that may be left out."""
        return None if expression is None else self.value(name, expression)

    def unfit(self, why: str) -> Unreachable:
        """The error for an answer that does not fit the binding."""
        answer = self._answer
        message = f"{answer.host} answered HTTP {answer.status} with a body that does not fit: {why.rstrip('.')}."
        return Unreachable(hide(self._call, message), retry_after=retry_after(answer, self._now))


def _line(value: Any) -> str:
    return str(value)[:2000]


def _said(reader: _Reader, binding: PollBinding) -> Any:
    try:
        return reader.optional("error", binding.error)
    except Unreachable:
        return None  # the failure is known, only its text is missing


def _progress(reader: _Reader, binding: PollBinding) -> float | None:
    try:
        value = reader.optional("progress", binding.progress)
    except Unreachable:
        return None  # progress is shown, nothing depends on it
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return min(1.0, max(0.0, float(value)))
