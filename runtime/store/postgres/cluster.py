"""What workers on one PostgreSQL store share: who is there, who does what, who may call, and what is offered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from msgspec.structs import replace

from runtime.errors import LostRight
from runtime.model.codec import to_document
from runtime.model.facts import Home, home_of
from runtime.model.heartbeat import Heartbeat, QueueState, WorkerReport, heartbeat_document
from runtime.store.postgres.database import Connection
from runtime.store.postgres.maintenance_lock import SILENT_SECONDS, refuse_joining
from runtime.store.postgres.process_identity import has_ended, machine
from runtime.store.postgres.queries import sql
from runtime.store.postgres.store import PostgresStore
from runtime.store.postgres.text import text

OFFER_SECONDS = 10.0
Defer = Callable[[Connection, Sequence[tuple[str, str]]], None]


@dataclass(frozen=True, slots=True)
class Member:
    """A worker that is there, as its last heartbeat told."""

    number: int
    name: str
    host: str
    beat_at: datetime
    silent_seconds: float
    """Since that heartbeat, by the clock of the database."""
    beat: Heartbeat
    report: WorkerReport


class Cluster:
    """The shared half of a worker; every method is one statement or one transaction."""

    def __init__(self, store: PostgresStore, *, call_seconds: float = 35.0) -> None:
        """Work over the database of a store; raises StoreUnavailable like it. No call lasts longer than said."""
        self.store = store
        self._database = store.database
        self.number = 0
        self._call_seconds = call_seconds

    @property
    def owner(self) -> str:
        """The name under which this worker leases runs."""
        return str(self.number)

    def join(self, name: str, host: str, beat: Heartbeat, report: WorkerReport) -> int:
        """Register as a worker; the store refuses saves once this number is taken out.

        Raises StoreUnavailable where no worker may work: see `refuse_joining`.
        """

        def register(con: Connection) -> int:
            refuse_joining(con, self._database.name)
            row = con.execute(sql("register_worker"), (name, host, self._document(beat, report))).fetchone()
            assert row is not None
            return int(row[0])

        self.number = self._database.writing(register)
        self.store.right.number = self.number
        return self.number

    def leave(self, offered: Sequence[str] = ()) -> None:
        """Give everything back, with the runs that were offered to us and not begun, and be gone."""

        def give_back(con: Connection) -> None:
            con.execute(sql("offer_again"), (list(offered),))
            con.execute(sql("release_slots"), ([self.number],))
            self._forget(con, [self.number])

        self._database.writing(give_back)
        self.store.right.number = None

    @staticmethod
    def _forget(con: Connection, numbers: list[int]) -> None:
        con.execute(sql("add_gone"), (numbers,))
        con.execute(sql("forget_gone"))
        con.execute(sql("release_duties"), (numbers,))
        for number in numbers:
            con.execute(sql("remove_worker"), (number,))

    def _document(self, beat: Heartbeat, report: WorkerReport) -> str:
        whole = replace(report, call_seconds=self._call_seconds, machine=machine())
        return text({**heartbeat_document(beat), **to_document(whole)})

    def beat(self, beat: Heartbeat, report: WorkerReport, queue_worker: int | None) -> None:
        """Say that we are alive; LostRight if we were silent so long that we were taken out."""

        def write(con: Connection) -> int:
            return con.execute(sql("beat_worker"), (queue_worker, self._document(beat, report), self.number)).rowcount

        if self._database.writing(write, counted=False) == 0:
            raise LostRight("This worker was silent for too long; others have taken over its runs.")

    def members(self) -> list[Member]:
        """Everyone who is registered."""
        return [
            Member(number, name, host, at, silent, *_reported(doc))
            for number, name, host, at, doc, silent in self._database.all("workers")
        ]

    def evict_silent(self) -> list[str]:
        """Evict workers that are silent, and give what they held to the others; returns their names.

        Their places for calls end as late as a call may: a worker may be cut off from the store alone. Those of a
        process of this machine that has ended end at once.
        """

        def sweep(con: Connection) -> list[str]:
            gone = con.execute(sql("silent_workers"), (SILENT_SECONDS,)).fetchall()
            for number, _, _, doc in gone:
                beat, report = _reported(doc)
                longest = self._call_seconds if report.call_seconds is None else report.call_seconds
                seconds = 0.0 if has_ended(beat.pid, report.machine) else longest
                con.execute(sql("lapse_slots"), (seconds, number))
            if gone:
                self._forget(con, [number for number, *_ in gone])
            # A job of the dead holds the lock of its run: it ends here, the wake itself is in the store. This also
            # ends what a living worker had taken before it lost its connection.
            numbers = [queue for _, _, queue, _ in gone if queue is not None]
            con.execute(sql("end_jobs_of_silent"), (numbers, SILENT_SECONDS))
            return [name for _, name, *_ in gone]

        return self._database.writing(sweep, counted=False)

    def jobs_left(self, queue_worker: int, in_hand: Sequence[str]) -> set[int]:
        """Jobs the queue believes this worker to be doing, besides those of the runs it has in hand."""
        return {job for (job,) in self._database.all("jobs_of_worker", queue_worker, list(in_hand))}

    def end_jobs(self, jobs: Sequence[int]) -> None:
        """End jobs whose end could not be told while the database was away."""
        self._database.writing(lambda con: con.execute(sql("end_jobs"), (list(jobs),)), counted=False)

    def take_duty(self, name: str, seconds: float) -> bool:
        """Take or keep a duty for so many seconds; False while another worker has it, or if we were taken out."""
        named = {"name": name, "worker": self.number, "ttl": seconds}
        return self._database.writing(
            lambda con: con.execute(sql("take_duty"), named).fetchone() is not None, counted=False
        )

    def fold_counts(self) -> None:
        """Put the rows together that count the same runs; the counts stay as they are."""
        self._database.writing(lambda con: con.execute(sql("fold_counts")), counted=False)

    def forget_old_duties(self) -> None:
        """Remove duties nobody renewed for an hour, like those of single questions."""
        self._database.writing(lambda con: con.execute(sql("forget_duties")), counted=False)

    def take_slots(self, target: str, wanted: int, bound: int, seconds: float) -> list[int]:
        """Take up to `wanted` of the `bound` slots of a target; none if we were taken out: nobody would free them."""
        named = {"target": target, "wanted": wanted, "bound": bound, "ttl": seconds, "worker": self.number}

        def take(con: Connection) -> list[int]:
            if found := con.execute(sql("take_slots"), named).fetchall():
                return [slot for (slot,) in found]
            # Made only when there seem to be none: this waits for others who take or give places.
            con.execute(sql("make_slots"), named)
            return [slot for (slot,) in con.execute(sql("take_slots"), named).fetchall()]

        return self._database.writing(take, counted=False)

    def give_slots(self, target: str, slots: Sequence[int]) -> None:
        """Give slots back."""
        values = (target, list(slots), self.number)
        self._database.writing(lambda con: con.execute(sql("give_slots"), values), counted=False)

    def renew_slots(self, seconds: float) -> dict[str, set[int]]:
        """Keep all our slots for so many seconds more; gives those that are still ours, by target."""
        found: dict[str, set[int]] = {}
        rows = self._database.writing(
            lambda con: con.execute(sql("renew_slots"), (seconds, self.number)).fetchall(), counted=False
        )
        for target, slot in rows:
            found.setdefault(target, set()).add(slot)
        return found

    def offer(self, defer: Defer, *, depth: int, reach: Sequence[str] | None) -> int:
        """Put due runs into the queue, up to its free depth; gives how many.

        Only one worker offers at a time. `reach` names the external systems we can call, None: all. An offer that
        is not acted on within ten seconds is made again.
        """

        def make(con: Connection) -> int:
            may, waiting = con.execute(sql("offer_right")), con.execute(sql("queue_depth"))
            row, count = may.fetchone(), waiting.fetchone()
            if not row or not row[0]:
                return 0
            free = depth - (count[0] if count else 0)
            if free <= 0:
                return 0
            named = {
                "lease": OFFER_SECONDS,
                "limit": free,
                "everything": reach is None,
                "routes": list(reach or ()),
            }
            due = con.execute(sql("offer"), named).fetchall()
            if due:
                defer(con, due)
            return len(due)

        return self._database.writing(make, counted=False, together=True)

    def next_offer_seconds(self) -> float | None:
        """Seconds until the next run nobody works on comes due; None if none is asleep."""
        row = self._database.one("next_offer")
        return float(row[0]) if row and row[0] is not None else None

    def hand_on(self, routes: Mapping[str, str]) -> None:
        """Give runs to workers that reach the external system they need now."""
        values = (list(routes), list(routes.values()), self.owner)
        self._database.writing(lambda con: con.execute(sql("hand_on"), values), counted=False)

    def set_routes(self, routes: Mapping[str, str]) -> None:
        """Say which external system the next wake of runs is for."""
        values = (list(routes), list(routes.values()))
        self._database.writing(lambda con: con.execute(sql("routes"), values), counted=False)

    def queue(self) -> QueueState:
        """Jobs waiting in the queue, due runs nobody works on, and how long the oldest has been due."""
        depth = self._database.one("queue_depth")[0]
        due, oldest = self._database.one("wake_backlog")
        return QueueState(int(depth), int(due or 0), round(float(oldest or 0.0), 3))

    def home(self, system: str, host: str, directory: str, *, move: bool = False) -> tuple[str, str]:
        """Where the work of a system lives that keeps it on one machine: (host, directory).

        The first worker that reaches it makes its own machine the home; `move` makes ours the home.
        """
        fact, here = home_of(system), Home(host, directory)
        if not move:
            value = text({"key": fact.key, "value": to_document(here)})
            self._database.writing(lambda con: con.execute(sql("new_meta"), (fact.key, value)), counted=False)
        else:
            fact.write(self.store.facts, here)
        found = fact.read(self.store.facts) or here
        return found.host, found.directory


def _reported(doc: str | bytes) -> tuple[Heartbeat, WorkerReport]:
    """What a worker reported with its last heartbeat: one object holds the keys of both records."""
    return msgspec.json.decode(doc, type=Heartbeat), msgspec.json.decode(doc, type=WorkerReport)
