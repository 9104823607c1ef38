"""What needs attention, grouped by what is wrong: numbers and ids folded, the worst and most frequent first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from runtime.engine.explain.branch_work import at_work, doubt_of, failures
from runtime.model.branch import Branch
from runtime.model.run import Run
from runtime.model.status import ObservationState, RunStatus
from runtime.model.stored import RunFilter, Stored
from runtime.model.target import full_name
from runtime.operations.failure_signature import normalise
from runtime.operations.queries.filters import QUIET
from runtime.store.ports.runs import Runs

SCANNED = 5_000
KEPT_IDS = 1_000
KINDS = (
    "damaged",
    "failed",
    "unconfirmed",
    "lost",
    "expired",
    "stale",
    "unknown status",
    "late",
    "failed branch",
    "cancel owed",
    "event",
)


@dataclass
class Trouble:
    """Runs that have the same thing wrong."""

    kind: str
    what: str
    """The message, numbers and ids folded."""
    where: str
    """Workflow and step, and the external system."""
    runs: list[str] = field(default_factory=list)
    """At most 1,000 ids of runs that have it, the worst first."""
    affected: int = 0
    """Runs that have it."""
    run_count: int = 0
    """Runs of which it is the worst: so each run is counted once, and all groups together are the runs there are."""
    branch_count: int = 0
    last_at: datetime | None = None
    example: str = ""
    """One message as it came."""


def troubles(runs: Runs) -> list[Trouble]:
    """Groups over the 5,000 worst runs that need attention."""
    groups: dict[tuple[str, str, str], Trouble] = {}
    after: str | None = None
    seen = 0
    while seen < SCANNED:
        page = runs.query(RunFilter(attention_below=QUIET), order="attention", descending=False, limit=500, after=after)
        whole = {stored.run.id: stored for stored in runs.load([run.id for run in page], skip_damaged=True)}
        for run in page:
            _count(groups, run, list(_of(whole[run.id])) if run.id in whole else [])
        seen += len(page)
        if len(page) < 500:
            break
        after = page[-1].id
    return sorted(groups.values(), key=lambda g: (KINDS.index(g.kind), -g.run_count, g.what))


def _count(groups: dict[tuple[str, str, str], Trouble], run: Run, found: list[Found]) -> None:
    """Put a run into the groups of all it has wrong, and count it in that of the worst."""
    if run.status is RunStatus.DAMAGED:
        found = [("damaged", "a record cannot be read", "", None)]
    known: dict[tuple[str, str, str], Trouble] = {}
    for kind, message, where, at in found or [_as_listed(run)]:
        key = (kind, normalise(message), where)
        example = run.why if kind == "damaged" else message
        group = groups.setdefault(key, Trouble(kind, key[1], where, example=example[:2_000]))
        group.branch_count += kind != "damaged"
        group.last_at = max(filter(None, (group.last_at, at)), default=None)
        if key not in known:
            known[key] = group
            group.affected += 1
            if len(group.runs) < KEPT_IDS:
                group.runs.append(run.id)
    min(known.values(), key=lambda g: KINDS.index(g.kind)).run_count += 1


Found = tuple[str, str, str, datetime | None]


BY_RANK = {0: "failed", 1: "lost", 2: "expired", 3: "stale", 4: "late", 5: "failed branch", 6: "event"}


def _as_listed(run: Run) -> Found:
    """What the list says of a run whose branches say nothing of it."""
    return BY_RANK.get(run.attention, "failed branch"), run.why or "needs attention", run.workflow, run.updated_at


def _of(stored: Stored) -> Iterator[Found]:
    run = stored.run
    if run.is_late:
        yield "late", "work takes longer than usual", run.workflow, None
    if run.failure is not None:
        yield "failed", f"{run.failure.type}: {run.failure.message}", run.workflow, run.failure.at
    failed = failures(stored.branches, run.visits)
    for branch in failed:
        kind = "failed" if run.status is RunStatus.FAILED else "failed branch"
        failure = branch.current.failure if branch.current else None
        text = f"{failure.type}: {failure.message}" if failure else "failed"
        yield kind, text, _where(stored, branch), failure.at if failure else None
    for branch in at_work(stored.branches):
        yield from _of_open(stored, branch)


def _of_open(stored: Stored, branch: Branch) -> Iterator[Found]:
    where, seen = _where(stored, branch), branch.observation
    if branch.status == "running" and seen is not None and seen.state is not ObservationState.FRESH:
        problem = branch.last_poll_failure
        if seen.state is ObservationState.LOST:
            yield "lost", "the system does not know the id", where, branch.last_polled_at
        else:
            text = f"{problem.type}: {problem.message}" if problem else "not seen"
            yield "stale", text, where, branch.last_polled_at
    elif doubt := doubt_of(branch):
        yield "unknown status", doubt, where, branch.last_polled_at
    elif branch.status == "unconfirmed" and branch.current is not None and branch.current.failure is not None:
        failure = branch.current.failure
        yield "unconfirmed", "nobody can say whether its start was made", where, failure.at
    elif branch.status == "waiting" and branch.current is not None and branch.current.event:
        yield "event", f"waits for the event {branch.current.event}", where, branch.current.entered_at
    if branch.expired and branch.status == "failed":
        yield "expired", f"a timeout of {branch.step_id} expired", where, branch.last_polled_at
    for visit in branch.steps:
        for attempt in visit.attempts:
            owed = attempt.cancel
            if owed is not None and owed.confirmed_at is None and (owed.tries > 0 or owed.unable_at):
                yield "cancel owed", owed.problem or "not answered", where, owed.requested_at


def _where(stored: Stored, branch: Branch) -> str:
    attempt = next((v.attempts[-1] for v in reversed(branch.steps) if v.attempts), None)
    place = f", {full_name(attempt.external_system, attempt.target)}" if attempt else ""
    return f"{stored.run.workflow} {branch.step_id}{place}"
