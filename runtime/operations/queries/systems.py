"""External systems as an operator sees them: what is open on each, how it answers, what is held."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from runtime.engine.explain.branch_work import at_work
from runtime.model.facts import SYSTEMS
from runtime.model.status import ObservationState
from runtime.model.stored import RunFilter
from runtime.model.target import full_name, in_scope
from runtime.store.ports.store import Store

SCANNED = 2_000
OPEN = frozenset({"sleeping", "running", "waiting", "paused", "pending", "failed"})


@dataclass
class SystemRow:
    """One target of an external system."""

    name: str
    """`http:mail.internal`, `process:load.py`, `simulated`."""
    open: int = 0
    """Branches with work open on it, among the first 2,000 open runs."""
    unseen: int = 0
    """Of these, stale or lost."""
    oldest_unseen_at: datetime | None = None
    oldest_unseen_run: str = ""
    calls_per_minute: float = 0.0
    failed_share: float = 0.0
    """Of the calls of the last five minutes, the part that could not reach it; 0 to 1."""
    p95_ms: float | None = None
    held_by: str = ""

    def within(self, name: str) -> bool:
        """Whether a system or target of this name covers it."""
        system, _, target = self.name.partition(":")
        return in_scope(name, system, target)

    @property
    def state(self) -> str:
        """held, unreachable, unsure or ok."""
        if self.held_by:
            return "held"
        if self.failed_share >= 0.5 or (self.open and self.unseen == self.open):
            return "unreachable"
        return "unsure" if self.failed_share > 0 or self.unseen else "ok"


def systems(store: Store) -> list[SystemRow]:
    """Every target with open work or calls lately, the worst first."""
    rows: dict[str, SystemRow] = {}
    for name, calls in (SYSTEMS.read(store.facts) or {}).items():
        row = rows.setdefault(name, SystemRow(name))
        seconds = max(calls.seconds or 1.0, 1.0)
        row.calls_per_minute = 60.0 * calls.calls / max(seconds, 60.0)
        row.failed_share = calls.failed / calls.calls if calls.calls else 0.0
        row.p95_ms = calls.p95_ms
    page = store.runs.query(RunFilter(statuses=OPEN), order="next_wake_at", descending=False, limit=SCANNED)
    for start in range(0, len(page), 500):
        for stored in store.runs.load([run.id for run in page[start : start + 500]], skip_damaged=True):
            for branch in at_work(stored.branches):
                visit = branch.current
                attempt = visit.attempts[-1] if visit and visit.attempts else None
                if (
                    attempt is None
                    or branch.status not in ("starting", "running")
                    or attempt.external_system == "local"
                ):
                    continue
                name = full_name(attempt.external_system, attempt.target)
                row = rows.setdefault(name, SystemRow(name))
                row.open += 1
                seen = branch.observation
                if seen is not None and seen.state is not ObservationState.FRESH:
                    row.unseen += 1
                    if seen.seen_at and (row.oldest_unseen_at is None or seen.seen_at < row.oldest_unseen_at):
                        row.oldest_unseen_at, row.oldest_unseen_run = seen.seen_at, stored.run.id
    for hold in store.holds.all():
        kind, _, name = hold.scope.partition("=")
        for row in rows.values():
            if kind == "all" or (kind == "system" and row.within(name)):
                row.held_by = hold.actor
        if kind == "system" and ":" in name and not any(row.within(name) for row in rows.values()):
            rows[name] = SystemRow(name, held_by=hold.actor)
    order = {"unreachable": 0, "held": 1, "unsure": 2, "ok": 3}
    return sorted(rows.values(), key=lambda r: (order[r.state], -r.open, r.name))
