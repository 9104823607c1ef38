"""What an HTTP answer says about the work."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from runtime.errors import ExpressionError, Unreachable
from runtime.external.base import Call
from runtime.external.http_binding import PollBinding, StartBinding
from runtime.external.http_exchange import Answer, retry_after
from runtime.external.json_answer import RESULT_LIMIT, NotJson, result_size
from runtime.model.task import Completed, Failed, Lost, Running, Started

_LATER = frozenset({408, 425, 429})
"""4xx that say to come again, not that the request is wrong (RFC 9110, RFC 8470, RFC 6585)."""
_ID_LIMIT = 1000
_ENV_NAME = re.compile(r"\benv\.([A-Za-z_][A-Za-z0-9_]*)")


def read_start(answer: Answer, binding: StartBinding, call: Call, now: datetime) -> Started | Failed:
    """Read the answer to a start; raises `Unreachable` when it leaves open whether the work was started."""
    if 400 <= answer.status < 500 and answer.status not in _LATER:
        said = excerpt(answer, call)
        message = f"{answer.host} refused the start with HTTP {answer.status}" + (f": {said}" if said else ".")
        details = {"status": answer.status, "body": said}
        return Failed(message, type=f"HTTP {answer.status}", details=details, retryable=False)
    if not answer.ok:
        raise unreachable(answer, call, now)
    external_id = _evaluate(binding.external_id, "externalId", answer, call, now)
    if isinstance(external_id, int) and not isinstance(external_id, bool):
        external_id = str(external_id)
    if not isinstance(external_id, str) or not external_id.strip() or len(external_id) > _ID_LIMIT:
        raise _unfit(answer, call, now, f"`externalId` ({binding.external_id}) gives no id")
    return Started(external_id)


def read_poll(answer: Answer, binding: PollBinding, call: Call, now: datetime) -> Running | Completed | Failed | Lost:
    """Read the answer to a poll; raises `Unreachable` when it says nothing about the work."""
    if answer.status in (404, 410):
        return Lost()
    if not answer.ok:
        raise unreachable(answer, call, now)
    status = _evaluate(binding.status, "status", answer, call, now)
    if any(_same(status, listed) for listed in binding.completed):
        result = binding.result and _evaluate(binding.result, "result", answer, call, now)
        if result_size(result) > RESULT_LIMIT:
            message = f"{answer.host} reports the work as completed, but its result is over 256 kB."
            return Failed(message, type="ResultTooLarge", retryable=False)
        return Completed(result)
    if any(_same(status, listed) for listed in binding.failed):
        error = binding.error and _evaluate(binding.error, "error", answer, call, now)
        message = _line(error) if error else f"{answer.host} reports the work as {_line(status)}."
        return Failed(_masked(message, call), details={"status": status})
    if status is None or isinstance(status, (dict, list)):
        raise _unfit(answer, call, now, f"`status` ({binding.status}) gives no status")
    progress = binding.progress and _evaluate(binding.progress, "progress", answer, call, now)
    return Running(progress=_fraction(progress), note=_line(status))


def unreachable(answer: Answer, call: Call, now: datetime) -> Unreachable:
    """The error for an answer that says nothing about the work."""
    wait = retry_after(answer, now)
    if 300 <= answer.status < 400:
        message = (
            f"{answer.host} answered HTTP {answer.status}; redirects are not followed, put the final URL in the flow."
        )
    else:
        said = excerpt(answer, call)
        message = f"{answer.host} answered HTTP {answer.status}" + (f": {said}" if said else ".")
    return Unreachable(message, retry_after=wait)


def excerpt(answer: Answer, call: Call) -> str:
    """The beginning of a body in one line, without values that came from the environment."""
    return _masked(" ".join(answer.text(500).split()), call)


def _evaluate(expression: str, name: str, answer: Answer, call: Call, now: datetime) -> Any:
    try:
        response = {"status": answer.status, "headers": dict(answer.headers), "json": answer.json()}
        return call.scope.evaluate(expression, response=response)
    except NotJson as problem:
        raise _unfit(answer, call, now, str(problem)) from None
    except ExpressionError as error:
        raise _unfit(answer, call, now, f"`{name}` ({expression}) cannot be read from it: {error.message}") from None


def _unfit(answer: Answer, call: Call, now: datetime, why: str) -> Unreachable:
    message = f"{answer.host} answered HTTP {answer.status} with a body that does not fit: {why.rstrip('.')}."
    return Unreachable(_masked(message, call), retry_after=retry_after(answer, now))


def _masked(text: str, call: Call) -> str:
    for name in _names(call.binding):
        value = os.environ.get(name, "")
        if len(value) >= 4:
            text = text.replace(value, "***")
    return text


def _names(value: Any) -> set[str]:
    if isinstance(value, str):
        return set(_ENV_NAME.findall(value))
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, (list, tuple)) else ()
    return {name for part in parts for name in _names(part)}


def _same(left: Any, right: Any) -> bool:
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def _line(value: Any) -> str:
    return str(value)[:2000]


def _fraction(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return min(1.0, max(0.0, float(value)))
