"""Everything that reads: what consoles, the command line and scripts may ask.

A command asks one question and ends, so what answers a question is imported when that question is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from runtime.errors import Damaged, InvalidInput, Refused
from runtime.model.facts import DURATIONS, HEARTBEAT, MOVED_TO
from runtime.model.heartbeat import Heartbeat
from runtime.model.stored import RunFilter
from runtime.nearest import did_you_mean
from runtime.operations.queries.filters import QUIET, matching, parse

if TYPE_CHECKING:
    from runtime.catalog.catalog import Catalog
    from runtime.clock import Clock
    from runtime.flow.program import Program
    from runtime.model.act import Act
    from runtime.model.explanation import Explanation, JoinState
    from runtime.model.run import HistoryEntry, Poll, Run
    from runtime.model.stored import Stored
    from runtime.operations.local_work import Home
    from runtime.operations.queries.attention import Trouble
    from runtime.operations.queries.run_window import RunLists
    from runtime.operations.queries.store_changes import StoreChanges
    from runtime.operations.queries.stored_records import StoredRecords
    from runtime.operations.queries.systems import SystemRow
    from runtime.operations.queries.wakes import Wake
    from runtime.operations.queries.workflows import WorkflowState
    from runtime.store.ports.store import Store

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
    def records(self) -> StoredRecords:
        """Records as they are stored."""
        from runtime.operations.queries.stored_records import StoredRecords

        return StoredRecords(self.store)

    @cached_property
    def lists(self) -> RunLists:
        """Lists of runs of any length."""
        from runtime.operations.queries.run_window import RunLists

        return RunLists(self.store, self.clock)

    @cached_property
    def changes(self) -> StoreChanges:
        """Noticing that somebody changed the store."""
        from runtime.operations.queries.store_changes import StoreChanges

        return StoreChanges(self.store.changes)

    @cached_property
    def catalog(self) -> Catalog:
        """The workflows there are."""
        return self._make_catalog()

    def load(self, run_id: str) -> Stored:
        """A run with all its records; NotFound if there is none, Damaged if one cannot be read."""
        from runtime.operations.queries.branch_names import no_run
        from runtime.store.documents import rootless

        found = self.store.runs.load([run_id])
        if not found:
            raise no_run(self.store.runs, run_id)
        if (lost := rootless(found[0])) is not None:
            raise Damaged(lost.sentence)
        return found[0]

    def program(self, run: Run) -> Program:
        """The program of a run."""
        from runtime.operations.programs import program_of

        return program_of(self.store.flows, self.catalog, run)

    def runs(
        self, where: str = "", *, sort: str = "created_at", limit: int | None = 50, after: str | None = None
    ) -> list[Run]:
        """Runs that match a filter, newest first (attention: worst first, next_wake_at and id: ascending)."""
        if sort not in SORTS:
            raise InvalidInput(f"--sort is one of {', '.join(SORTS)}, not {sort}.{did_you_mean(sort, SORTS)}")
        descending = sort in ("created_at", "updated_at")
        chosen = parse(where)
        now = self.clock.now()
        found = matching(self.store.runs, chosen, now, order=sort, descending=descending, after=after, wanted=limit)
        return list(found if limit is None else islice(found, limit))

    def joins(self, stored: Stored) -> list[JoinState]:
        """The joins of a run as they stand, and those that fired."""
        from runtime.engine.explain.join_state import join_states

        return join_states(self.program(stored.run), stored.branches, stored.firings)

    def why(self, run_id: str) -> Explanation:
        """Why a run is not done."""
        from runtime.engine.explain.reasons import why

        stored = self.load(run_id)
        return why(
            self.program(stored.run),
            stored,
            self.store.holds.all(released=True),
            self.scheduler(),
            self.clock.now(),
            self.durations(),
        )

    def durations(self) -> dict[str, list[float]]:
        """How long steps took lately, by `workflow/step`, as the scheduler noted it."""
        return DURATIONS.read(self.store.facts) or {}

    def scheduler(self) -> Heartbeat | None:
        """The last heartbeat of a scheduler; with `moved_to` if nobody drives this store because it was moved."""
        from runtime.engine.explain.heartbeat_words import scheduler_state

        beat = HEARTBEAT.read(self.store.facts)
        if scheduler_state(beat, self.clock.now())[0] or not (moved := MOVED_TO.read(self.store.facts)):
            return beat
        return replace(beat or Heartbeat(), moved_to=moved)

    def scheduler_state(self) -> tuple[bool, str]:
        """Whether a scheduler is alive by its heartbeat, and the sentence about it."""
        from runtime.engine.explain.heartbeat_words import scheduler_state

        return scheduler_state(self.scheduler(), self.clock.now())

    def overload(self) -> str:
        """How far behind a living scheduler is, in a few words; empty if it keeps up, or none is alive."""
        from runtime.engine.explain.heartbeat_words import overload

        beat = self.scheduler()
        return overload(beat) if beat is not None and self.scheduler_state()[0] else ""

    def attention_count(self) -> int:
        """Runs that need attention."""
        return self.store.listing.count(RunFilter(attention_below=QUIET))

    def history(self, run_id: str) -> list[HistoryEntry]:
        """What happened to a run, oldest first."""
        self.load(run_id)
        return list(self.store.ledger.history(run_id))

    def polls(self, run_id: str, branch: str | None = None) -> list[Poll]:
        """The poll ledger of a run or one branch."""
        from runtime.operations.queries.branch_names import find_branch

        stored = self.load(run_id)
        chosen = find_branch(stored.branches, branch).id if branch else None
        return list(self.store.ledger.polls(run_id, chosen))

    def wakes(self, limit: int | None = 50) -> list[Wake]:
        """Runs and schedules by when they are due, held ones last."""
        from runtime.operations.queries.wakes import Wake, wake_of

        now = self.clock.now()
        runs = self.store.runs.query(
            order="next_wake_at", descending=False, limit=None if limit is None else limit + 200
        )
        due = [(run.next_wake_at, wake_of(run, now)) for run in runs if run.next_wake_at is not None]
        if any(state.get("enabled") for state in self.store.schedules.all().values()):
            from runtime.operations.schedules import coming_ticks

            due += [(at, Wake(None, at, text)) for at, text in coming_ticks(self.catalog, self.store.schedules, now)]
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
        from runtime.operations.receipts import recorded

        if transaction is not None and not self.store.changes.settled(transaction):
            raise Refused(f"{act.verb} {act.target} is still being saved or taken back; look again.")
        return recorded(self.store.acts, act)

    def flows(self) -> list[WorkflowState]:
        """Known workflows with their versions, tasks and schedules.

        Raises:
            InvalidInput: A folder of workflows cannot be read.
        """
        from runtime.operations.queries.workflows import workflow_states

        return workflow_states(self.catalog, self.store.schedules)

    def schedules(self, catalog: Catalog | None = None) -> list[dict[str, Any]]:
        """Every workflow with a schedule; what is wrong with it as this catalog, or that for reading, sees it."""
        from runtime.operations.schedules import schedule_views

        return schedule_views(catalog or self.catalog, self.store.schedules, self.clock.now())

    def systems(self) -> list[SystemRow]:
        """Every target of an external system with open work or calls lately, the worst first."""
        from runtime.operations.queries.systems import systems

        return systems(self.store)

    def trouble_groups(self) -> list[Trouble]:
        """What needs attention, grouped by what is wrong."""
        from runtime.operations.queries.attention import troubles

        return troubles(self.store.runs)

    def homes(self) -> list[Home]:
        """Where the work of systems lies that keep it in files of one machine."""
        from runtime.operations.local_work import homes

        return homes(self.store, self.clock.now())

    def other_environment(self, run_id: str | None = None) -> str:
        """A sentence if a scheduler here was started with other values for variables that flows name, or ''."""
        from runtime.operations.environment import other_environment

        return other_environment(self.store, self.catalog, self.clock.now(), run_id)
