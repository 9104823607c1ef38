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


class Term(msgspec.Struct, frozen=True):
    """A word that a run keeps for life: `flow` or `label:NAME`, and its value, or how that begins."""

    kind: str
    value: str
    whole: bool = True


class Hints(msgspec.Struct, frozen=True):
    """What every run that is wanted has; a store leaves out others as far as that is cheap for it, or none."""

    statuses: frozenset[str] = frozenset()
    ids: tuple[str, ...] = ()
    """One of these."""
    created_after: datetime | None = None
    created_before: datetime | None = None
    wake_after: datetime | None = None
    wake_before: datetime | None = None
    terms: tuple[Term, ...] = ()
    said: tuple[str, ...] = ()
    """Lower-case ASCII that stands in its why or its failure in any case, unless its document cannot be read."""
    texts: tuple[str, ...] = ()
    """The same in these, its ids, status or labels."""
    marks: tuple[str, ...] = ()
    """ASCII that stands in its document just so, unless that cannot be read: one of its flags."""
    branch_texts: tuple[str, ...] = ()
    """ASCII that stands in the document of one of its branches: the system of its last work."""


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
    hints: Hints = Hints()
    """Runs without these need not be given; whoever asks looks at each himself."""
