"""What came of calls until it is saved: a store that goes away in between, or a stop, loses none of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from runtime.engine.apply import Observed

Slot = tuple[str, str, int, int]
Outcomes = deque[tuple[str, Observed]]


def taken(outcomes: Outcomes) -> dict[str, list[Observed]]:
    """All outcomes that wait, by run, in the order in which they came."""
    arrived: dict[str, list[Observed]] = {}
    while outcomes:
        run_id, seen = outcomes.popleft()
        arrived.setdefault(run_id, []).append(seen)
    return arrived


@contextmanager
def kept_for_later(
    arrived: Mapping[str, list[Observed]], busy: dict[str, set[Slot]], outcomes: Outcomes
) -> Iterator[None]:
    """Put outcomes that could not be saved back, whatever the reason, for another try.

    Else what was started would be started again, and Python code would run twice. One that was saved in spite of
    that changes nothing when it is taken in again.
    """
    try:
        yield
    except BaseException:
        put_back(arrived, busy, outcomes)
        raise


def put_back(arrived: Mapping[str, list[Observed]], busy: dict[str, set[Slot]], outcomes: Outcomes) -> None:
    """Let outcomes wait again; their calls count as under way until they are saved."""
    for run_id, found in arrived.items():
        busy.setdefault(run_id, set()).update(seen.action.slot for seen in found)
        outcomes.extend((run_id, seen) for seen in found)
