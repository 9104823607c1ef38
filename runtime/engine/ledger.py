"""The poll ledger: every call to another system, with what it answered and how that was read."""

from __future__ import annotations

import re
from datetime import datetime

from runtime.engine.draft import Draft
from runtime.engine.observed import Observed
from runtime.model.branch import Attempt, Branch
from runtime.model.run import Poll
from runtime.safe_text import clean

ANSWER_LENGTH = 500
_PASSING = re.compile(r"[0-9a-f-]{8,}|\d{4,}", re.IGNORECASE)


def note_call(
    draft: Draft, branch: Branch, attempt: Attempt, seen: Observed, reading: str, text: str, due: datetime | None
) -> None:
    """Add a call to the ledger; `text` stands in where nobody took the answer down word for word."""
    # A branch from before calls were counted has polls in the ledger already; numbers never come twice.
    number = max(branch.calls, branch.polls - (seen.action.verb == "poll")) + 1
    draft.change(branch, calls=number)
    draft.polls.append(
        Poll(
            at=seen.at,
            branch=branch.id,
            attempt=attempt.attempt,
            number=number,
            took_ms=seen.took_ms,
            answer=(seen.said or clean(text[:ANSWER_LENGTH], ANSWER_LENGTH))[:ANSWER_LENGTH],
            reading=reading,
            next_poll_at=due,
            verb=seen.action.verb,
        )
    )


def same_trouble(before: str | None, now: str) -> bool:
    """Whether two messages tell the same trouble: ids and numbers that change with every try do not count."""
    return before is not None and _PASSING.sub("#", before) == _PASSING.sub("#", now)
