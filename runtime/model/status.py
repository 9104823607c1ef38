"""Statuses of runs and branches, each declared once with how it looks and what it means."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class RunStatus(StrEnum):
    """What a run is doing, the first that fits (docs/semantics.md, Statuses)."""

    PENDING = "pending"
    RUNNING = "running"
    SLEEPING = "sleeping"
    WAITING = "waiting"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DAMAGED = "damaged"


class BranchStatus(StrEnum):
    """What a branch, or one visit of a step, is doing."""

    PENDING = "pending"
    STARTING = "starting"
    UNCONFIRMED = "unconfirmed"
    RUNNING = "running"
    WAITING = "waiting"
    ARRIVED = "arrived"
    AWAITING_RETRY = "awaiting_retry"
    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"


class StartFact(StrEnum):
    """What is known of whether the start of an attempt was made (docs/semantics.md, Starts)."""

    INTENDED = "intended"
    """Written down; a call is under way, or the scheduler ended before its answer was saved."""
    NOT_MADE = "not_made"
    """Certainly nothing was started under its key."""
    UNANSWERED = "unanswered"
    """It may have been made, nobody told."""
    WANTED = "wanted"
    """An operator wants it made again under its key, whether or not it was made before."""
    ANSWERED = "answered"


class ObservationState(StrEnum):
    """How well we see the external work of a branch; says nothing about its status."""

    FRESH = "fresh"
    STALE = "stale"
    LOST = "lost"


ENDED_RUN = frozenset({RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED})
SETTLED_BRANCH = frozenset(
    {BranchStatus.COMPLETED, BranchStatus.SKIPPED, BranchStatus.CANCELLED, BranchStatus.SUPERSEDED}
)


class Look(msgspec.Struct, frozen=True):
    """How a status is drawn: a glyph, its ASCII form, a colour name or none, and its meaning."""

    glyph: str
    ascii: str
    colour: str
    meaning: str


LOOKS: dict[str, Look] = {
    "pending": Look("∙", ".", "", "waits for its first wake, or a step before it"),
    "starting": Look("^", "^", "", "intent stored, external id unknown"),
    "unconfirmed": Look("¿", "u", "yellow", "nobody can say whether its start happened: find, adopt, or start anew"),
    "running": Look("►", ">", "", "work is going on"),
    "sleeping": Look("z", "z", "", "a next wake is set"),
    "waiting": Look("◊", "w", "", "a timer or an event is open"),
    "paused": Look("=", "=", "", "an operator stopped it"),
    "arrived": Look("✓", "v", "", "stands at a join"),
    "awaiting_retry": Look("↻", "r", "", "the next attempt has a time"),
    "completed": Look("✓", "v", "dim", "ended"),
    "failed": Look("✗", "X", "red", "cannot go on; an operator can repair it"),
    "skipped": Look("»", "s", "dim", "settled by hand"),
    "cancelled": Look("-", "c", "dim", "ended by an operator or a join"),
    "superseded": Look("~", "~", "dim", "replaced by a repair"),
    "damaged": Look("!", "!", "red", "a stored record of it cannot be read"),
}
