"""An HTTP answer, read whole."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from runtime.external.json_answer import NotJson, read_json

RETRY_AFTER_LIMIT = 3600.0
"""A Retry-After counts for at most so many seconds."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A response, read whole."""

    host: str
    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    cut: bool = False
    """The body was longer than the limit and the caller wanted its beginning."""
    unread: str = ""
    """Why the body could not be read, where the caller wanted the rest of the answer all the same."""

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    def text(self, limit: int) -> str:
        """The beginning of the body as text."""
        return self.body[: limit * 4].decode("utf-8", "replace")[:limit]

    def json(self) -> Any:
        """The body as JSON, parts nested too deeply as `DEEP`; None when it is empty or says it is something else.

        Raises:
            NotJson: when it says it is JSON and is not.
        """
        if not self.body.strip():
            return None
        try:
            return read_json(self.body, mark_deep=True)
        except NotJson:
            kind = self.headers.get("content-type", "application/json")
            if "json" in kind.lower():
                raise
            return None


def retry_after(answer: Answer, now: datetime) -> float | None:
    """Seconds to wait as the answer asks, from a number or an HTTP date (RFC 9110, 10.2.3), at most an hour."""
    value = answer.headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,18}", value):
        return min(float(value), RETRY_AFTER_LIMIT)
    try:
        seconds = (parsedate_to_datetime(value) - now).total_seconds()
    except (TypeError, ValueError):
        return None
    return min(max(seconds, 0.0), RETRY_AFTER_LIMIT)
