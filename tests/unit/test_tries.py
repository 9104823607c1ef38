"""How often something was tried never reads as more than there may be."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from runtime.model.branch import Attempt, StepVisit
from runtime.model.tries import SHORT_WIDTH, tries, tries_short, tries_used

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def visit(attempts: int, budget_from: int) -> StepVisit:
    made = tuple(Attempt(n, f"k/{n}", "simulated", "", NOW) for n in range(1, attempts + 1))
    return StepVisit("s", 1, NOW, attempts=made, budget_from=budget_from)


@pytest.mark.parametrize(
    ("attempts", "budget_from", "maximum", "said", "used", "short"),
    [
        (0, 1, 2, "", "", ""),
        (1, 1, 2, "attempt 1 of 2", "1 of 2 attempts used", "1/2"),
        (2, 1, 2, "attempt 2 of 2", "2 of 2 attempts used", "2/2"),
        (3, 3, 2, *["attempt 3, 1 of 2 since the retry"] * 2, "3 1/2"),
        (4, 3, 2, *["attempt 4, 2 of 2 since the retry"] * 2, "4 2/2"),
        (2, 3, 2, "attempt 2", "attempt 2", "2"),
        (4, 1, 2, "attempt 4", "attempt 4", "4"),
        (12, 11, 2, *["attempt 12, 2 of 2 since the retry"] * 2, "12"),
    ],
)
def test_a_budget_begins_anew_at_a_retry(
    attempts: int, budget_from: int, maximum: int, said: str, used: str, short: str
) -> None:
    made = visit(attempts, budget_from)
    assert (tries(made, maximum), tries_used(made, maximum), tries_short(made, maximum)) == (said, used, short)


def test_no_count_is_above_its_budget() -> None:
    for attempts in range(1, 15):
        for budget_from in range(1, attempts + 2):
            for maximum in range(1, 6):
                made = visit(attempts, budget_from)
                for text in (tries(made, maximum), tries_used(made, maximum), tries_short(made, maximum)):
                    words = text.replace("/", " of ").split()
                    for n, word in enumerate(words):
                        assert word != "of" or int(words[n - 1]) <= int(words[n + 1]), text
                assert len(tries_short(made, maximum)) <= SHORT_WIDTH
