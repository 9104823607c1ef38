"""Polling now: one run or branch, or all marked runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from runtime.errors import NotFound, Refused
from runtime.operations.records import Receipt

if TYPE_CHECKING:
    from runtime.assembly.runtime import Runtime


def polling(run_id: str, branch: str | None) -> Callable[[Runtime], Receipt]:
    """Polls a run now."""
    return lambda runtime: runtime.commands.poll(run_id, branch)


def polling_all(run_ids: Sequence[str], marked: str) -> Callable[[Runtime], Receipt]:
    """Polls many runs now; those with nothing to poll are counted."""

    def work(runtime: Runtime) -> Receipt:
        refused = 0
        for run_id in run_ids:
            try:
                runtime.commands.poll(run_id)
            except (NotFound, Refused):
                refused += 1
        told = f"; {refused:,} have nothing to poll" if refused else ""
        return Receipt(f"poll: {len(run_ids) - refused:,} accepted, of {marked or f'{len(run_ids):,} runs'}{told}.")

    return work
