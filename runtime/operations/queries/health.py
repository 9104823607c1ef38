"""How the installation is: scheduler, store, holds, version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from runtime.model.act import Hold
from runtime.model.heartbeat import Heartbeat
from runtime.operations.checks import Check
from runtime.operations.queries.doctor import examined
from runtime.operations.queries.queries import Queries


@dataclass(frozen=True)
class Health:
    """What the Health screen shows."""

    beat: Heartbeat | None
    """The last heartbeat."""
    alive: bool
    told: str
    behind: str
    """How far behind a living scheduler is; empty if it keeps up."""
    rates: Sequence[float]
    """Wakes a second at the last heartbeats, oldest first."""
    checks: Sequence[Check]
    counts: Mapping[str, int]
    store_bytes: int
    wal_bytes: int
    holds: Sequence[Hold]
    version: str


def read_health(queries: Queries, directory: Path) -> Health:
    """Read it; looks at files and workflows, so not for every second."""
    alive, told = queries.scheduler_state()
    beat = queries.scheduler()
    return Health(
        beat,
        alive,
        told,
        queries.overload(),
        beat.rates if beat is not None else (),
        examined(queries, directory),
        queries.store.listing.counts(),
        *queries.store.documents.sizes(),
        queries.store.holds.all(),
        _version(),
    )


def _version() -> str:
    try:
        return version("forkjoin-console")
    except PackageNotFoundError:
        return "not installed"
