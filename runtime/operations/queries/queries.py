"""Everything that reads: what consoles, the command line and scripts may ask."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runtime.clock import Clock
from runtime.engine.explain.join_state import JoinState, join_states
from runtime.engine.explain.reasons import scheduler_state, why
from runtime.errors import Damaged, InvalidInput, Refused
from runtime.flow.program import Program
from runtime.model.act import Act
from runtime.model.run import HistoryEntry, Poll, Run
from runtime.model.stored import RunFilter, Stored
from runtime.nearest import did_you_mean
from runtime.operations.acting import program_of, recorded
from runtime.operations.checks import Check, damage_checks
from runtime.operations.environment import other_environment
from runtime.operations.local_work import deserted, homes
from runtime.operations.network_disk import network_disk
from runtime.operations.queries import views
from runtime.operations.queries.branch_names import find_branch, no_run
from runtime.operations.queries.filters import QUIET, matching, parse
from runtime.operations.queries.wakes import Wake, wake_of
from runtime.operations.queries.workers import troubles
from runtime.operations.queries.workflows import WorkflowState, workflow_states, workflows_check
from runtime.operations.schedules import coming_ticks
from runtime.store.documents import rootless
from runtime.store.ports.store import Store

if TYPE_CHECKING:
    from runtime.catalog import Catalog

SORTS = ("created_at", "updated_at", "next_wake_at", "attention", "id")


class Queries:
    """Reads a store; changes nothing."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        make_catalog: Callable[[], Catalog],
        broken_plugins: Callable[[], list[str]] = list,
    ) -> None:
        """Read a store; the catalog is made when something about workflows is asked first.

        `broken_plugins` gives a sentence for each external system of a package that cannot be used.
        """
        self.store = store
        self.clock = clock
        self._make_catalog = make_catalog
        self.broken_plugins = broken_plugins

    @cached_property
    def catalog(self) -> Catalog:
        """The workflows there are."""
        return self._make_catalog()

    def load(self, run_id: str) -> Stored:
        """A run with all its records; NotFound if there is none, Damaged if one cannot be read."""
        found = self.store.runs.load([run_id])
        if not found:
            raise no_run(self.store, run_id)
        if (lost := rootless(found[0])) is not None:
            raise Damaged(lost.sentence)
        return found[0]

    def program(self, run: Run) -> Program:
        """The program of a run."""
        return program_of(self.store, self.catalog, run)

    def runs(
        self, where: str = "", *, sort: str = "created_at", limit: int | None = 50, after: str | None = None
    ) -> list[Run]:
        """Runs that match a filter, newest first (attention: worst first, next_wake_at and id: ascending)."""
        if sort not in SORTS:
            raise InvalidInput(f"--sort is one of {', '.join(SORTS)}, not {sort}.{did_you_mean(sort, SORTS)}")
        descending = sort in ("created_at", "updated_at")
        chosen = parse(where)
        found = matching(self.store, chosen, self.clock.now(), order=sort, descending=descending, after=after)
        return list(found if limit is None else islice(found, limit))

    def joins(self, stored: Stored) -> list[JoinState]:
        """The joins of a run as they stand, and those that fired."""
        return join_states(self.program(stored.run), stored.branches, stored.firings)

    def why(self, run_id: str) -> dict[str, Any]:
        """Why a run is not done."""
        stored = self.load(run_id)
        found = why(
            self.program(stored.run),
            stored,
            self.store.holds.all(released=True),
            self.scheduler(),
            self.clock.now(),
            self.durations(),
        )
        return {
            **{key: value for key, value in found.items() if key != "can"},
            "joins": [views.join_view(j) for j in found["joins"]],
            "holds": [views.hold_view(h) for h in found["holds"]],
        }

    def durations(self) -> dict[str, list[float]]:
        """How long steps took lately, by `workflow/step`, as the scheduler noted it."""
        return dict(self.store.facts.get("durations") or {})

    def scheduler(self) -> dict[str, Any] | None:
        """The last heartbeat of a scheduler; with `moved_to` if nobody drives this store because it was moved."""
        beat: dict[str, Any] | None = self.store.facts.get("scheduler")
        if scheduler_state(beat, self.clock.now())[0] or not (moved := self.store.facts.get("moved_to")):
            return beat
        return {**(beat or {}), "moved_to": moved}

    def scheduler_state(self) -> tuple[bool, str]:
        """Whether a scheduler is alive by its heartbeat, and the sentence about it."""
        return scheduler_state(self.scheduler(), self.clock.now())

    def attention_count(self) -> int:
        """Runs that need attention."""
        return self.store.listing.count(RunFilter(attention_below=QUIET))

    def history(self, run_id: str) -> list[HistoryEntry]:
        """What happened to a run, oldest first."""
        self.load(run_id)
        return list(self.store.ledger.history(run_id))

    def polls(self, run_id: str, branch: str | None = None) -> list[Poll]:
        """The poll ledger of a run or one branch."""
        stored = self.load(run_id)
        chosen = find_branch(stored.branches, branch).id if branch else None
        return list(self.store.ledger.polls(run_id, chosen))

    def wakes(self, limit: int | None = 50) -> list[Wake]:
        """Runs and schedules by when they are due, held ones last."""
        now = self.clock.now()
        runs = self.store.runs.query(
            order="next_wake_at", descending=False, limit=None if limit is None else limit + 200
        )
        due = [(run.next_wake_at, wake_of(run, now)) for run in runs if run.next_wake_at is not None]
        if any(state.get("enabled") for state in self.store.schedules.all().values()):
            due += [(at, Wake(None, at, text)) for at, text in coming_ticks(self.catalog, self.store, now)]
        timed = [wake for _, wake in sorted(due, key=lambda one: one[0])]
        held = [wake_of(run, now) for run in runs if run.next_wake_at is None and run.held]
        return [*timed, *held][:limit]

    def wake_board(self, limit: int) -> tuple[list[Run], list[Run]]:
        """Runs by next wake, and held runs; at most `limit` of each."""
        timed = self.store.runs.query(order="next_wake_at", descending=False, limit=limit)
        return [r for r in timed if r.next_wake_at], self.store.runs.query(RunFilter(held=True), limit=limit)

    def recorded(self, act: Act, transaction: str | None = None) -> Act | None:
        """An act that was not confirmed, as the store has it, numbered; None: it was not saved.

        Refused while its transaction is still open, so that what may yet be saved is never called lost.
        """
        if transaction is not None and not self.store.changes.settled(transaction):
            raise Refused(f"{act.verb} {act.target} is still being saved or taken back; look again.")
        return recorded(self.store, act)

    def flows(self) -> list[WorkflowState]:
        """Known workflows with their versions, tasks and schedules.

        Raises:
            InvalidInput: A folder of workflows cannot be read.
        """
        return workflow_states(self.catalog, self.store)

    def other_environment(self, run_id: str | None = None) -> str:
        """A sentence if a scheduler here was started with other values for variables that flows name, or ''."""
        return other_environment(self.store, self.catalog, self.clock.now(), run_id)

    def doctor(self, directory: Path, *, deep: bool = False) -> list[Check]:
        """Looks at store, permissions, disk, scheduler and workflows; with `deep` at every document."""
        checks = [Check("store", True, f"{self.store.place}: {sum(self.store.listing.counts().values())} runs")]
        checks += damage_checks(self.store, deep=deep)
        if moved := self.store.facts.get("moved_to"):
            checks.append(Check("moved", False, f"its runs were moved to {moved}; name that --store"))
        if directory.is_dir():
            mode = directory.stat().st_mode & 0o777
            open_to = "" if mode & 0o077 == 0 else f"; others can look in: chmod 700 {directory}"
            checks.append(Check("permissions", mode & 0o077 == 0, f"{mode:o}{open_to}"))
            free = shutil.disk_usage(directory).free
            remote = network_disk(directory)
            where = f"on a network disk ({remote}): move the store to a local one" if remote else "on a local disk"
            checks.append(Check("disk", free > 100_000_000 and not remote, f"{free / 1e9:.1f} GB free, {where}"))
        writable = self.store.may_write() and (not directory.is_dir() or os.access(directory, os.W_OK))
        checks.append(Check("writable", writable, "yes" if writable else "no: only reading commands work"))
        if source := self.store.facts.get("copied"):
            checks.append(Check("copied", False, f"a copy from {source} was interrupted: repeat forkjoin store copy"))
        alive, text = scheduler_state(self.scheduler(), self.clock.now())
        if not moved:
            checks.append(Check("scheduler", alive, text))
        if alive:
            checks += [Check(name, False, told) for name, told in troubles(self.scheduler() or {})]
            if told := self.other_environment():
                checks.append(Check("environment", False, told))
        for home in homes(self.store, self.clock.now()) if not moved else ():
            trouble = deserted(home)
            checks.append(Check("home", trouble is None, trouble or f"{home.system} on {home.host}, {home.directory}"))
        checks += [Check("plugin", False, sentence) for sentence in self.broken_plugins()]
        checks.append(Check("workflows", *workflows_check(self.catalog)))
        term = os.environ.get("TERM", "")
        checks.append(Check("terminal", term not in ("", "dumb", "unknown"), f"TERM={term or 'not set'}"))
        return checks
