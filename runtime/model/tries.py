"""How often a step was tried, in words: automatic attempts are counted within the budget a retry began anew."""

from __future__ import annotations

from runtime.model.branch import StepVisit

SHORT_WIDTH = 5


def tries(visit: StepVisit, maximum: int) -> str:
    """`attempt 2 of 3`; after a retry `attempt 4, 1 of 2 since the retry`; empty before the first attempt."""
    attempt, used = _counted(visit)
    if not attempt:
        return ""
    if not 1 <= used <= maximum:
        return f"attempt {attempt}"
    return f"attempt {attempt} of {maximum}" if used == attempt else f"attempt {attempt}, {_since(used, maximum)}"


def tries_used(visit: StepVisit, maximum: int) -> str:
    """`2 of 3 attempts used`; after a retry `attempt 4, 1 of 2 since the retry`; empty before the first attempt."""
    attempt, used = _counted(visit)
    if attempt and used == attempt <= maximum:
        return f"{attempt} of {maximum} attempts used"
    return tries(visit, maximum)


def tries_short(visit: StepVisit, maximum: int) -> str:
    """For a narrow column: `2/3`; after a retry attempt and budget, `4 1/2`, or the attempt alone, `12`."""
    attempt, used = _counted(visit)
    if not attempt:
        return ""
    if not 1 <= used <= maximum:
        return str(attempt)
    if used == attempt:
        return f"{attempt}/{maximum}"
    whole = f"{attempt} {used}/{maximum}"
    return whole if len(whole) <= SHORT_WIDTH else str(attempt)


def _counted(visit: StepVisit) -> tuple[int, int]:
    """Number of the last attempt, and how many the present budget has seen."""
    attempt = visit.attempts[-1].attempt if visit.attempts else 0
    return attempt, attempt - visit.budget_from + 1


def _since(used: int, maximum: int) -> str:
    return f"{used} of {maximum} since the retry"
