"""Log lines: an action name plus fields, as text or JSON, on stderr; foreign text is cleaned, secrets are masked."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

from runtime.masking import remembered
from runtime.safe_text import clean


class _Lines(logging.Formatter):
    def __init__(self, *, as_json: bool) -> None:
        super().__init__()
        self._json = as_json

    def format(self, record: logging.LogRecord) -> str:
        return remembered().text(self._line(record))

    def _line(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        fields = dict(getattr(record, "fields", {}))
        if record.exc_info:
            fields["trace"] = self.formatException(record.exc_info)
        if self._json:
            line = {"at": at, "level": record.levelname.lower(), "action": record.getMessage(), **fields}
            return json.dumps(line, default=str)
        told = " ".join(f"{name}={clean(value, 4_000)}" for name, value in fields.items())
        return f"{at} {record.levelname.lower():7} {clean(record.getMessage())} {told}".rstrip()


def configure(level: str = "info", form: str = "text") -> None:
    """Send log lines of this level and above to stderr, as `text` or `json`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines(as_json=form == "json"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("apscheduler", "aiohttp", "asyncio"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))
