"""A store: a record of its ports, over one file or database."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from datetime import datetime

    from runtime.store.ports.acts import Acts
    from runtime.store.ports.changes import Changes
    from runtime.store.ports.documents import Documents
    from runtime.store.ports.due_runs import DueRuns
    from runtime.store.ports.facts import Facts
    from runtime.store.ports.flows import Flows
    from runtime.store.ports.holds import Holds
    from runtime.store.ports.ledger import Ledger
    from runtime.store.ports.listing import Listing
    from runtime.store.ports.questions import Questions
    from runtime.store.ports.runs import Runs
    from runtime.store.ports.schedules import Schedules


class Medium(Protocol):
    """The file or database that all ports of a store share."""

    def may_write(self) -> bool:
        """Whether this user may change anything here."""
        ...

    def now(self) -> datetime | None:
        """The moment by the clock that decides what is due; None where that is the clock of this machine."""
        ...

    def alone(self) -> AbstractContextManager[None]:
        """A context in which nobody else writes, and all writes are one transaction, if the medium can promise that.

        For what was read and saved too late again and again. A server promises nothing, and lets it be tried.
        """
        ...

    def close(self) -> None:
        """End every wait for a change, and close what is open."""
        ...


class Store(msgspec.Struct, frozen=True):
    """All ports of one store. Moments are aware UTC; every call raises StoreUnavailable when it cannot be used."""

    place: str
    """Where it lies, as it may be shown: a file, or a URL without its password."""
    medium: Medium
    runs: Runs
    due_runs: DueRuns
    listing: Listing
    ledger: Ledger
    acts: Acts
    holds: Holds
    flows: Flows
    schedules: Schedules
    questions: Questions
    facts: Facts
    changes: Changes
    documents: Documents

    def may_write(self) -> bool:
        """Whether this user may change anything here."""
        return self.medium.may_write()

    def now(self) -> datetime | None:
        """The moment by the clock that decides what is due; None where that is the clock of this machine."""
        return self.medium.now()

    def close(self) -> None:
        """End every wait for a change, and close what is open."""
        self.medium.close()
