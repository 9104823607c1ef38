"""Ids of branches, forks and idempotency keys; the same whenever a discarded wake is repeated."""

from __future__ import annotations

from collections.abc import Mapping

from runtime.model.branch import Branch

ROOT = "main"
_QUOTED = {"%": "%25", "/": "%2F", ":": "%3A", "@": "%40", "#": "%23"}


def quoted(step_id: str) -> str:
    """A step id that cannot be mistaken for the structure of a branch id."""
    return "".join(_QUOTED.get(char, char) for char in step_id)


def unquoted(text: str) -> str:
    """The step id again."""
    for char, code in reversed(_QUOTED.items()):
        text = text.replace(code, char)
    return text


def fork_id(branch_id: str, step_id: str, visit: int) -> str:
    """Id of the fork a branch opens at a visit of a step; item branches share it."""
    return f"{branch_id}/{quoted(step_id)}.{visit}"


def fork_step(fork: str) -> tuple[str, int]:
    """Step and visit at which a fork was opened."""
    step, _, visit = fork.rpartition("/")[2].rpartition(".")
    return unquoted(step), int(visit)


def within(branch: Branch, fork: str) -> bool:
    """Whether a branch belongs to a fork, directly or deeper."""
    return branch.fork == fork or branch.fork.startswith(fork + "/") or branch.fork.startswith(fork + ":")


def forks_of(branch: Branch, branches: Mapping[str, Branch]) -> list[str]:
    """The forks a branch came from, outermost first."""
    forks: list[str] = []
    at: Branch | None = branch
    while at is not None:
        if at.fork:
            forks.append(at.fork)
        at = branches.get(at.parent) if at.parent else None
    forks.reverse()
    return forks


def idempotency_key(run_id: str, birth: str, step_id: str, visit: int, index: int | None, attempt: int) -> str:
    """Run, birth, step, visit, item index and attempt, like `r1~k3f9q2m7xa/b.1:4/2`.

    See docs/semantics.md, Idempotency keys.

    The birth keeps a run id that is used again, here or in another store, from meeting the work of the run before;
    a run from a time without births keeps the shape its keys had.
    """
    born = f"~{birth}" if birth else ""
    item = "" if index is None else f":{index}"
    return f"{run_id}{born}/{quoted(step_id)}.{visit}{item}/{attempt}"
