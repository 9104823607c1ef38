"""What happened to runs, and the polls of their branches."""

from __future__ import annotations

from typing import Protocol

from runtime.model.run import HistoryEntry, Poll

POLLS_PER_BRANCH = 200
"""So many polls of a branch are kept, the newest."""
HISTORY_PER_RUN = 10_000
"""So many history entries of a run are kept, the newest; they are trimmed now and then."""


class Ledger(Protocol):
    """History and polls; they are written by the save of their run."""

    def history(self, run_id: str) -> list[HistoryEntry]:
        """What happened to a run, oldest first; a part that cannot be read is an entry that says so."""
        ...

    def polls(self, run_id: str, branch: str | None = None) -> list[Poll]:
        """The kept polls, oldest first; one that cannot be read is a poll that says so."""
        ...
