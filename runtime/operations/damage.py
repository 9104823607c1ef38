"""What is damaged in a store: for doctor, and for removing it."""

from __future__ import annotations

from collections.abc import Iterable

from runtime.errors import Refused
from runtime.model.damage import Damage
from runtime.model.status import RunStatus
from runtime.model.stored import RunFilter
from runtime.operations.acting import Acting
from runtime.operations.order import Order
from runtime.operations.receipts import Receipt, recording
from runtime.store.examining import examine
from runtime.store.ports.documents import Documents
from runtime.store.ports.store import Store

NAMED = 20
SMALL = ("holds", "schedules", "meta")
"""Tables that are small enough to be read whenever somebody asks how the store is."""
USED_BY_RUNS = ("runs", "branches", "joins", "flows")
"""Tables of which one damaged document makes its run unusable; in others only the document is lost."""


def known_damage(store: Store) -> list[str]:
    """Sentences about runs that were found damaged when they were to be moved, and about damaged small tables."""
    marked = store.runs.query(RunFilter(statuses=frozenset({RunStatus.DAMAGED})), order="id", limit=NAMED + 1)
    found = store.runs.damage([run.id for run in marked[:NAMED]])
    told = [
        f"{found[run.id].place} of {run.id} {found[run.id].problem}" if run.id in found else f"{run.id}: {run.why}"
        for run in marked[:NAMED]
    ]
    if len(marked) > NAMED:
        told.append(f"{store.listing.counts().get(RunStatus.DAMAGED, 0):,} runs in all")
    return [*told, *(f"{one.place} {one.problem}" for one in examine(store.documents, SMALL))]


def deep_damage(documents: Documents) -> tuple[list[str], list[str]]:
    """Sentences about every damaged record, and about what the database finds wrong with its file."""
    found = [f"{one.place}{f' (run {one.run_id})' if one.run_id else ''} {one.problem}" for one in examine(documents)]
    return list(dict.fromkeys(found)), documents.integrity()


def prune_damaged(acting: Acting, order: Order) -> Receipt:
    """Remove damaged runs with all that belongs to them, and every other record that cannot be read."""
    acting.refuse_read_only("prune --damaged")
    runs, records = _to_remove(examine(acting.store.documents))
    effects = tuple(f"run {run_id}" for run_id in runs) + tuple(
        f"document {number} of {table}" for table, numbers in records.items() for number in numbers
    )
    count = len(effects)
    if order.dry_run:
        return Receipt(f"Would remove {count} damaged records.", effects, dry_run=True)
    if not count:
        raise Refused("Nothing in this store is damaged; nothing was removed.")
    acting.store.runs.remove(runs)
    for table, numbers in records.items():
        acting.store.documents.drop(table, numbers)
    with recording(None, partly=f"{count} damaged records are removed"):
        done = acting.new_act("prune", f"{count} damaged records", order.reason, after=list(effects[:100]))
        act = acting.store.acts.put(done)
    return Receipt(f"Removed {count} damaged records.", effects, act)


def _to_remove(found: Iterable[Damage]) -> tuple[list[str], dict[str, list[int]]]:
    """Ids of runs, and numbers of documents by table, that have to go."""
    runs: dict[str, None] = {}
    records: dict[str, list[int]] = {}
    for one in found:
        if one.run_id is not None and one.table in USED_BY_RUNS:
            runs[one.run_id] = None
        if one.number and (one.run_id is None or one.table not in USED_BY_RUNS):
            records.setdefault(one.table, []).append(one.number)
    return list(runs), records
