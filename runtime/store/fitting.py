"""Whether a document is what its table holds: read as its record, with moments that can be compared."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson

from runtime.model.act import Act, ActState, Hold, outcome
from runtime.model.codec import from_document
from runtime.model.facts import HOME, Home
from runtime.plain_json import MAXIMUM_DEPTH, exact_json
from runtime.safe_text import described
from runtime.store.documents import Unfit
from runtime.store.kinds import FACTS, KINDS, StoredFact

DEEPEST = MAXIMUM_DEPTH + 12
"""Levels a document may have: so much deeper than a value does one stand in a document."""
LONG_AGO = datetime.fromtimestamp(0, UTC)


def fitted(table: str, document: Any) -> Any:
    """The record of a document; raises Unfit, whose message follows the name of the document."""
    try:
        exact_json(document, DEEPEST)
        record = from_document(document, KINDS[table])
    except Exception as problem:  # of any type: the document may be anything
        raise Unfit(f"does not fit ({described(problem, 200).rstrip('.')})") from problem
    if table == "meta":
        _check_fact(record)
    return record


def _check_fact(fact: StoredFact) -> None:
    kind = FACTS.get(fact.key, Home | None if fact.key.startswith(HOME) else Any)
    try:
        from_document(fact.value, kind)
    except Exception as problem:
        raise Unfit(f"does not fit ({described(problem, 200).rstrip('.')})") from problem


def parsed(doc: Any) -> dict[str, Any]:
    """The document in a row; raises Unfit when it is no JSON object."""
    try:
        found = orjson.loads(doc)
    except Exception as problem:
        raise Unfit(f"cannot be read ({described(problem, 200).rstrip('.')})") from problem
    if not isinstance(found, dict):
        raise Unfit("cannot be read (it is no object)")
    return found


def read_fitted(table: str, doc: Any) -> Any:
    """The record in a row; raises Unfit."""
    return fitted(table, parsed(doc))


def fits(table: str, doc: Any) -> bool:
    """Whether the document in a row can be used."""
    try:
        read_fitted(table, doc)
    except Unfit:
        return False
    return True


def shown_act(number: int, target: Any, doc: Any) -> Act:
    """An act as lists show it; one that cannot be read, as that."""
    try:
        act: Act = read_fitted("acts", doc)
        if act.id != number:
            raise Unfit(f"says that it is act {act.id}")
        return act
    except Unfit as problem:
        said = outcome(ActState.DAMAGED, f"document {number} of acts {problem}")
        return Act(number, LONG_AGO, LONG_AGO, "", "", "damaged", str(target or ""), outcome=said)


def usable_hold(doc: Any) -> Hold | None:
    """A hold; of one that cannot be read what still says what it holds, because a hold that is lost lets work go on."""
    try:
        hold: Hold = read_fitted("holds", doc)
        return hold
    except Unfit:
        pass
    try:
        found = parsed(doc)
    except Unfit:
        return None
    scope, released = found.get("scope"), found.get("released_at")
    if not isinstance(scope, str) or released is not None:
        return None
    return Hold(scope, str(found.get("actor", "")), LONG_AGO, "damaged: release it and hold anew")
