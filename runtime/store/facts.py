"""Flows, schedules and facts from their rows, the same in every store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from runtime.errors import Damaged
from runtime.model.act import Act
from runtime.model.damage import Damage
from runtime.store.documents import Unfit
from runtime.store.fitting import fits, fitted, parsed, read_fitted

UNREADABLE_PLACE = "a place that cannot be read"


def flow_in(number: int, doc: Any) -> Mapping[str, Any]:
    """The FlowJSON in a row of flows; Damaged if it cannot be read."""
    try:
        source: Mapping[str, Any] = read_fitted("flows", doc).source
    except Unfit as problem:
        raise damaged("flows", number, problem) from problem
    return source


def flows_in(docs: Iterable[Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """(workflow, FlowJSON) of every flow that can be read."""
    found = (read_fitted("flows", doc) for doc in docs if fits("flows", doc))
    return [(flow.workflow, flow.source) for flow in found]


def schedules_in(docs: Iterable[Any]) -> dict[str, dict[str, Any]]:
    """State of schedules by workflow, without those that cannot be read."""
    found: dict[str, dict[str, Any]] = {}
    for doc in docs:
        try:
            document = parsed(doc)
            fitted("schedules", document)
        except Unfit:
            continue
        found[document.pop("workflow")] = document
    return found


def fact_in(key: str, doc: Any) -> Any:
    """The value of a fact; None if it cannot be read.

    `moved_to` keeps two schedulers from driving one set of runs: unreadable, it still says that there is one.
    """
    try:
        return read_fitted("meta", doc).value
    except Unfit:
        return UNREADABLE_PLACE if key == "moved_to" else None


def act_in(number: int, doc: Any) -> Act:
    """The act in a row; Damaged if it cannot be read."""
    try:
        act: Act = read_fitted("acts", doc)
    except Unfit as problem:
        raise damaged("acts", number, problem) from problem
    return act


def document_in(table: str, number: int, doc: Any) -> dict[str, Any]:
    """A document as it is exported and copied; Damaged if it is no JSON object."""
    try:
        return parsed(doc)
    except Unfit as problem:
        raise damaged(table, number, problem) from problem


def damaged(table: str, number: int, problem: Unfit) -> Damaged:
    """The error for a document that cannot be used."""
    return Damaged(Damage(table, number, str(problem)).sentence, table=table, number=number)


def epoch_in(doc: Any) -> int:
    """The epoch in a row of facts; 0 if it cannot be read."""
    found = fact_in("epoch", doc)
    return found if isinstance(found, int) else 0


def object_in(doc: Any) -> dict[str, Any] | None:
    """The JSON object in a row, or None."""
    try:
        return parsed(doc)
    except Unfit:
        return None
