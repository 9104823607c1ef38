"""A run with its records as a store gives it, one save of it, and a filter over runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from runtime.model.act import Act
from runtime.model.branch import Branch
from runtime.model.run import Firing, HistoryEntry, Poll, Run


class Stored(msgspec.Struct, frozen=True):
    """A run with all that decides about it."""

    run: Run
    branches: Mapping[str, Branch]
    """By id, in creation order."""
    firings: tuple[Firing, ...] = ()


class Save(msgspec.Struct, frozen=True):
    """Everything one save of one run writes, together or not at all.

    `run.revision` is the new revision; the save is refused unless the store holds `expected_revision`
    (None: the run must not exist yet).
    """

    run: Run
    expected_revision: int | None
    branches: Sequence[Branch] = ()
    firings: Sequence[Firing] = ()
    history: Sequence[HistoryEntry] = ()
    polls: Sequence[Poll] = ()
    acts: Sequence[Act] = ()
    """Acts with id 0 are added and numbered; others are replaced."""


class RunFilter(msgspec.Struct, frozen=True):
    """Narrows a query; empty fields do not narrow. `matches` in operations does the rest."""

    statuses: frozenset[str] = frozenset()
    workflow: str | None = None
    labels: Mapping[str, str] = msgspec.field(default_factory=dict)
    held: bool | None = None
    older_than: datetime | None = None
    """Only runs whose `updated_at` lies before."""
    attention_below: int | None = None
    """Only runs whose attention rank is lower, which is worse."""
