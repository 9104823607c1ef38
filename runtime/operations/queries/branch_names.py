"""Names of branches as people say them, and the branch a person means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from runtime.engine.branch_ids import ROOT, unquoted
from runtime.errors import InvalidInput, NotFound
from runtime.model.branch import Branch
from runtime.nearest import did_you_mean

if TYPE_CHECKING:
    from runtime.store.ports.runs import Runs

LOOKED_THROUGH = 500
"""Runs, newest first, among which one with a like id is looked for."""


def branch_name(branch_id: str) -> str:
    """`main/fork.1/a` is `a`, `main/load.1:17` is `load:17`, `main/f.1/x/g.1/y` is `x/y`."""
    parts = branch_id.split("/")
    said: list[str] = []
    for place, part in enumerate(parts[1:], 1):
        if place % 2 == 0:
            said.append(unquoted(part))
        elif ":" in part:
            fork, _, index = part.rpartition(":")
            said.append(f"{unquoted(fork.rpartition('.')[0])}:{index}")
    return "/".join(said) or ROOT


def branch_path(branch: Branch, branches: Mapping[str, Branch]) -> list[str]:
    """Ids of the branches it came from, outermost first, itself last."""
    path = [branch.id]
    at = branch
    while at.parent:
        path.append(at.parent)
        at = branches[at.parent]
    return path[::-1]


def no_run(runs: Runs, run_id: str) -> NotFound:
    """The error for a run that is not there, with the id that was likely meant."""
    near = did_you_mean(run_id, (run.id for run in runs.query(limit=LOOKED_THROUGH)))
    return NotFound(f"There is no run {run_id} in this store. forkjoin list shows those there are.{near}")


def find_branch(branches: Mapping[str, Branch], text: str) -> Branch:
    """The branch with this id, or with this name or current step if that is only one.

    Raises NotFound if there is none, InvalidInput (with the ids) if there are several.
    """
    if text in branches:
        return branches[text]
    named = [b for b in branches.values() if branch_name(b.id) == text]
    found = [b for b in named if b.status != "superseded"] or named
    if not found:
        found = [b for b in branches.values() if b.step_id == text and b.open_fork is None and b.status != "superseded"]
    if not found:
        names = ", ".join(branch_name(i) for i in list(branches)[:20])
        near = did_you_mean(text, (*branches, *map(branch_name, branches)))
        raise NotFound(f"There is no branch {text}. Branches: {names}.{near}")
    if len(found) > 1:
        raise InvalidInput(
            f"{text} may mean several branches; name one by its id: {', '.join(b.id for b in found[:20])}."
        )
    return found[0]


def said_name(branch_id: str) -> str:
    """The last part of a branch's name: `main/f.1/x/g.1/y` is `y`, `main/load.1:17` is `17`."""
    return branch_name(branch_id).rpartition("/")[2].rpartition(":")[2]
