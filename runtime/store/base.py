"""The interface every store of runs implements."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from runtime.model.act import Act, Hold
from runtime.model.damage import Damage
from runtime.model.question import Question
from runtime.model.run import HistoryEntry, Poll, Run
from runtime.model.stored import RunFilter, Save, Stored

POLLS_PER_BRANCH = 200
HISTORY_PER_RUN = 10_000


class RunStore(Protocol):
    """Stores runs. All moments are aware UTC. Methods raise StoreUnavailable when the store cannot be used."""

    @property
    def place(self) -> str:
        """Where it lies, as it may be shown: a file, or a URL without its password."""
        ...

    def save(self, saves: Sequence[Save], *, epoch: int | None = None) -> list[str]:
        """Write a batch in one durable transaction; returns the ids of runs refused for their revision.

        A refused run changes nothing, the others are written. With `epoch`, nothing is written and LostRight
        is raised unless it is the store's present epoch.
        """
        ...

    def get(self, run_id: str) -> Run | None: ...
    def load(self, run_ids: Sequence[str], *, skip_damaged: bool = False) -> list[Stored]:
        """The runs that exist, in the order asked.

        Raises Damaged when a record of one cannot be read; `skip_damaged` leaves such runs out.
        """
        ...

    def damage(self, run_ids: Sequence[str]) -> dict[str, Damage]:
        """What is wrong with those of these runs that cannot be used, by id."""
        ...

    def mark_damaged(self, run_ids: Sequence[str]) -> None:
        """Keep runs from being woken, and count them as damaged; their documents stay as they are."""
        ...

    def mend(self, runs: Sequence[Run]) -> None:
        """Let runs that were marked as damaged, and can be read again, be what their documents say."""
        ...

    def query(
        self,
        where: RunFilter | None = None,
        *,
        order: str = "created_at",
        descending: bool = True,
        limit: int | None = 50,
        after: str | None = None,
    ) -> list[Run]:
        """One keyset page, ordered by created_at, updated_at, next_wake_at, attention or id, ties by id.

        `after` is the id of the last run of the page before; NotFound if it does not exist. A run whose head cannot
        be read is among them with the status `damaged`, here and in `get` and `rows_at`.
        """
        ...

    def snapshot(
        self,
        where: RunFilter | None = None,
        *,
        order: str = "created_at",
        descending: bool = True,
        limit: int | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> array[int]:
        """Row numbers of all matching runs in order, 8 bytes each; `stop` is asked now and then and ends it early.

        Among runs of equal `attention` the last changed come first.
        """
        ...

    def rows_at(self, numbers: Sequence[int]) -> list[Run | None]:
        """The runs with these row numbers in the order asked; None where a run was removed."""
        ...

    def numbers(self, run_ids: Sequence[str]) -> dict[str, int]:
        """Row numbers of the runs that exist, by id."""
        ...

    def count(self, where: RunFilter | None = None) -> int:
        """How many runs match."""
        ...

    def counts(self) -> dict[str, int]:
        """Number of runs by status."""
        ...

    def due(self, now: datetime, limit: int, exclude: frozenset[str] = frozenset()) -> list[str]:
        """Ids of runs whose next wake lies at or before `now`, the longest due first."""
        ...

    def next_wake(self, exclude: frozenset[str] = frozenset()) -> datetime | None:
        """The earliest next wake of all runs."""
        ...

    def wake(self, run_ids: Sequence[str], at: datetime) -> None:
        """Bring the next wake of these runs forward to `at` (never later); leaves revisions alone."""
        ...

    def claim(self, run_ids: Sequence[str], owner: str, now: datetime, until: datetime) -> list[str]:
        """Lease runs to an owner until a moment; gives those it got, without those leased to others at `now`."""
        ...

    def release(self, run_ids: Sequence[str], owner: str) -> None:
        """Give leases back; those of other owners stay."""
        ...

    def history(self, run_id: str) -> list[HistoryEntry]: ...
    def polls(self, run_id: str, branch: str | None = None) -> list[Poll]:
        """The kept polls, oldest first."""
        ...

    def add_act(self, act: Act) -> Act:
        """Add an act (id 0) and give it back numbered, or replace the one with its id."""
        ...

    def act(self, act_id: int) -> Act | None: ...
    def acts(self, *, target: str | None = None, outcome: str | None = None, limit: int | None = None) -> list[Act]:
        """Acts, newest first."""
        ...

    def ask(self, question: Question) -> Question:
        """Store a question and give it back numbered; old ones are removed."""
        ...

    def question(self, number: int) -> Question | None: ...
    def open_questions(self) -> list[Question]:
        """Questions that are not answered, oldest first."""
        ...

    def answer(self, question: Question) -> None:
        """Store the answer to a question that is still there."""
        ...

    def due_acts(self, now: datetime) -> list[Act]:
        """Pending or running acts due at or before `now`, oldest first."""
        ...

    def holds(self, *, released: bool = False) -> list[Hold]:
        """Active holds, oldest first; with `released` the released ones too."""
        ...

    def put_hold(self, hold: Hold, act: Act | None = None) -> Act | None:
        """Add or replace the hold with this scope and `at`, and with it an act, which is given back numbered."""
        ...

    def put_flow(self, flow_hash: str, source: Mapping[str, Any], workflow: str) -> None:
        """Store FlowJSON by content hash; storing it again changes nothing."""
        ...

    def flow(self, flow_hash: str) -> Mapping[str, Any] | None: ...
    def flows(self) -> list[tuple[str, Mapping[str, Any]]]:
        """Every FlowJSON that is stored, each with the workflow it was stored for first."""
        ...

    def schedules(self) -> dict[str, dict[str, Any]]:
        """State of schedules by workflow name."""
        ...

    def put_schedule(self, workflow: str, state: Mapping[str, Any] | None) -> None:
        """Store the state of a schedule; None removes it."""
        ...

    def meta(self, key: str) -> Any: ...
    def put_meta(self, key: str, value: Any) -> None: ...
    def new_epoch(self) -> int:
        """Begin a new epoch of driving: saves with an older epoch are refused from now on."""
        ...

    def remove(self, run_ids: Sequence[str]) -> int:
        """Remove runs with all that belongs to them; returns how many were there."""
        ...

    def may_write(self) -> bool:
        """Whether this user may change anything here."""
        ...

    def now(self) -> datetime | None:
        """The moment by the clock that decides what is due; None where that is the clock of this machine."""
        ...

    def change_token(self) -> int:
        """A number that differs after any process changed the store; cheap."""
        ...

    def await_change(self, token: int, seconds: float) -> int:
        """Wait until the change token differs from `token`, at most so long; gives the present one.

        For one thread at a time, beside any other use. It may be a little late: only the token is the truth.
        """
        ...

    def stop_waiting(self) -> None:
        """End every `await_change` at once, those to come too; from any thread."""
        ...

    def settled(self, transaction: str) -> bool:
        """Whether a transaction that was not confirmed (`Unconfirmed.transaction`) has come to an end, either way."""
        ...

    def changes_since(self, moment: datetime) -> list[str]:
        """Ids of runs whose `updated_at` lies at or after `moment`."""
        ...

    def export(self) -> Iterator[tuple[str, int, Mapping[str, Any]]]:
        """Every document as (table, number, document)."""
        ...

    def page(self, table: str, after: int, limit: int = 500) -> list[tuple[int, dict[str, Any]]]:
        """Documents of a table with numbers above `after`, in order."""
        ...

    def raw(self, table: str, after: int, limit: int = 500) -> list[tuple[int, dict[str, Any], Any]]:
        """Rows of a table with numbers above `after`: number, columns, and the document as it lies there."""
        ...

    def integrity(self) -> list[str]:
        """What the database's own check of its files finds, where it has one; empty when they are sound."""
        ...

    def tally(self, table: str) -> int:
        """How many documents a table has."""
        ...

    def put_documents(self, table: str, rows: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
        """Write documents with their numbers, in place of those that are there already."""
        ...

    def drop_documents(self, table: str, numbers: Sequence[int]) -> None:
        """Remove documents by number."""
        ...

    def restore(self, tables: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
        """Add exported documents in one transaction; Refused if a run id exists already."""
        ...

    def sizes(self) -> tuple[int, int]:
        """Bytes of the data, and of the log beside it."""
        ...

    def close(self) -> None: ...
