"""History and polls from their rows: a row that cannot be read shows where it stood, and hides no other."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from runtime.model.codec import reader
from runtime.model.run import HistoryEntry, Poll
from runtime.store.documents import Unfit, converted, decoded
from runtime.store.kinds import HistoryBlock

_POLL = reader(Poll)
LONG_AGO = datetime.fromtimestamp(0, UTC)


def history_of(rows: Iterable[tuple[int, Any]]) -> list[HistoryEntry]:
    """Entries from (number, document), in order."""
    found: list[HistoryEntry] = []
    for number, doc in rows:
        try:
            found += converted(doc, HistoryBlock).entries
        except Unfit as problem:
            at = found[-1].at if found else LONG_AGO
            found.append(
                HistoryEntry(at, "damaged", f"what stood here is lost: document {number} of history {problem}")
            )
    return found


def polls_of(rows: Iterable[tuple[int, str, int, Any]]) -> list[Poll]:
    """Polls from (number, branch, count, document), in order."""
    found: list[Poll] = []
    for number, branch, count, doc in rows:
        try:
            found.append(decoded(_POLL, doc))
        except Unfit as problem:
            at = found[-1].at if found else LONG_AGO
            found.append(Poll(at, branch, 0, count, 0.0, f"document {number} of polls {problem}", "damaged"))
    return found
