"""Scopes of holds: what they may name, and what comes near to a name that nothing has."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from runtime.errors import InvalidInput, NotFound
from runtime.model.stored import RunFilter
from runtime.model.target import full_name, in_scope
from runtime.operations.acting import Acting
from runtime.operations.queries.systems import systems

_SHOWN = 8


def checked_scope(acting: Acting, scope: str, *, force: bool = False) -> str:
    """A scope of a hold; with `force` also one that names a system, target or flow which nothing here has.

    Raises:
        InvalidInput: It is no scope.
        NotFound: It names a run that is not there; or, without `force`, a flow or target that no flow or run has.
    """
    kind, equals, name = scope.partition("=")
    if scope == "all":
        return scope
    if kind not in ("system", "flow", "run") or not equals or not name:
        raise InvalidInput(f"{scope!r} is no scope; it is all, system=NAME, system=NAME:TARGET, flow=NAME or run=ID.")
    if kind == "run":
        acting.load(name)
    elif kind == "flow" and not force:
        _check_flow(acting, name)
    elif kind == "system" and not force:
        _check_system(acting, name)
    return scope


def _check_flow(acting: Acting, name: str) -> None:
    known = {text for w in acting.catalog.workflows() for text in (w.name, w.flow.id if w.flow else w.name)}
    if name in known or acting.store.runs.query(RunFilter(workflow=name), limit=1):
        return
    known |= {text for workflow, source in acting.store.flows.all() for text in (workflow, str(source.get("id")))}
    if name not in known:
        raise NotFound(_unknown(f"no workflow {name}", f"flow={name}", known))


def _check_system(acting: Acting, name: str) -> None:
    installed = {*acting.catalog.system_names(), "python", "local"}
    known = {(s, t) for w in acting.catalog.workflows() for s, t in _used(acting, w.name, w.source or {})}
    if name in installed or any(in_scope(name, *place) for place in known):
        return
    known |= {place for workflow, source in acting.store.flows.all() for place in _used(acting, workflow, source)}
    rows = systems(acting.store)
    if not any(in_scope(name, *place) for place in known) and not any(row.within(name) for row in rows):
        named = {full_name(*place) for place in known} | installed | {row.name for row in rows}
        raise NotFound(_unknown(f"no flow or run that uses {name}", f"system={name}", named))


def _used(acting: Acting, workflow: str, source: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Systems and targets that the tasks of a flow may work on."""
    yield from (("python", workflow), ("local", workflow))
    steps = source.get("steps")
    for step in steps if isinstance(steps, list) else ():
        metadata = step.get("metadata") if isinstance(step, Mapping) else None
        task = metadata.get("task") if isinstance(metadata, Mapping) else None
        if isinstance(task, Mapping) and isinstance(task.get("system"), str):
            yield task["system"], acting.catalog.target(task)


def _unknown(what: str, scope: str, known: set[str]) -> str:
    name = scope.partition("=")[2]
    from difflib import get_close_matches  # only who mistyped a scope pays for it

    near = get_close_matches(name, sorted(known), n=3, cutoff=0.6)
    told = f"Did you mean {' or '.join(near)}?" if near else f"Known: {', '.join(sorted(known)[:_SHOWN]) or 'none'}."
    return f"There is {what}. {told} To hold it all the same: forkjoin hold {shlex.quote(scope)} --force"
