"""Reading stored documents: each is checked against its record and its row, and one that does not fit is named."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from typing import Any

import msgspec
import orjson
from msgspec.structs import replace

from runtime.errors import Damaged
from runtime.model.branch import Branch
from runtime.model.codec import from_document, reader
from runtime.model.damage import Damage
from runtime.model.run import Firing, Run
from runtime.model.status import RunStatus
from runtime.model.stored import Stored
from runtime.safe_text import described

_RUN = reader(Run)


@cache
def _seldom(kind: type[Any]) -> msgspec.json.Decoder[Any]:
    # Lists need none of these, and each takes a millisecond to make.
    return reader(kind)


class Unfit(ValueError):
    """A document is not what its table and row say; the message follows the name of the document."""


class HeadRow(msgspec.Struct, frozen=True):
    """The row of a run: columns as the store keeps them beside the document."""

    number: int
    id: str
    status: Any
    revision: Any
    workflow: Any
    wake_ts: Any
    created_ts: Any
    updated_ts: Any
    doc: Any


def decoded(decoder: msgspec.json.Decoder[Any], doc: Any) -> Any:
    """The record in a document; raises Unfit whatever is wrong with it."""
    try:
        return decoder.decode(doc)
    except Exception as problem:  # of any type: the row may hold anything
        raise Unfit(_said(problem)) from problem


def converted(doc: Any, kind: type[Any]) -> Any:
    """The record in a document of a table that is read seldom; raises Unfit."""
    try:
        return from_document(orjson.loads(doc), kind)
    except Exception as problem:
        raise Unfit(_said(problem)) from problem


def head_of(row: HeadRow) -> Run:
    """The head of a run; raises Unfit where document and row do not agree."""
    run: Run = decoded(_RUN, row.doc)
    if run.id != row.id:
        raise Unfit(f"speaks of the run {run.id[:100]!r}, but stands in the row of {row.id!r}")
    if row.status == RunStatus.DAMAGED:
        return run
    if run.revision != row.revision:
        raise Unfit(f"has revision {run.revision}, but its row has {row.revision}")
    if str(run.status) != row.status:
        raise Unfit(f"has status {run.status}, but its row has {row.status}")
    if (run.next_wake_at is None) != (row.wake_ts is None):
        # One way it would be lost, the other way it would be woken again and again for nothing.
        raise Unfit("and its row do not agree whether a next wake is set")
    return run


def shown(row: HeadRow) -> Run:
    """The head of a run as lists show it: one that is damaged, or was found to be, as that."""
    try:
        run = head_of(row)
    except Unfit as problem:
        made, changed = _moment(row.created_ts), _moment(row.updated_ts)
        why = f"damaged: its record {problem}"[:300]
        run = Run(row.id, str(row.workflow or ""), "", "", "", made, changed, revision=_whole(row.revision), why=why)
    else:
        if row.status != RunStatus.DAMAGED:
            return run
        run = replace(run, why=f"damaged: forkjoin why {run.id} says which record")
    return replace(run, status=RunStatus.DAMAGED, next_wake_at=None, ended_at=None, attention=0, held=False)


def assembled(
    heads: Iterable[HeadRow],
    branches: Iterable[tuple[int, str, str, Any]],
    firings: Iterable[tuple[int, str, str, int, Any]],
) -> tuple[dict[str, Stored], dict[str, Damage]]:
    """Runs with all their records, and what is wrong with those that cannot be used, by id.

    Args:
        heads: Rows of runs.
        branches: (number, run, branch, document), in creation order.
        firings: (number, run, step, visit, document).
    """
    runs: dict[str, Run] = {}
    damaged: dict[str, Damage] = {}
    parts: dict[str, dict[str, Branch]] = {}
    fired: dict[str, list[Firing]] = {}
    for row in heads:
        try:
            runs[row.id] = head_of(row)
        except Unfit as problem:
            damaged[row.id] = Damage("runs", row.number, str(problem), row.id)
        parts[row.id] = {}
    for number, run_id, branch_id, doc in branches:
        try:
            branch: Branch = decoded(_seldom(Branch), doc)
            if _column(branch.run_id) != run_id or _column(branch.id) != branch_id:
                raise Unfit(f"speaks of {branch.run_id!r}, {branch.id!r}, but stands in the row of {branch_id!r}")
            parts.setdefault(run_id, {})[branch.id] = branch
        except Unfit as problem:
            damaged.setdefault(run_id, Damage("branches", number, str(problem), run_id))
    for number, run_id, step_id, visit, doc in firings:
        try:
            firing: Firing = decoded(_seldom(Firing), doc)
            if (_column(firing.run_id), _column(firing.step_id), firing.visit) != (run_id, step_id, visit):
                raise Unfit("speaks of another firing than its row")
            fired.setdefault(run_id, []).append(firing)
        except Unfit as problem:
            damaged.setdefault(run_id, Damage("joins", number, str(problem), run_id))
    found = {i: Stored(run, parts[i], tuple(fired.get(i, ()))) for i, run in runs.items() if i not in damaged}
    return found, damaged


def rootless(stored: Stored) -> Damage | None:
    """What is wrong with a run whose root token is gone: moved on, it would look as if it had completed."""
    if "main" in stored.branches:
        return None
    return Damage("branches", 0, "has no branch main of it", stored.run.id)


def refuse(damaged: dict[str, Damage]) -> None:
    """Raise Damaged for the first of these, if there is one."""
    for one in damaged.values():
        raise Damaged(one.sentence, table=one.table, number=one.number, run=one.run_id)


def _said(problem: Exception) -> str:
    return f"cannot be read ({described(problem, 200).rstrip('.')})"


def _column(value: str) -> str:
    """Text as every store can hold it in a column."""
    return value.replace("\x00", "\\0")


def _moment(seconds: Any) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)


def _whole(value: Any) -> int:
    return value if isinstance(value, int) else 0
