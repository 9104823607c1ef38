"""Changes of a run's state: what a step returns and `metadata.assign`, merged where branches meet.

See docs/semantics.md, State.

Changes made in one save are ordered by the file order of the forks' connections, whichever branch moved first. A change
meets another where a different branch changed the key after this one had read it: when its attempt began, or its step
was entered.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from runtime.engine.draft import Draft
from runtime.engine.merging import MISSING, UNKNOWN, Change, Length, Unmergeable, merged, replaced, same
from runtime.errors import ExpressionError, InvalidInput
from runtime.flow.json_schema import check, check_json
from runtime.model.branch import Branch
from runtime.model.run import KeyChange
from runtime.model.task import Failed

STATE_BYTES = 1_000_000
_SHORT = 80


def reading(draft: Draft) -> dict[str, Any]:
    """Fields of a visit that record what it reads of the state now; of lists only the length."""
    read: dict[str, float] = {}
    for key, rule in draft.program.flow.merge.items():
        value = draft.state.get(key)
        if rule == "append" and isinstance(value, list | tuple):
            read[key] = len(value)
        elif rule == "add" and isinstance(value, int | float) and not isinstance(value, bool):
            read[key] = value
    return {"read_at": draft.state_version, "read": read}


def make_changes(draft: Draft, branch: Branch, result: Any, state: Any = None) -> Failed | None:
    """Change the state as a step that completes asks for: what it returned, then its `metadata.assign`.

    Gives why that cannot be, and then nothing is changed: an expression fails, values cannot be merged, or the state
    would not fit `globalStateSchema`.
    """
    step = draft.program.step(branch.step_id)
    try:
        changes: dict[str, Any] = dict(state or {})
    except (TypeError, ValueError) as problem:
        return _refused(step.id, str(problem))
    reads = {key: _read(draft, branch, key) for key in changes}
    if step.assign and branch.kind != "item":
        seen = {**_state_seen(draft, branch), **changes}
        for key, code in step.assign.items():
            try:
                changes[key] = draft.evaluate(code, branch, state=seen, more={"result": result, "failure": None})
            except ExpressionError as problem:
                return Failed(f"assign of {step.id}, {key}: {problem.message}", "ExpressionError", retryable=False)
            rule = draft.program.flow.merge.get(key, "replace")
            reads[key] = _read_at_entry(branch, key) if rule == "add" else seen.get(key, MISSING)
    if not changes:
        return None
    problem_text = _merge(draft, branch, changes, reads)
    return _refused(step.id, problem_text) if problem_text else None


def replace_state(draft: Draft, state: Mapping[str, Any]) -> list[str]:
    """Put another state in its place, an operator's; gives the keys that differ."""
    differ = [n for n in sorted({*state, *draft.state}) if not same(state.get(n, MISSING), draft.state.get(n, MISSING))]
    draft.state_version += 1
    for key in differ:
        draft.state_changed[key] = KeyChange(draft.state_version, "", "")
    draft.state = draft.state_before = dict(state)
    draft.state_ledger = {}
    return differ


def tell_replaced(draft: Draft) -> None:
    """Tell in the history which changes of other branches those of this save replaced."""
    for key, entries in draft.state_ledger.items():
        values = _fold(draft, key, entries)
        for at in range(len(entries)):
            _tell_losses(draft, key, entries, at, values[at])


def _refused(step: str, why: str) -> Failed:
    return Failed(f"The state change of {step} was refused: {why}", "InvalidState", retryable=False)


def _state_seen(draft: Draft, branch: Branch) -> dict[str, Any]:
    """The state that `assign` sees: as it is now, but numbers that are added up as this branch read them."""
    visit = branch.current
    probe = _change(draft, branch, MISSING, MISSING)
    state = dict(draft.state)
    for key, entries in draft.state_ledger.items():
        state[key] = _fold(draft, key, entries[: _place_of(probe, entries)])[-1]
    state = {key: value for key, value in state.items() if value is not MISSING}
    for key, rule in draft.program.flow.merge.items():
        entries = draft.state_ledger.get(key, [])
        if rule == "add" and visit is not None and _meets(draft, key, entries[: _place_of(probe, entries)], probe):
            state[key] = visit.read.get(key, 0)
    return state


