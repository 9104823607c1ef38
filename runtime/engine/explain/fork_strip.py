"""The fork strip of a run: one letter a leaf branch in flow order, nested forks in parentheses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import msgspec

from runtime.flow.program import Program
from runtime.model.branch import Branch
from runtime.model.status import BranchStatus as B
from runtime.model.status import ObservationState

LETTERS = {
    B.PENDING: ".",
    B.STARTING: "^",
    B.UNCONFIRMED: "u",
    B.RUNNING: "#",
    B.WAITING: "z",
    B.ARRIVED: "v",
    B.AWAITING_RETRY: "r",
    B.COMPLETED: "v",
    B.FAILED: "X",
    B.SKIPPED: "s",
    B.CANCELLED: "c",
    B.SUPERSEDED: "~",
}
LONGEST = 64


class Strip(msgspec.Struct, frozen=True):
    """Letters, and for each `#` when it was last seen and how often it is polled."""

    letters: str = ""
    seen: tuple[tuple[float, float], ...] = ()


def letter(branch: Branch) -> str:
    """The letter of a leaf branch: `?` stale, `!` lost, `w` an event open, `z` a timer."""
    if branch.status is B.RUNNING and branch.observation is not None:
        return {ObservationState.STALE: "?", ObservationState.LOST: "!"}.get(branch.observation.state, "#")
    if branch.status is B.WAITING and branch.current is not None and branch.current.event:
        return "w"
    return LETTERS[branch.status]


def strip_of(program: Program, branches: Mapping[str, Branch], shown: list[Branch]) -> Strip:
    """The strip of the `shown` branches; too many of them are counted by letter.

    One that went on after its fork stands behind the branches of that fork.
    """
    if len(shown) > LONGEST:
        tally = Counter(letter(b) for b in shown)
        return Strip(" ".join(f"{sign}{count}" for sign, count in sorted(tally.items())))
    if len(shown) == 1:
        return Strip(letter(shown[0]), _seen(program, shown))
    children: dict[str, list[Branch]] = {}
    for branch in branches.values():
        if branch.parent is not None and branch.status is not B.SUPERSEDED:
            children.setdefault(branch.parent, []).append(branch)
    ordered: list[Branch] = []
    at_work = {b.id for b in shown}

    def walk(branch: Branch, depth: int) -> str:
        below = children.get(branch.id)
        if not below:
            ordered.append(branch)
            return letter(branch)
        inner = "".join(walk(b, depth + 1) for b in below)
        if branch.id in at_work:
            ordered.append(branch)
            inner += letter(branch)
        return f"({inner})" if depth else inner

    letters = "".join(walk(b, 0) for b in branches.values() if b.parent is None and b.status is not B.SUPERSEDED)
    return Strip(letters, _seen(program, ordered))


def _seen(program: Program, ordered: list[Branch]) -> tuple[tuple[float, float], ...]:
    found = []
    for branch in ordered:
        if letter(branch) == "#":
            at = branch.observation.seen_at if branch.observation else None
            at = at or branch.last_polled_at or branch.created_at
            step = program.graph.steps.get(branch.step_id)
            found.append((at.timestamp(), step.poll.interval if step else 30.0))
    return tuple(found)