def _read(draft: Draft, branch: Branch, key: str) -> Any:
    if draft.told_state is not None:
        return draft.told_state.get(key, MISSING)
    rule = draft.program.flow.merge.get(key, "replace")
    found = _read_at_entry(branch, key)
    if rule == "append":
        return found if found is MISSING else Length(found)
    return found if rule == "add" else UNKNOWN


def _read_at_entry(branch: Branch, key: str) -> Any:
    visit = branch.current
    return visit.read.get(key, MISSING) if visit is not None else MISSING


def _merge(draft: Draft, branch: Branch, changes: Mapping[str, Any], reads: Mapping[str, Any]) -> str:
    state, ledger = dict(draft.state), {}
    for key, value in changes.items():
        change = _change(draft, branch, reads[key], value)
        entries = list(draft.state_ledger.get(key, ()))
        entries.insert(_place_of(change, entries), change)
        try:
            state[key], ledger[key] = _fold(draft, key, entries)[-1], entries
        except Unmergeable as problem:
            return f"`{key}` was changed by another branch too, and {problem}"
    try:
        checked = check_json(state, STATE_BYTES, "the state")
    except InvalidInput as problem:
        return problem.message
    wrong = check(draft.program.flow.state_schema, checked)
    if wrong:
        return "; ".join(wrong)
    draft.state, draft.state_version = checked, draft.state_version + 1
    draft.state_ledger |= ledger
    return ""


def _change(draft: Draft, branch: Branch, read: Any, value: Any) -> Change:
    """A change as it would be made now."""
    seqs, at, visit = [branch.seq], branch, branch.current
    while at.parent:
        at = draft.branches[at.parent]
        seqs.append(at.seq)
    by = KeyChange(draft.state_version + 1, branch.id, branch.step_id)
    return Change(by, tuple(reversed(seqs)), branch.joined, visit.read_at if visit else 0, read, value)


def _place_of(change: Change, entries: Sequence[Change]) -> int:
    """Where a change belongs among those of this save."""
    at = len(entries)
    while at and change.goes_before(entries[at - 1]):
        at -= 1
    return at


def _fold(draft: Draft, key: str, entries: Sequence[Change]) -> list[Any]:
    """The value before the first change of this save and after each."""
    values = [draft.state_before.get(key, MISSING)]
    for at, entry in enumerate(entries):
        rule = _rule(draft, key, entries, at)
        values.append(merged(rule, values[-1], entry.read, entry.value) if rule else entry.value)
    return values


def _rule(draft: Draft, key: str, entries: Sequence[Change], at: int) -> str:
    """How one change is merged; empty where no other branch changed the key since it was read."""
    return draft.program.flow.merge.get(key, "replace") if _meets(draft, key, entries[:at], entries[at]) else ""


def _meets(draft: Draft, key: str, before: Sequence[Change], change: Change) -> bool:
    """Whether another branch changed the key since it was read, or beside it in this save."""
    stored = draft.state_changed.get(key)
    if stored is not None and stored.version > change.read_at:
        return True
    return any(entry.by.version > change.read_at or change.beside(entry) for entry in before)


def _tell_losses(draft: Draft, key: str, entries: Sequence[Change], at: int, value: Any) -> None:
    """Tell what a change takes away from the one before it."""
    rule, entry = _rule(draft, key, entries, at), entries[at]
    other = entries[at - 1].by if at else draft.state_changed.get(key)
    if not rule or other is None:
        return
    who = f"branch {other.branch}" if other.branch else "an edit"
    for path, old, new in replaced(rule, value, entry.read, entry.value):
        draft.record(
            "state_replaced",
            f"state.{key}{path}: {_short(old)} of {who} was replaced by {_short(new)} of branch {entry.by.branch}",
            draft.branches[entry.by.branch],
            step=entry.by.step,
            data={"key": f"{key}{path}", "old": _short(old), "new": _short(new), "of": other.branch},
        )


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=dict)
    return text if len(text) <= _SHORT else f"{text[:_SHORT]}… ({len(text):,} characters)"
